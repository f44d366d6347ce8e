"""What people write about a run: a note and tags, in its folder beside what the worker writes."""

from __future__ import annotations

from pathlib import Path

import msgspec

from core.durable import write_atomic
from core.errors import RunError

NOTES = "notes.json"
LONGEST_NOTE = 1_000
LONGEST_TAG = 32
MOST_TAGS = 16


class RunNotes(msgspec.Struct, frozen=True, kw_only=True):
    """A line of words, and tags in the order in which they were given."""

    note: str = ""
    tags: list[str] = []

    def with_tags(self, added: str) -> RunNotes:
        """With the tags of `added`, words between blanks or commas; `-word` takes one away.

        Raises `RunError` for what is no tag.
        """
        tags = list(self.tags)
        for word in added.replace(",", " ").split():
            removes, tag = word.startswith("-"), word.removeprefix("-").removeprefix("#")
            if not 0 < len(tag) <= LONGEST_TAG or not tag.isprintable():
                raise RunError(f"{word!r} is no tag: a word of at most {LONGEST_TAG} characters.")
            if removes and tag in tags:
                tags.remove(tag)
            elif not removes and tag not in tags:
                tags.append(tag)
        if len(tags) > MOST_TAGS:
            raise RunError(f"A run has at most {MOST_TAGS} tags.")
        return RunNotes(note=self.note, tags=tags)

    def with_note(self, note: str) -> RunNotes:
        """With another note; raises `RunError` where it is too long."""
        note = " ".join(note.split())
        if len(note) > LONGEST_NOTE:
            raise RunError(f"A note has at most {LONGEST_NOTE:,} characters.")
        return RunNotes(note=note, tags=self.tags)


_decoder = msgspec.json.Decoder(RunNotes)


def read_notes(folder: Path) -> RunNotes:
    """The notes on a run; empty ones where there are none or the file holds none."""
    try:
        return _decoder.decode((folder / NOTES).read_bytes())
    except (OSError, msgspec.MsgspecError):
        return RunNotes()


def write_notes(folder: Path, notes: RunNotes) -> None:
    """Keeps the notes in the run's folder; raises `RunError` where it cannot be written."""
    try:
        if notes == RunNotes():
            (folder / NOTES).unlink(missing_ok=True)
        else:
            write_atomic(folder / NOTES, msgspec.json.encode(notes) + b"\n")
    except OSError as error:
        reason = error.strerror or str(error)
        raise RunError(f"The notes on {folder.name} could not be written: {reason}.") from error
