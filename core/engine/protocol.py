"""What the app and the engine say to each other, each way: MessagePack behind its length.

Each message is four bytes of length (big-endian) and one MessagePack object; MessagePack, unlike
JSON, carries NaN and infinity, which a broken checkpoint does produce.

A request carries an `id`; every reply to it carries the same one. A request that a newer one of
the same type has overtaken before it was begun is answered by `Overtaken`, not computed.
Every request names its model, so that an engine that was just started can answer any of them.
"""

from __future__ import annotations

import msgspec

from core.errors import ModelErrorKind

Texts = tuple[str, str | None]
"""A sentence as (text, text_pair)."""


class ModelInfo(msgspec.Struct, frozen=True):
    """A loaded checkpoint."""

    name: str
    folder: str
    tokenizer_folder: str
    """Holds a `tokenizer.json` that encodes exactly as `AutoTokenizer` does for this checkpoint."""
    class_name: str
    parameters: int
    labels: list[str]
    """Label names in the order of the logits; empty where there is no classification head."""
    problem_type: str | None
    max_positions: int | None
    padding_side: str
    notes: list[str] = []
    """What was done so that this model can be run here, one sentence each."""


# --- requests -------------------------------------------------------------------------------


class LoadModel(msgspec.Struct, frozen=True, tag="load_model"):
    """Answered by `Loading`*, then `Loaded` or `Failed`; a failure keeps the model before it."""

    id: int
    model: str


class ExportTokenizer(msgspec.Struct, frozen=True, tag="export_tokenizer"):
    """Answered by `Loading`*, then `TokenizerExported` or `Failed`. Does not load weights."""

    id: int
    model: str


class Compare(msgspec.Struct, frozen=True, tag="compare"):
    """Logits of each sentence alone and in one padded batch, with and without the mask.

    Answered by `Loading`* while the model is not yet there, then `Compared`, `Failed` or
    `Overtaken`.
    """

    id: int
    model: str
    sentences: list[Texts]


class Shutdown(msgspec.Struct, frozen=True, tag="shutdown"):
    """The engine ends. Closing its standard input does the same."""

    id: int


Request = LoadModel | ExportTokenizer | Compare | Shutdown

# --- replies --------------------------------------------------------------------------------


class Loading(msgspec.Struct, frozen=True, tag="loading"):
    """What the engine is doing, in words, and how far it is (bytes, or nothing known)."""

    id: int
    stage: str
    done: int | None = None
    total: int | None = None


class Loaded(msgspec.Struct, frozen=True, tag="loaded"):
    """The model is there; it stays until another one is loaded."""

    id: int
    model: ModelInfo


class TokenizerExported(msgspec.Struct, frozen=True, tag="tokenizer_exported"):
    """The tokenizer can be read without transformers."""

    id: int
    folder: str
    """Holds `tokenizer.json` and `tokenizer_config.json`."""


EQUAL_WITHIN = 1e-5
"""Logits that differ by no more are called equal: float32 sums in another order differ so much."""


class ComparedRow(msgspec.Struct, frozen=True):
    """The logits of one sentence, each `[labels]`, float32 as Python floats.

    `alone` is `[1, its own length]` through the model; the other two are its row of the padded
    batch. The differences are `max |x - alone|`.
    """

    text: str
    text_pair: str | None
    alone: list[float]
    padded_unmasked: list[float]
    padded_masked: list[float]
    max_abs_diff_unmasked: float
    max_abs_diff_masked: float


class Compared(msgspec.Struct, frozen=True, tag="compared"):
    """The experiment's result; `input_ids` and `attention_mask` are `[sentences, width]`."""

    id: int
    model: ModelInfo
    sentences: list[Texts]
    input_ids: list[list[int]]
    attention_mask: list[list[int]]
    rows: list[ComparedRow]
    seconds: float


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """One clear sentence; what was loaded before stays loaded."""

    id: int
    kind: ModelErrorKind
    message: str


class Overtaken(msgspec.Struct, frozen=True, tag="overtaken"):
    """A newer request of the same type came first; this one was not computed."""

    id: int


Reply = Loading | Loaded | TokenizerExported | Compared | Failed | Overtaken

request_decoder: msgspec.msgpack.Decoder[Request] = msgspec.msgpack.Decoder(Request)
reply_decoder: msgspec.msgpack.Decoder[Reply] = msgspec.msgpack.Decoder(Reply)
encoder = msgspec.msgpack.Encoder()

LENGTH_BYTES = 4


def frame(message: Request | Reply) -> bytes:
    """The bytes that carry `message`."""
    body = encoder.encode(message)
    return len(body).to_bytes(LENGTH_BYTES, "big") + body
