"""Where a terminal is told to be remote."""

from __future__ import annotations

import subprocess

import pytest

from core import remote


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"SSH_CONNECTION": "10.0.0.1 5 10.0.0.2 22"}, True),
        ({"SSH_TTY": "/dev/pts/3"}, True),
        ({}, False),
    ],
)
def test_a_session_says_itself_that_it_is_remote(
    environment: dict[str, str], expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "_served", lambda: False)
    assert remote.is_remote(environment) is expected


@pytest.mark.parametrize(
    ("answer", "code", "expected"),
    [
        ("SSH_CONNECTION=10.0.0.1 5 10.0.0.2 22\n", 0, True),
        ("-SSH_CONNECTION\n", 0, False),
        ("", 1, True),  # tmux does not know it: what the pane was born with counts
    ],
)
def test_inside_tmux_the_client_that_is_attached_now_counts(
    answer: str, code: int, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*_: object, **__: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess([], code, answer, "")

    monkeypatch.setattr(subprocess, "run", run)
    environment = {"TMUX": "/tmp/tmux-0/default,1,0", "SSH_CONNECTION": "old"}
    assert remote.is_remote(environment) is expected


def test_a_shell_under_a_mosh_server_is_remote(monkeypatch: pytest.MonkeyPatch) -> None:
    class Parent:
        def name(self) -> str:
            return "mosh-server"

    monkeypatch.setattr(remote.psutil.Process, "parents", lambda self: [Parent()])
    assert remote.is_remote({})
