"""Run folders: what a run was asked to do, what it logs, how it is steered, how it fares."""
