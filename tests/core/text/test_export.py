"""What is exported is what is shown, and a page of it does nothing but show it."""

from __future__ import annotations

import csv
import io
import json
import stat
from dataclasses import asdict
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import TermformerError
from core.text.export import to_csv, to_html, to_json, write_export
from core.text.export_svg import to_svg
from core.text.options import EncodeOptions
from core.text.sentences import Sentence
from core.text.visible import fit, visible
from tests.core.text.conftest import Kind
from tests.core.text.test_options import SENTENCES, fields

NASTY = Sentence(
    '<script>alert("1")</script>\x1b]0;x\x07\u202e', "a'b\" onmouseover=x <img src=y>,\n=1"
)
SVG = "{http://www.w3.org/2000/svg}"
OPTIONS = EncodeOptions(truncation=True, max_length=12, return_overflowing_tokens=True)


class Page(HTMLParser):
    """The elements of a page with their attributes, and the text of its tokens."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.tokens: list[str] = []
        self._open = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._open = tag == "bdi" and "title" in dict(attrs)
        if self._open:
            self.tokens.append("")

    def handle_endtag(self, tag: str) -> None:
        self._open = False

    def handle_data(self, data: str) -> None:
        if self._open:
            self.tokens[-1] += data


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(sentences=st.lists(SENTENCES, min_size=1, max_size=3))
def test_every_format_holds_the_whole_batch(sentences: list[Sentence], kind: Kind) -> None:
    batch = kind.ours.encode_batch([*sentences, NASTY], OPTIONS)
    cells = [cell for row in range(len(batch.encodings)) for cell in batch.cells(row)]
    shown = fields(batch)

    exported = json.loads(to_json(batch, "a model", OPTIONS))
    assert exported["options"] == asdict(OPTIONS)
    for name, rows in shown.items():
        key = "sentence" if name == "overflow_to_sample_mapping" else name
        assert [row[key] for row in exported["rows"]] == json.loads(json.dumps(rows))

    read = list(csv.DictReader(io.StringIO(to_csv(batch), newline="")))
    assert [each["token"] for each in read] == [cell.token for cell in cells]
    assert [int(each["input_id"]) for each in read] == [cell.input_id for cell in cells]
    of_text = [each for each in read if each["start"]]
    texts = [batch.encodings[int(each["row"])].sentence for each in of_text]
    for each, sentence in zip(of_text, texts, strict=True):
        text = sentence.text if each["sequence"] == "0" else sentence.text_pair
        assert text is not None
        assert each["characters"] == text[int(each["start"]) : int(each["end"])]

    page = Page(to_html(batch, "<b>model</b>"))
    assert page.tokens == [visible(cell.token) for cell in cells]
    names = {"html", "head", "meta", "title", "style", "body", "h1", "p", "bdi"}
    assert {tag for tag, _ in page.elements} == names
    allowed = {"lang", "charset", "http-equiv", "content", "name", "class", "title"}
    assert {key for _, attributes in page.elements for key in attributes} <= allowed
    picture = ElementTree.fromstring(to_svg(batch, "<b>model</b>"))
    drawn = ["".join(each.itertext()) for each in picture.iterfind(f"{SVG}text[@class='token']")]
    assert drawn == [fit(shown_as, 109) for shown_as in page.tokens]
    assert {each.tag for each in picture.iter()} <= {
        SVG + tag for tag in ("svg", "title", "style", "rect", "text")
    }
    boxes = [each.get("class") for each in picture.iterfind(f"{SVG}rect")][1:]
    assert boxes.count("p") == batch.padding_count and len(boxes) == len(cells)
    assert visible(page_text := to_html(batch, "m").replace("\n", "")) == page_text


def test_the_files_ending_names_the_format(tmp_path: Path, kinds: dict[str, Kind]) -> None:
    batch = kinds["unigram"].ours.encode_batch([NASTY])
    for name, start in (
        ("a.json", "{"),
        ("b.CSV", "row,"),
        ("c.html", "<!doctype"),
        ("d.svg", "<svg"),
    ):
        write_export(tmp_path / name, batch, "m", EncodeOptions())
        assert (tmp_path / name).read_text("utf-8").startswith(start)
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o644
    with pytest.raises(TermformerError, match=r"\.json, \.csv, \.html or \.svg"):
        write_export(tmp_path / "d.txt", batch, "m", EncodeOptions())
    (tmp_path / "file").write_text("")
    with pytest.raises(TermformerError, match="could not be written"):
        write_export(tmp_path / "file" / "e.json", batch, "m", EncodeOptions())
