"""The Python that lists the same entries of a vocabulary as the screen, in the same order."""

from __future__ import annotations

import re

from core.text.code import lines, literal, load
from core.text.spelling import Spelling
from core.text.vocabulary import LONGEST, UNUSED, SearchMode, id_range

_FOUND = "found = [(token_id, token) for token_id, token in entries if "


def listing_code(
    checkpoint: str,
    spelling: Spelling,
    view: str,
    query: str,
    mode: SearchMode,
    ignore_case: bool,
    rows: range,
) -> str:
    """`entries` are all (id, token), `found` those that are listed; `rows` of them are printed.

    `view` is "search", "special", "unused" or "longest". Raises `TermformerError` for a query in
    "id" mode that is no number and no range.
    """
    reads = spelling.byte_level or bool(spelling.space)
    if view == "search":
        uses, found = _search(query, mode, ignore_case, reads)
    else:
        uses, found = _view(view, reads)
    imports = lines("import re", "") if any("re.compile" in line for line in found) else ""
    return (
        imports
        + load(checkpoint)
        + lines(
            "vocabulary = tokenizer.get_vocab()",
            "entries = sorted((token_id, token) for token, token_id in vocabulary.items())",
            *(["", *_readable(spelling)] if uses else []),
            "",
            *found,
            'print(len(found), "of", len(entries), "entries")',
            f"for token_id, token in found[{rows.start}:{rows.stop}]:",
            "    print(token_id, repr(token))",
        )
    )


def _view(view: str, reads: bool) -> tuple[bool, list[str]]:
    """Whether the lines that fill `found` call `read`, and these lines."""
    if view == "special":
        return False, [
            "added = tokenizer.added_tokens_decoder",
            "found = [(token_id, added[token_id].content) for token_id in sorted(added)]",
        ]
    if view == "unused":
        return False, [
            "unused = re.compile(",
            *(f'    r"{part}"' for part in _in_rows(UNUSED.pattern)),
            ")",
            f"{_FOUND}unused.fullmatch(token)]",
        ]
    length = "len(read(entry[1]))" if reads else "len(entry[1])"
    return reads, [f"found = sorted(entries, key=lambda entry: (-{length}, entry[0]))[:{LONGEST}]"]


def _search(query: str, mode: SearchMode, ignore_case: bool, reads: bool) -> tuple[bool, list[str]]:
    """As `_view`, for what a search finds."""
    if mode == "id" and query:
        first, last = id_range(query)
        return False, [f"{_FOUND}{first} <= token_id <= {last}]"]
    if not query:
        return False, ["found = entries"]
    if mode == "regex":
        flags = ", re.IGNORECASE" if ignore_case else ""
        hits = "pattern.search(token)" + (" or pattern.search(read(token))" if reads else "")
        return reads, [
            f"pattern = re.compile({literal(query)}{flags})",
            f"{_FOUND}{hits}]",
        ]
    return reads, _text(query, mode, ignore_case, reads)


def _text(query: str, mode: SearchMode, ignore_case: bool, reads: bool) -> list[str]:
    lower = ".lower()" if ignore_case else ""
    begun = "spelled.startswith(query)"
    whole, held = "spelled == query", "query in spelled"
    if reads:
        begun += ' or text.startswith((query, " " + query))'
        whole, held = "query in (spelled, text.strip())", "query in spelled or query in text"
    return [
        f"query = {literal(query.lower() if ignore_case else query)}",
        "",
        "",
        "def rank(token):",
        f"    spelled = token{lower}",
        *([f"    text = read(token){lower}"] if reads else []),
        f"    if {begun}:",
        f"        return 0 if {whole} else 1",
        "    return None" if mode == "prefix" else f"    return 2 if {held} else None",
        "",
        "",
        "ranked = [(rank(token), token_id, token) for token_id, token in entries]",
        "found = [entry[1:] for entry in sorted(e for e in ranked if e[0] is not None)]",
    ]


def _readable(spelling: Spelling) -> list[str]:
    """`read`: a token as the text it stands for, itself where that is no whole text."""
    if not spelling.byte_level:
        return ["", "def read(token):", '    return token.replace("▁", " ")', ""]
    return [
        "from transformers.convert_slow_tokenizer import bytes_to_unicode",
        "",
        "byte_of = {letter: byte for byte, letter in bytes_to_unicode().items()}",
        "",
        "",
        "def read(token):",
        "    try:",
        '        return bytes(byte_of[letter] for letter in token).decode("utf-8")',
        "    except (KeyError, UnicodeDecodeError):",
        "        return token",
        "",
    ]


def _in_rows(pattern: str) -> list[str]:
    """The alternatives of `pattern` in stretches of lines that can be read."""
    parts: list[str] = [""]
    for alternative in re.split(r"(?<!\\)\|", pattern):
        joined = f"{parts[-1]}|{alternative}" if parts[-1] else alternative
        if len(joined) > 70:
            parts[-1] += "|"
            joined = alternative
            parts.append("")
        parts[-1] = joined
    return parts
