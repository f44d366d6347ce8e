"""What the reader's process tells the app: each message msgpack, its length before it."""

from __future__ import annotations

import msgspec

LENGTH_BYTES = 4
ONCE = "--once"
"""The reader's option for who looks only once."""


class Points(msgspec.Struct, frozen=True, tag=True):
    """Points of one curve, in the order they were written; the columns are doubles, 8 bytes each.

    `times` are Unix seconds, NaN where the file has none.
    """

    run: str
    tag: str
    steps: bytes
    times: bytes
    values: bytes


class Rewound(msgspec.Struct, frozen=True, tag=True):
    """The program was resumed from an earlier step: points of the curve from `step` on are void."""

    run: str
    tag: str
    step: float


class Planned(msgspec.Struct, frozen=True, tag=True):
    """How many steps the run is to take."""

    run: str
    max_steps: int


class Trouble(msgspec.Struct, frozen=True, tag=True):
    """Something that cannot be read at present, in sentences that say what is shown all the same.

    `about` names it: what is said of it later takes the place of this, and an empty message takes
    it back.
    """

    about: str
    message: str


class CaughtUp(msgspec.Struct, frozen=True, tag=True):
    """All that is in the files was told; `files` is how many there are."""

    files: int


Message = Points | Rewound | Planned | Trouble | CaughtUp
_decoder: msgspec.msgpack.Decoder[Message] = msgspec.msgpack.Decoder(Message)


def frame(message: Message) -> bytes:
    """`message` as it is sent; what is no text in a name (bytes of another code) as \\udcff."""
    try:
        body = msgspec.msgpack.encode(message)
    except UnicodeEncodeError:
        fields = {
            name: value.encode("utf-8", "backslashreplace").decode()
            for name, value in msgspec.structs.asdict(message).items()
            if isinstance(value, str)
        }
        body = msgspec.msgpack.encode(msgspec.structs.replace(message, **fields))
    return len(body).to_bytes(LENGTH_BYTES, "big") + body


class Frames:
    """Puts messages together again from the pieces in which they arrive."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def take(self, piece: bytes) -> list[Message]:
        """The messages that are whole now; raises `msgspec.MsgspecError` for anything else."""
        self._rest += piece
        found: list[Message] = []
        at = 0
        while len(self._rest) - at >= LENGTH_BYTES:
            behind = at + LENGTH_BYTES
            end = behind + int.from_bytes(self._rest[at:behind], "big")
            if len(self._rest) < end:
                break
            found.append(_decoder.decode(bytes(self._rest[behind:end])))
            at = end
        del self._rest[:at]
        return found
