"""What the app and the engine say to each other, each way: MessagePack behind its length.

Each message is four bytes of length (big-endian) and one MessagePack object; MessagePack, unlike
JSON, carries NaN and infinity, which a broken checkpoint does produce.

A request carries an `id`; every reply to it carries the same one. A request that a newer one of
the same type (and lane) has overtaken before it was begun is answered by `Overtaken`, not computed.
"""

from __future__ import annotations

import msgspec

from core.engine.protocol.attention import (
    AttentionMeasured,
    AttentionRead,
    AttentionRow,
    MeasureAttention,
    MeasuredAttention,
    ReadAttention,
)
from core.engine.protocol.checkpoint import (
    CompareConfigs,
    ConfigsCompared,
    Errand,
    InspectParameter,
    ModelSaved,
    ParameterInspected,
    ReadStructure,
    ReadWeights,
    SaveModel,
    StructureRead,
    WeightsRead,
)
from core.engine.protocol.experiment import (
    ALONE,
    EQUAL_WITHIN,
    LESSON,
    MASKED,
    POSITION_EMBEDDINGS,
    UNMASKED,
    Arranged,
    ArrangedRow,
    Arrangement,
    BatchDimensionOmitted,
    Compare,
    Compared,
    DType,
    OmitBatchDimension,
    Side,
)
from core.engine.protocol.models import (
    Cancel,
    Cancelled,
    ExportTokenizer,
    Failed,
    Loaded,
    Loading,
    LoadModel,
    ModelInfo,
    Overtaken,
    Postprocess,
    Question,
    Request,
    Task,
    Texts,
    TokenizerExported,
)
from core.engine.protocol.pipeline import (
    CheckedRow,
    ClassificationDone,
    Classified,
    Classify,
    Entity,
    FilledMask,
    PipelineChecked,
    PipelineRan,
    PipelineRow,
    Preprocessed,
    RowsClassified,
    RunPipeline,
    Scored,
)

__all__ = [
    "ALONE",
    "EQUAL_WITHIN",
    "LENGTH_BYTES",
    "LESSON",
    "MASKED",
    "POSITION_EMBEDDINGS",
    "UNMASKED",
    "AnyRequest",
    "Arranged",
    "ArrangedRow",
    "Arrangement",
    "AttentionMeasured",
    "AttentionRead",
    "AttentionRow",
    "BatchDimensionOmitted",
    "Cancel",
    "Cancelled",
    "CheckedRow",
    "ClassificationDone",
    "Classified",
    "Classify",
    "Compare",
    "CompareConfigs",
    "Compared",
    "ConfigsCompared",
    "DType",
    "Entity",
    "Errand",
    "ExportTokenizer",
    "Failed",
    "FilledMask",
    "InspectParameter",
    "Interim",
    "LoadModel",
    "Loaded",
    "Loading",
    "MeasureAttention",
    "MeasuredAttention",
    "Message",
    "ModelInfo",
    "ModelSaved",
    "OmitBatchDimension",
    "Overtaken",
    "ParameterInspected",
    "PipelineChecked",
    "PipelineRan",
    "PipelineRow",
    "Postprocess",
    "Preprocessed",
    "Question",
    "ReadAttention",
    "ReadStructure",
    "ReadWeights",
    "Reply",
    "Request",
    "RowsClassified",
    "RunPipeline",
    "SaveModel",
    "Scored",
    "Side",
    "StructureRead",
    "Task",
    "Texts",
    "TokenizerExported",
    "WeightsRead",
    "frame",
    "message_decoder",
    "reply_decoder",
]

AnyRequest = (
    LoadModel
    | ExportTokenizer
    | Compare
    | OmitBatchDimension
    | MeasureAttention
    | ReadAttention
    | RunPipeline
    | Classify
    | ReadStructure
    | CompareConfigs
    | ReadWeights
    | InspectParameter
    | SaveModel
)
Interim = Loading | PipelineRan | RowsClassified
"""Replies that another one to the same request follows."""
Reply = (
    Interim
    | Loaded
    | TokenizerExported
    | Compared
    | BatchDimensionOmitted
    | AttentionMeasured
    | AttentionRead
    | PipelineChecked
    | ClassificationDone
    | StructureRead
    | ConfigsCompared
    | WeightsRead
    | ParameterInspected
    | ModelSaved
    | Failed
    | Overtaken
    | Cancelled
)
Message = AnyRequest | Cancel

message_decoder: msgspec.msgpack.Decoder[Message] = msgspec.msgpack.Decoder(Message)
reply_decoder: msgspec.msgpack.Decoder[Reply] = msgspec.msgpack.Decoder(Reply)
_encoder = msgspec.msgpack.Encoder()

LENGTH_BYTES = 4


def frame(message: Request | Cancel | Reply) -> bytes:
    """The bytes that carry `message`."""
    body = _encoder.encode(message)
    return len(body).to_bytes(LENGTH_BYTES, "big") + body
