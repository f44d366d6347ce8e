"""Names that no file can have, wherever a name may be typed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from transformers import BertConfig, BertModel

from core.checkpoints import locate
from core.choices import choices, folders
from core.datafiles.glance import stamp
from core.datafiles.naming import find_local
from core.errors import DataError, ModelError, RunError, TermformerError
from core.models.saving import save
from core.named_files import write_file
from core.runs.folder import find_run
from core.typed_paths import exists, is_dir, is_file, refusal, typed_path
from tui.commands.texts import named_file
from tui.widgets.line_input import completed_path

LONG = "x" * 300
REFUSED = [f"./{LONG}", f"./{'y/' * 3_000}", "./a\x00b", "~nobody-of-this-name/x", "\ud800/x"]


@pytest.mark.parametrize("name", REFUSED)
def test_no_name_is_more_than_a_thing_that_is_not_there(name: str) -> None:
    path = typed_path(name)
    assert not exists(path)
    assert not is_file(path)
    assert not is_dir(path)
    for look, error in ((locate, ModelError), (find_run, RunError), (find_local, DataError)):
        with pytest.raises(error, match="There is no"):
            look(name)
    assert stamp(name) is None
    assert named_file(name) is None
    assert folders(name) == []
    assert completed_path(name) == name
    assert choices([name])
    with pytest.raises(TermformerError):
        write_file(path, str, replace=False)


@pytest.mark.parametrize("name", [LONG, "a\x00b"])
def test_what_is_refused_says_why(name: str) -> None:
    assert refusal(typed_path(name))
    with pytest.raises(ModelError, match=r"File name too long|null byte"):
        locate(f"./{name}")
    assert refusal(Path("not-there")) == refusal(Path(os.devnull) / "x") == refusal(Path()) == ""


def test_nothing_is_saved_under_such_a_name(tmp_path: Path) -> None:
    tiny = BertConfig(hidden_size=4, num_hidden_layers=1, num_attention_heads=1, vocab_size=9)
    with pytest.raises(ModelError, match="could not be saved"):
        save(BertModel(tiny), None, tmp_path / LONG, lambda *_: None)
    assert list(tmp_path.iterdir()) == []
