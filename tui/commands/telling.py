"""A run's events in words."""

from __future__ import annotations

from math import isfinite

from core.runs import events
from core.sizes import counted, duration, loss_text, percent, trained_of

_LABELS_TOLD = 8


def tell(event: events.Event, max_steps: int | None) -> list[str]:
    """What `event` says, in lines; none for one that says nothing new."""
    match event:
        case events.RunStarted():
            return _start(event)
        case events.Progress(phase=phase, done=done, total=total):
            return [f"{phase} …" if not total else f"{phase} … {100 * (done or 0) // total} %"]
        case events.Warned(message=message):
            return [f"Warning: {message}"]
        case events.RunFinished(global_step=step, seconds=seconds):
            return [f"Finished: {counted(step, 'step')} in {duration(seconds)}."]
        case events.RunStopped(global_step=step, reason=reason) if step and not event.is_saved:
            return [reason]
        case events.RunStopped(global_step=step, reason=reason, path=path):
            kept = f"The checkpoint is {path}." if path else "There was nothing to save yet."
            return [f"{reason.rstrip('.')}, after {counted(step, 'step')}. {kept}"]
        case events.DataReported():
            return [_split(split, event.labels) for split in event.splits]
        case events.RunFailed() | events.Heartbeat():
            return []
        case _:
            return [f"{at(event.global_step, max_steps)} · {_happened(event)}"]


_AtStep = (
    events.Step
    | events.Evaluation
    | events.CheckpointSaved
    | events.LearningRateSet
    | events.Paused
    | events.Resumed
    | events.RunResumed
    | events.Probed
    | events.Streamed
)


def _happened(event: _AtStep) -> str:
    """What happened at a step."""
    match event:
        case events.Step():
            # Only worth a word where it spoils the step.
            is_sound = isfinite(float(event.grad_norm))
            norm = "" if is_sound else f"gradient norm {loss_text(event.grad_norm)} · "
            return (
                f"loss {loss_text(event.loss)} · {norm}learning rate {event.learning_rate:.2e} · "
                f"{event.samples_per_second:.0f} samples/s"
            )
        case events.Evaluation():
            return (
                f"{event.split} loss {loss_text(event.loss)} · "
                f"accuracy {percent(event.accuracy)} "
                f"(the commonest label alone: {percent(event.majority_baseline)}) · "
                f"macro F1 {event.f1:.3f}"
            )
        case events.CheckpointSaved(path=path, best=best):
            # One that was saved before its step was evaluated is then saved once more.
            why = ": no evaluation had a lower loss so far" if best else ""
            return f"checkpoint saved in {path}{why}"
        case events.LearningRateSet(learning_rate=rate, in_warmup=rises):
            return f"learning rate set to {rate:.2e}" + (", the warm-up's peak" if rises else "")
        case events.Paused():
            return "paused"
        case events.Resumed():
            return "goes on"
        case events.RunResumed(checkpoint=checkpoint):
            return f"resumed from {checkpoint or 'the start'}"
        case events.Streamed(rows=rows, bad_rows=bad):
            return f"{counted(rows, 'row')} read so far" + (f", {bad:,} left out" if bad else "")
        case events.Probed(results=results):
            return f"probes: {', '.join(map(_probe, results))}"


def _probe(result: events.ProbeResult) -> str:
    highest = max(map(float, result.probabilities), default=0.0)
    return f"“{result.text}” {result.predicted} {percent(highest)}"


def _split(split: events.SplitReport, labels: list[str]) -> str:
    """What one split is like; of many labels the first few."""
    shares = [
        f"{label} {percent(rows / max(1, split.rows), 0)}"
        for label, rows in zip(labels, split.label_rows, strict=False)
    ]
    more = ", …" if len(shares) > _LABELS_TOLD else ""
    return (
        f"{split.split}: {counted(split.rows, 'row')} · {', '.join(shares[:_LABELS_TOLD])}{more} · "
        f"tokens {split.shortest} to {split.longest}, half of the rows up to {split.median}, "
        f"95 % up to {split.percentile_95} · {split.truncated:,} cut"
    )


def _start(event: events.RunStarted) -> list[str]:
    return [
        f"{event.train_rows:,} rows to train on, {event.validation_rows:,} to validate; "
        f"labels {', '.join(event.labels)}",
        f"{trained_of(event.trainable, event.parameters)}; "
        f"{counted(event.max_steps, 'step')} {_by_whom(event)}",
        *event.notes,
    ]


def _by_whom(event: events.RunStarted) -> str:
    threads = counted(event.threads, "thread")
    if event.world_size == 1:
        return f"on {event.device}, {threads}"
    # The device's number is the first process's.
    kind = event.device.partition(":")[0]
    return f"by {counted(event.world_size, 'process')} together on {kind}, {threads} each"


def at(step: int, max_steps: int | None) -> str:
    """Where in the run something happened."""
    return f"step {step:,}" if max_steps is None else f"step {step:,} of {max_steps:,}"
