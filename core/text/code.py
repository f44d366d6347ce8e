"""The Python that gives what is shown, in the style of the Hugging Face course.

`checkpoint` is whatever `AutoTokenizer.from_pretrained` takes: a name on the Hub or a folder.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.text.detail import TokenDetail
from core.text.options import EncodeOptions
from core.text.sentences import Sentence
from core.text.stages import Stages
from core.text.tokenizer import TextTokenizer


def steps_code(checkpoint: str, text: str) -> str:
    """tokenize, convert_tokens_to_ids and decode one text: `tokens`, `ids`, `decoded_string`."""
    return load(checkpoint) + lines(
        f"sequence = {literal(text)}",
        "",
        "tokens = tokenizer.tokenize(sequence)",
        "print(tokens)",
        "",
        "ids = tokenizer.convert_tokens_to_ids(tokens)",
        "print(ids)",
        "",
        "decoded_string = tokenizer.decode(ids)",
        "print(decoded_string)",
    )


def batch_code(
    checkpoint: str,
    tokenizer: TextTokenizer,
    sentences: Sequence[Sentence],
    options: EncodeOptions,
) -> str:
    """One tokenizer call on all sentences; `inputs` has every field that is shown."""
    arguments = [f"{name}={value!r}" for name, value in _arguments(tokenizer, options)]
    return load(checkpoint) + lines(
        "raw_inputs = [",
        *(f"    {_input(sentence)}," for sentence in sentences),
        "]",
        "inputs = tokenizer(",
        "    raw_inputs,",
        *(f"    {argument}," for argument in arguments),
        ")",
        "for name, rows in inputs.items():",
        "    print(name, rows)",
    )


def stages_code(checkpoint: str, stages: Stages, number: int = 0) -> str:
    """The parts of the tokenizer one by one on text `number` (0 or 1) of the sentence.

    `normalized`, `pieces`, `tokens` (one list a piece) and `ids` are those of the stages; at the
    end `inputs` is what the post-processor makes of the whole sentence.
    """
    text = stages.texts[number]
    added = any(section.added_token for section in text.sections)
    watched = added or not text.normalized
    return load(checkpoint) + lines(
        f"text = {literal(text.text)}",
        "backend = tokenizer.backend_tokenizer",
        "",
        *(_watched_parts() if watched else _parts_in_turn(stages)),
        "",
        f"inputs = tokenizer({_arguments_of(stages.encoding.sentence)})",
        "print(inputs.tokens())",
    )


def side_by_side_code(checkpoints: Sequence[str], sentence: Sentence) -> str:
    """The same sentence by several tokenizers; `all_tokens` has the tokens of each."""
    return lines(
        "from transformers import AutoTokenizer",
        "",
        "all_tokens = []",
        "for checkpoint in [",
        *(f"    {literal(checkpoint)}," for checkpoint in checkpoints),
        "]:",
        "    tokenizer = AutoTokenizer.from_pretrained(checkpoint)",
        f"    inputs = tokenizer({_arguments_of(sentence)})",
        "    all_tokens.append(inputs.tokens())",
        '    print(checkpoint, len(inputs["input_ids"]), "tokens")',
        "    print(inputs.tokens())",
    )


def token_code(checkpoint: str, sentence: Sentence, detail: TokenDetail) -> str:
    """What `detail` says of a token of `sentence`, tokenized whole and with special tokens.

    `token`, `token_id`, its characters `start` to `end`, its `word`, its `neighbours` in the
    vocabulary, and the ids of its other `forms` there.
    """
    texts = ", ".join(map(literal, _texts_of(sentence)))
    found = [
        f"texts = [{texts}]",
        "inputs = tokenizer(*texts, return_offsets_mapping=True)",
        f"position = {detail.position}",
        "",
        "token = inputs.tokens()[position]",
        'token_id = inputs["input_ids"][position]',
        'start, end = inputs["offset_mapping"][position]',
        "word = inputs.word_ids()[position]",
        "print(token, token_id, (start, end), word)",
    ]
    if detail.start is not None:
        found += [
            f"characters = texts[{detail.sequence or 0}][start:end]",
            'print(repr(characters), characters.encode().hex(" "))',
        ]
    ids = [each.input_id for each in detail.neighbours]
    found += ["", f"neighbours = tokenizer.convert_ids_to_tokens({ids})", "print(neighbours)"]
    if detail.variants:
        forms = ", ".join(literal(each.token) for each in detail.variants)
        found += [f"forms = [{forms}]", "print(tokenizer.convert_tokens_to_ids(forms))"]
    return load(checkpoint) + lines(*found)


def load(checkpoint: str) -> str:
    """The lines that make `tokenizer`."""
    return lines(
        "from transformers import AutoTokenizer",
        "",
        f"checkpoint = {literal(checkpoint)}",
        "tokenizer = AutoTokenizer.from_pretrained(checkpoint)",
        "",
    )


def _parts_in_turn(stages: Stages) -> list[str]:
    parts = stages.components
    normalized = "backend.normalizer.normalize_str(text)" if parts.normalizer else "text"
    pieces = (
        "[piece for piece, _ in backend.pre_tokenizer.pre_tokenize_str(normalized)]"
        if parts.pre_tokenizer
        else "[normalized]"
    )
    return [
        f"normalized = {normalized}",
        "print(normalized)",
        "",
        f"pieces = {pieces}",
        "print(pieces)",
        "",
        "made = [backend.model.tokenize(piece) for piece in pieces]",
        "tokens = [[token.value for token in each] for each in made]",
        "ids = [token.id for each in made for token in each]",
        "print(tokens)",
        "print(ids)",
    ]


def _watched_parts() -> list[str]:
    return [
        "# The text holds added tokens, which are taken out before the other parts see it:",
        "# watch the pre-tokenizer from within.",
        "from tokenizers.pre_tokenizers import PreTokenizer, Sequence",
        "",
        "",
        "class Watch:",
        "    def pre_tokenize(self, pretok):",
        "        self.pieces = [piece for piece, _, _ in pretok.get_splits()]",
        "",
        "",
        "before, after, own = Watch(), Watch(), backend.pre_tokenizer",
        "parts = [PreTokenizer.custom(before), own, PreTokenizer.custom(after)]",
        "backend.pre_tokenizer = Sequence([part for part in parts if part is not None])",
        "encoding = tokenizer(text, add_special_tokens=False)",
        "backend.pre_tokenizer = own",
        "",
        'normalized = "".join(before.pieces)',
        "print(normalized)",
        "",
        "pieces = after.pieces",
        "print(pieces)",
        "",
        "tokens = [[] for _ in pieces]",
        "for token, word in zip(encoding.tokens(), encoding.word_ids()):",
        "    tokens[word].append(token)",
        'ids = encoding["input_ids"]',
        "print(tokens)",
        "print(ids)",
    ]


def _arguments(tokenizer: TextTokenizer, options: EncodeOptions) -> list[tuple[str, object]]:
    """What a tokenizer call must be told; what it does by itself is left out."""
    told: list[tuple[str, object]] = []
    pads = options.padding != "none" and tokenizer.padding is not None
    if pads:
        told.append(("padding", True if options.padding == "longest" else options.padding))
        if options.padding_side is not None:
            told.append(("padding_side", options.padding_side))
    cuts = options.strategy is not None
    if cuts:
        told.append(("truncation", options.truncation))
        if options.stride:
            told.append(("stride", options.stride))
    if options.max_length is not None and (cuts or options.padding == "max_length"):
        told.append(("max_length", options.max_length))
    if options.return_overflowing_tokens:
        told.append(("return_overflowing_tokens", True))
    if not options.add_special_tokens:
        told.append(("add_special_tokens", False))
    shown = ("token_type_ids", "special_tokens_mask", "offsets_mapping")
    return [*told, *((f"return_{name}", True) for name in shown)]


def _input(sentence: Sentence) -> str:
    if not sentence.text_pair:
        return literal(sentence.text)
    return f"({literal(sentence.text)}, {literal(sentence.text_pair)})"


def _arguments_of(sentence: Sentence) -> str:
    return ", ".join(map(literal, _texts_of(sentence)))


def _texts_of(sentence: Sentence) -> list[str]:
    return [sentence.text] + ([sentence.text_pair] if sentence.text_pair else [])


def literal(text: str) -> str:
    """A string literal; what cannot be printed, or would steer a terminal, is escaped."""
    if text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return repr(text)


def lines(*written: str) -> str:
    """One line of a snippet each."""
    return "\n".join(written) + "\n"
