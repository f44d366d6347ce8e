"""Choosing models while others load, fail or are on their way: nothing late comes into force."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.checkpoints import packaged_encoder
from core.engine.client import EngineClient
from core.engine.protocol import (
    Cancelled,
    Failed,
    Loaded,
    Loading,
    ModelInfo,
    Overtaken,
    TokenizerExported,
)
from core.text.tokenizer import TextTokenizer
from tui.bench import ModelState
from tui.models import ModelDesk


class AskedEngine(EngineClient):
    """Notes what was asked for instead of starting a process."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, str]] = []

    def load(self, model: str) -> int:
        self.asked.append(("load", model))
        return len(self.asked)

    def export_tokenizer(self, model: str) -> int:
        self.asked.append(("export", model))
        return len(self.asked)


class Desk:
    def __init__(self) -> None:
        self.engine = AskedEngine()
        self.states: list[ModelState] = []
        self.tokenizers: list[TextTokenizer] = []
        self.desk = ModelDesk(self.engine, self.states.append, self.tokenizers.append)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def loaded(request: int, name: str) -> Loaded:
    folder = str(packaged_encoder())
    return Loaded(
        request, ModelInfo(name, folder, folder, "Bert", 1, ["A", "B"], None, 512, "right")
    )


def test_a_late_export_that_failed_leaves_the_chosen_model_alone(desk: Desk) -> None:
    desk.desk.open("nope-x/abc")
    desk.desk.choose("mini")
    desk.desk.reply(Failed(1, "offline", "Not to be had."))
    assert desk.desk.state.status == "loading"
    desk.desk.reply(loaded(2, "mini"))
    assert (desk.desk.state.name, desk.desk.state.status) == ("mini", "ready")


def test_a_late_tokenizer_of_another_model_is_not_used(desk: Desk, tmp_path: Path) -> None:
    desk.desk.open("some/model")
    desk.desk.choose("mini")
    desk.desk.reply(loaded(2, "mini"))
    desk.desk.reply(TokenizerExported(1, str(tmp_path)))
    assert desk.desk.state.status == "ready"
    assert len(desk.tokenizers) == 1


def test_weights_asked_for_during_the_export_are_loaded_after_it(desk: Desk) -> None:
    desk.desk.open("some/model")
    desk.desk.need()
    assert desk.engine.asked == [("export", "some/model")]
    desk.desk.reply(TokenizerExported(1, str(packaged_encoder())))
    assert desk.engine.asked[1:] == [("load", "some/model")]


def test_a_wrong_name_while_the_first_model_loads_gives_the_first_one_back(desk: Desk) -> None:
    desk.desk.open("mini")
    desk.desk.need()
    desk.desk.choose("typo/x")
    desk.desk.reply(Failed(2, "not_found", "There is no typo/x."))
    assert desk.engine.asked[-1] == ("load", "mini")
    assert "There is no typo/x." in "".join(state.problem for state in desk.states)
    desk.desk.reply(loaded(3, "mini"))
    assert desk.desk.good == "mini"


def test_a_download_that_is_given_up_leaves_the_model_before(desk: Desk) -> None:
    cancelled: list[int] = []
    desk.engine.cancel = cancelled.append  # type: ignore[method-assign]
    desk.desk.open("mini")
    desk.desk.need()
    desk.desk.reply(loaded(1, "mini"))
    desk.desk.choose("large/model")
    desk.desk.reply(Loading(2, "downloading large/model", 1, 10))
    # The server is silent by now, so that how far it is is not what was told last.
    desk.desk.reply(Loading(2, "no answer for 3 s, still trying", None, None))
    desk.desk.cancel()
    assert cancelled == [2]
    desk.desk.reply(Cancelled(2))
    state = desk.desk.state
    assert (state.name, state.status) == ("mini", "ready")
    assert state.problem == (
        "large/model was given up. Files that arrived whole are kept; the one that was interrupted "
        "starts again next time. mini stays loaded."
    )


def test_what_was_loaded_before_stays(desk: Desk) -> None:
    desk.desk.open("mini")
    desk.desk.need()
    desk.desk.reply(loaded(1, "mini"))
    desk.desk.choose("typo/x")
    desk.desk.reply(Failed(2, "not_found", "There is no typo/x."))
    state = desk.desk.state
    assert (state.name, state.status) == ("mini", "ready")
    assert state.problem == "There is no typo/x. mini stays loaded."
    assert desk.desk.good == "mini"


def test_an_engine_that_ended_is_not_ready_until_it_answers(desk: Desk) -> None:
    desk.desk.choose("mini")
    desk.desk.reply(loaded(1, "mini"))
    desk.desk.engine_ended("It was killed.")
    assert (desk.desk.state.ended, desk.desk.state.stage) == ("It was killed.", "")
    assert desk.desk.state.info is not None
    desk.desk.reply(Loading(7, "reading weights"))
    assert desk.desk.state.stage == "reading weights"
    for no_word in (Overtaken(6), Cancelled(7), Failed(8, "other", "It was killed.")):
        desk.desk.reply(no_word)
        assert desk.desk.state.ended
    desk.desk.reply(Failed(9, "too_long", "Sentence 1 is too long."))
    assert (desk.desk.state.ended, desk.desk.state.stage) == ("", "")
    assert desk.desk.state.status == "ready"
    desk.desk.choose("mini-base")
    desk.desk.engine_ended("It was killed.")
    assert (desk.desk.state.status, desk.desk.state.stage) == ("loading", "starting")
    desk.desk.reply(loaded(2, "mini-base"))
    assert not desk.desk.state.ended


def test_a_model_without_a_tokenizer_is_still_what_was_chosen(desk: Desk) -> None:
    desk.desk.open("mini")
    desk.desk.need()
    desk.desk.choose("bare")
    desk.desk.reply(Failed(2, "no_tokenizer", "It brings none."))
    assert desk.engine.asked[-1] == ("load", "mini")
    assert (desk.desk.state.name, desk.desk.state.textless) == ("mini", "bare")
    desk.desk.reply(loaded(3, "mini"))
    assert (desk.desk.state.status, desk.desk.state.textless) == ("ready", "bare")
    desk.desk.choose("mini-base")
    assert desk.desk.state.textless == ""
