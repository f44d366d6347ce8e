"""The Python of every view of Tokens, run in a fresh interpreter, prints what the screen shows."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pytest
from textual.pilot import Pilot

from core.text.spaces import shown
from core.text.visible import fit
from tests.core.text.test_code import run_all
from tests.tui.conftest import OpenApp, screen_text, until
from tests.tui.test_tokens import app_of
from tests.tui.test_tokens_detail import fields_of
from tests.tui.test_tokens_stages import below
from tests.tui.tokenizers import tokenizer
from tui.panes.tokens.grid import LAYERS
from tui.screens.vocabulary import VocabularyScreen

TEXT = (
    "I loved the ﬁlm 🤗, unbelievably!\n"
    'He said: "the\\film" \x1b[31m\u202e [SEP] <mask>\tand  its pair\n'
    "[red]漢字 שלום e\u0301[/]"
)
ONE = "Café  the 🤗 film\u200b Ends."
PAIR = "Café the 🤗\tﬁlm <mask> ends"
LARGE = (300, 80)
BATCHES: list[tuple[str, dict[str, object]]] = [
    ("wordpiece-uncased", {}),
    ("wordpiece-cased", {"padding": "max_length", "max_length": 42, "padding_side": "left"}),
    ("byte-level", {"truncation": "longest_first", "max_length": 12, "windows": True, "stride": 2}),
    ("unigram", {"special_tokens": False}),
    ("t5", {"padding": "none"}),
    ("llama", {"truncation": "longest_first", "max_length": 9, "special_tokens": False}),
]


@dataclass(frozen=True)
class Shown:
    """A view's Python, and what fails where it printed something other than the screen shows."""

    python: str
    check: Callable[[str], None]


def code_of(pilot: Pilot[None]) -> str:
    """The Python of what the pane shows."""
    code = app_of(pilot).bench.pane_in_view.code()
    assert code is not None, screen_text(pilot)
    return code.python


@pytest.mark.filterwarnings("ignore")
async def test_the_python_of_every_view_prints_what_is_shown(open_app: OpenApp) -> None:
    found: list[Shown] = []
    for number, (kind, options) in enumerate(BATCHES):
        model, layer = tokenizer(kind, padding=kind != "t5"), LAYERS[number % 3]
        state = {"tokens": {**options, "layer": layer, "view": "grid"}}
        async with open_app(LARGE, text=TEXT, model=model, options=state) as pilot:
            found += await batch(pilot, layer)
    for kind in ("wordpiece-uncased", "byte-level", "llama"):
        async with open_app(LARGE, text=ONE, model=tokenizer(kind), options={}) as pilot:
            found += [await stages(pilot), await steps(pilot), await one_token(pilot)]
            found += await vocabulary(pilot)
    others = "\n".join(map(tokenizer, ("wordpiece-cased", "t5")))
    options = {"view": "beside", "beside": others}
    model = tokenizer("roberta")
    async with open_app(LARGE, text=PAIR, model=model, options={"tokens": options}) as pilot:
        found.append(await side_by_side(pilot))
    printed = run_all([(each.python, {}) for each in found])
    for each, (_, said) in zip(found, printed, strict=True):
        try:
            each.check(said)
        except AssertionError as error:
            raise AssertionError(f"{each.python}\nprinted\n{said}") from error


# --- the batch ----------------------------------------------------------------------------


async def batch(pilot: Pilot[None], layer: str) -> list[Shown]:
    """The grid of one tensor, and the table of the first sentence."""
    found = [Shown(code_of(pilot), partial(prints_grid, layer, grid(pilot, layer)))]
    await pilot.press("escape", *"kkkk", "home", "T")
    found.append(Shown(code_of(pilot), partial(prints_table, table(pilot))))
    return found


def grid(pilot: Pilot[None], layer: str) -> list[list[int]]:
    """The numbers under the grid's heading, without a row's own number and its share."""
    lines = screen_text(pilot).splitlines()
    first = next(n for n, line in enumerate(lines) if f"{layer}  shape" in line) + 1
    numbers = []
    for line in lines[first:]:
        words = re.sub(r" [\d.,]+ %!?", " ", line).replace("›", " ").split()
        if not words or not words[0].isdigit():
            break
        numbers.append([int(word) for word in words[1:]])
    assert numbers
    return numbers


def prints_grid(layer: str, on_screen: list[list[int]], said: str) -> None:
    fields = dict(map(_named, said.splitlines()))
    assert ast.literal_eval(fields[layer]) == on_screen


def table(pilot: Pilot[None]) -> list[tuple[list[int], str]]:
    """Of each row: id, type, mask, special; and the span of characters."""
    found = []
    for line in screen_text(pilot).splitlines():
        row = re.match(r"[›\s]\s*(\d+)  .{15}\s*(\d+)\s+(\d)\s+(\d)  (yes|·|padding)\s*(.*)", line)
        if row:
            _, *numbers, kind, source = row.groups()
            special = int(kind != "·")
            span = re.match(r"(?:pair )?(\d+–\d+) ", source)
            found.append(([*map(int, numbers), special], span.group(1) if span else "0–0"))
    assert found
    return found


def prints_table(on_screen: list[tuple[list[int], str]], said: str) -> None:
    names = ("input_ids", "token_type_ids", "attention_mask", "special_tokens_mask")
    tensors = (*names, "offset_mapping")
    printed = map(_named, said.splitlines())
    fields = {name: ast.literal_eval(rows) for name, rows in printed if name in tensors}
    numbers = zip(*(fields[name][0] for name in names), strict=True)
    spans = (f"{start}–{end}" for start, end in fields["offset_mapping"][0])
    assert [(list(each), span) for each, span in zip(numbers, spans, strict=True)] == on_screen


def _named(line: str) -> tuple[str, str]:
    name, _, rows = line.partition(" ")
    return name, rows


# --- one sentence -------------------------------------------------------------------------


def cells(row: str) -> list[str]:
    """What stands between the bars and blanks of a row."""
    return row.replace("│", " ").split()


async def stages(pilot: Pilot[None]) -> Shown:
    await pilot.press("escape", "S")
    await until(lambda: "post-processor" in screen_text(pilot), pilot)
    names = ("normalizer", "pre-token", "model", "post-proc")
    return Shown(code_of(pilot), partial(prints_stages, [cells(below(pilot, n)) for n in names]))


def prints_stages(on_screen: list[list[str]], said: str) -> None:
    normalized, *others = said.splitlines()[:5]
    pieces, tokens, ids, in_the_end = map(ast.literal_eval, others)
    rows = ["".join(row).replace("∅", "") for row in on_screen[:2]]
    assert rows == [shown(normalized), "".join(map(shown, pieces))]
    assert on_screen[2:] == [
        [shown(token) for each in tokens for token in each],
        list(map(shown, in_the_end)),
    ]
    assert len(ids) == len(on_screen[2])


async def steps(pilot: Pilot[None]) -> Shown:
    await pilot.press("R")
    await until(lambda: "1 tokenize" in screen_text(pilot), pilot)
    lines = screen_text(pilot).splitlines()
    rows = [
        next(line for line in lines if line.startswith(f"   {name} ")).strip().partition(" ")[2]
        for name in ("tokens", "ids", "decoded")
    ]
    return Shown(code_of(pilot), partial(prints_steps, rows))


def prints_steps(on_screen: list[str], said: str) -> None:
    tokens, ids, decoded = said.splitlines()[:3]
    assert on_screen[0].split() == list(map(shown, ast.literal_eval(tokens)))
    assert [int(each.strip("≠")) for each in on_screen[1].split()] == ast.literal_eval(ids)
    row = on_screen[2].strip().replace("⟦", "").replace("⟧", "")
    assert shown(row) == shown(decoded.strip())


async def one_token(pilot: Pilot[None]) -> Shown:
    await pilot.resize_terminal(80, 24)
    await pilot.press("C", "home", *["right"] * 3, "d")
    await until(lambda: "neighbours" in screen_text(pilot), pilot)
    fields = fields_of(screen_text(pilot))
    found = Shown(code_of(pilot), partial(prints_token, fields))
    await pilot.press("d")
    await pilot.resize_terminal(*LARGE)
    return found


def prints_token(fields: dict[str, str], said: str) -> None:
    parsed = re.search(
        r"^(.*) (\d+) \((\d+), (\d+)\) (\w+)\n'(.*)' ([0-9a-f ]+)\n(\[.*\])$", said, re.MULTILINE
    )
    assert parsed is not None, said
    token, token_id, start, end, word, characters, utf8, neighbours = parsed.groups()
    assert fields["token"].split()[0] == shown(token)
    assert fields["id"] == f"{token_id}  position 3, word {word}"
    assert fields["characters"] == f'"{characters}"  {start}–{end}'
    assert fields["UTF-8"] == utf8
    near = list(map(shown, ast.literal_eval(neighbours)))
    # The others stand in the row below.
    assert sum(each in fields["neighbours"] for each in near) >= len(near) // 2


async def side_by_side(pilot: Pilot[None]) -> Shown:
    names = ("roberta", "wordpiece-cased", "t5")
    await pilot.press("escape")
    await until(lambda: all(f" {name}  " in screen_text(pilot) for name in names), pilot)
    on_screen = {name: cells(below(pilot, name)) for name in names}
    assert "cut differently in" in screen_text(pilot)
    return Shown(code_of(pilot), partial(prints_sides, on_screen))


def prints_sides(on_screen: dict[str, list[str]], said: str) -> None:
    lines = said.splitlines()[: 2 * len(on_screen)]
    for (name, tokens), heading, row in zip(
        on_screen.items(), lines[::2], lines[1::2], strict=True
    ):
        assert heading.endswith(f"/{name} {len(tokens)} tokens")
        assert list(map(shown, ast.literal_eval(row))) == tokens


# --- the vocabulary -----------------------------------------------------------------------


async def vocabulary(pilot: Pilot[None]) -> list[Shown]:
    """Every way of searching, every list, and the entry of the token under the cursor."""
    await pilot.press("g")
    screen = pilot.app.screen
    assert isinstance(screen, VocabularyScreen)
    await until(lambda: "All entries, by id." in screen_text(pilot), pilot)
    found = [listed(pilot, screen)]
    searches = [("th",), ("tab", "th"), ("tab", "5-40"), ("tab", "^.?[Tt]he?$"), ("tab", "TH")]
    for *mode, query in searches:
        await pilot.press("slash", *mode, "ctrl+u", *query, "escape")
        if query == "TH":
            await pilot.press("a")
        await until(lambda: not screen.searching, pilot)
        found.append(listed(pilot, screen))
    for view in "sul":
        await pilot.press(view)
        await until(lambda: not screen.searching, pilot)
        found.append(listed(pilot, screen))
    await pilot.press("a", "q")
    return found


def listed(pilot: Pilot[None], screen: VocabularyScreen) -> Shown:
    lines = screen_text(pilot).splitlines()
    head = next(n for n, line in enumerate(lines) if " token " in line)
    entries = [line[2:].replace("›", " ").split()[:2] for line in lines[head:] if line.strip()]
    count = re.search(r"([\d,]+)(?: of ([\d,]+))? entries\b", lines[head - 2])
    code = screen.code()
    assert code is not None, screen_text(pilot)
    return Shown(code.python, partial(prints_entries, entries[1:-1], count))


def prints_entries(on_screen: list[list[str]], count: re.Match[str] | None, said: str) -> None:
    heading, *lines = said.splitlines()
    entries = [line.split(" ", 1) for line in lines]
    assert [
        [number, fit(shown(ast.literal_eval(token)), 24)] for number, token in entries
    ] == on_screen
    if count is not None and not count.group(2):
        assert heading.startswith(count.group(1).replace(",", ""))
    elif count is not None:
        assert heading == f"{count.group(0).replace(',', '')}"
