"""CSV and TSV: what cannot be read is one bad row with its line, and every other row is there."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.data.sources import DataOptions, load_data
from core.datafiles.formats import read_text_rows
from core.datafiles.rows import Row
from core.errors import DataError


def _lines(count: int = 100) -> list[str]:
    return [f"number {n},{'ab'[n % 2]}" for n in range(count)]


def _write(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join(["text,label", *lines]) + "\n")
    return path


def _bad(rows: list[Row]) -> list[tuple[int, str]]:
    return [(row.line, row.problem) for row in rows if row.problem]


@pytest.mark.parametrize(("name", "empty"), [("a.csv", ","), ("a.tsv", "\t")])
def test_a_row_of_empty_cells_is_a_row_and_an_empty_line_is_none(
    tmp_path: Path, name: str, empty: str
) -> None:
    lines = [line.replace(",", empty) for line in ["text,label", *_lines(20)]]
    lines[5:5] = [empty, "", empty]
    path = tmp_path / name
    path.write_text("\n".join([*lines, "", ""]))
    with pytest.raises(DataError, match=f"^{name} has 2 rows .*line 6 has no text.*line 8 has no"):
        load_data(str(path))
    data = load_data(str(path), DataOptions(skip_bad_rows=True))
    assert (sum(map(len, data.splits().values())), data.bad_rows) == (20, 2)


def test_a_quotation_mark_that_is_never_closed_costs_one_row(tmp_path: Path) -> None:
    lines = _lines()
    lines[50] = '"oh no,a'
    path = _write(tmp_path / "a.csv", lines)
    with pytest.raises(DataError, match=r"has 1 row .*: line 52 opens .* that is never closed\. "):
        load_data(str(path))
    data = load_data(str(path), DataOptions(skip_bad_rows=True))
    assert (sum(map(len, data.splits().values())), data.bad_rows) == (99, 1)


def test_a_quotation_mark_that_is_closed_many_lines_later_costs_no_line_between(
    tmp_path: Path,
) -> None:
    lines = _lines()
    lines[50], lines[80], lines[90] = '"oh no,a', 'well "yes" he said,b', '"late" 90,b'
    rows = list(read_text_rows(_write(tmp_path / "a.csv", lines)))
    assert _bad(rows) == [
        (52, "opens a quotation mark that is closed on line 82, before other text"),
        (92, "has other text after a closing quotation mark"),
    ]
    assert [row.line for row in rows] == list(range(2, 102))
    assert rows[80].cells == {"text": 'well "yes" he said', "label": "b"}


def test_an_unclosed_quotation_mark_in_the_first_row_is_named(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.csv", ['"oh no,a', *_lines(20)])
    with pytest.raises(DataError, match=r"1 row .*: line 2 opens"):
        load_data(str(path))
    assert load_data(str(path), DataOptions(skip_bad_rows=True)).bad_rows == 1


def test_a_first_line_that_cannot_be_read_is_refused_with_its_number(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("\n".join(['"text,label', *_lines(20)]))
    with pytest.raises(DataError, match=r"Line 1 of .* never closed, and it is the one that shows"):
        load_data(str(path), DataOptions(skip_bad_rows=True))


def test_rows_of_which_none_can_be_read_are_refused_with_the_first_line(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.csv", ["one cell", '"a" b,c'])
    with pytest.raises(DataError, match="no rows that can be read: line 2 has 1 cell"):
        load_data(str(path))


def test_a_row_of_the_wrong_width_says_where_it_ends(tmp_path: Path) -> None:
    lines = _lines()
    lines[3:5] = ['"over', 'lines"']
    rows = list(read_text_rows(_write(tmp_path / "a.csv", lines)))
    assert _bad(rows) == [(5, "has 1 cell where 2 are expected, and ends on line 6")]


def test_a_mark_in_a_large_file_is_not_looked_for_to_its_end(tmp_path: Path) -> None:
    long = "words " * 200_000
    path = _write(tmp_path / "a.csv", ['"oh no,a', *(f"{long}{n},b" for n in range(20))])
    rows = list(read_text_rows(path))
    assert _bad(rows) == [(2, "opens a quotation mark that is not closed in 16,777,216 characters")]
    assert len(rows) == 21


_CELLS = st.text(st.sampled_from(',;"\n\r\t aé😀'), max_size=6)


@given(st.lists(st.tuples(_CELLS, _CELLS), min_size=1, max_size=6))
def test_what_was_written_as_csv_is_read(
    tmp_path_factory: pytest.TempPathFactory, cells: list[tuple[str, str]]
) -> None:
    written = io.StringIO(newline="")
    csv.writer(written).writerows([("text", "label"), *cells])
    path = tmp_path_factory.getbasetemp() / "written.csv"
    path.write_bytes(written.getvalue().encode())
    assert [tuple(row.cells.values()) for row in read_text_rows(path)] == cells


@given(st.text(st.sampled_from(',"\nab'), max_size=30))
def test_whatever_is_written_no_line_is_lost(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_text(f"text,label\n{text}\nlast,a\n")
    rows = list(read_text_rows(path))
    count = text.count("\n") + 3
    begun = {row.line for row in rows}
    # A line that begins no row is empty, or the row before it says, or shows, that it holds it.
    for number, line in enumerate(text.split("\n"), 2):
        before = [row for row in rows if row.line < number]
        assert (
            number in begun
            or not line
            or "\n" in "".join(map(str, before[-1].cells.values()))
            or "and ends on line" in before[-1].problem
        )
    assert max(begun) <= count
