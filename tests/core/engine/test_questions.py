"""Who waits for whom in a real engine: lanes, long questions, cancelling, two models."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from core.engine.protocol import (
    AttentionMeasured,
    Cancelled,
    ClassificationDone,
    Classify,
    Compare,
    Compared,
    Loading,
    MeasureAttention,
    Overtaken,
    PipelineChecked,
    PipelineRan,
    Reply,
    RowsClassified,
    RunPipeline,
    Texts,
)
from tests.core.engine.harness import PAIR, Engine, Start
from tests.core.models import tiny

pytestmark = pytest.mark.slow  # each engine imports torch

MANY: list[Texts] = [(f"sentence number {number}", None) for number in range(4000)]


def began(engine: Engine, request: int) -> bool:
    return any(
        isinstance(reply, RowsClassified) and reply.id == request for reply in engine.heard.replies
    )


def loadings(engine: Engine, *requests: int) -> list[Reply]:
    return [
        reply
        for reply in engine.heard.replies
        if isinstance(reply, Loading) and reply.id in requests
    ]


async def test_lanes_and_models_side_by_side(
    start: Start, tiny_classifier: Path, tmp_path: Path
) -> None:
    engine = await start()
    client, heard = engine.client, engine.heard
    one, other = str(tiny_classifier), str(tiny.distilbert(tmp_path / "other"))
    # All at once, before anything is loaded: two lanes do not overtake each other.
    first = client.post(Compare(0, one, PAIR))
    second = client.post(Compare(0, other, PAIR, lane="second"))
    looked = client.post(MeasureAttention(0, one, PAIR))
    answers = await heard.answers(first, second, looked)
    assert [type(each) for each in answers] == [Compared, Compared, AttentionMeasured]
    assert [each.model.name for each in answers[:2] if isinstance(each, Compared)] == [one, other]

    # Both are held: nothing is loaded again, whichever is asked.
    again = [
        client.post(Compare(0, name, PAIR, lane=name)) for name in (one, other, one) for _ in "ab"
    ]
    await heard.answers(*again)
    assert loadings(engine, *again) == []

    # Room is for two: a third takes the place of the one that was used longest ago.
    third = str(tiny.gpt2(tmp_path / "third"))
    await heard.answers(client.post(Compare(0, other, PAIR)))
    await heard.answers(client.post(Compare(0, third, PAIR)))
    [kept] = [client.post(Compare(0, other, PAIR))]
    await heard.answers(kept)
    assert loadings(engine, kept) == []
    await heard.answers(gone := client.post(Compare(0, one, PAIR)))
    assert loadings(engine, gone)
    assert heard.crashes == []


async def test_a_long_question_lets_short_ones_through(start: Start, tiny_classifier: Path) -> None:
    engine = await start()
    client, heard = engine.client, engine.heard
    model = str(tiny_classifier)
    many = client.post(Classify(0, model, MANY, batch_size=8))
    await heard.until(lambda: began(engine, many))
    [compared] = await heard.answers(client.post(Compare(0, model, PAIR)))
    assert isinstance(compared, Compared)
    assert heard.final(many) == []

    # Cancelled in the middle; what was classified until then has been told.
    client.cancel(many)
    [cancelled] = await heard.answers(many)
    assert isinstance(cancelled, Cancelled)
    rows = [each for each in heard.replies if isinstance(each, RowsClassified)]
    assert 0 < rows[-1].done < len(MANY)

    # A newer one ends the one before it, at once.
    older = client.post(Classify(0, model, MANY, batch_size=8))
    await heard.until(lambda: began(engine, older))
    newer = client.post(Classify(0, model, MANY[:9], batch_size=8))
    overtaken, done = await heard.answers(older, newer)
    assert isinstance(overtaken, Overtaken)
    assert isinstance(done, ClassificationDone)
    indices = [
        index
        for each in heard.replies
        if isinstance(each, RowsClassified) and each.id == newer
        for index in each.indices
    ]
    assert sorted(indices) == list(range(9))

    # Nothing is left to cancel, and what waits for another is never sent.
    client.cancel(newer)
    first, waiting = (client.post(Compare(0, model, PAIR[:count])) for count in (1, 2))
    client.cancel(waiting)
    [compared, cancelled] = await heard.answers(first, waiting)
    assert isinstance(compared, Compared)
    assert isinstance(cancelled, Cancelled)


async def test_what_is_given_up_before_there_is_an_engine_is_not_done(
    start: Start, tiny_classifier: Path
) -> None:
    engine = await start()
    client, heard = engine.client, engine.heard
    given_up = client.load(str(tiny_classifier))
    client.cancel(given_up)
    wanted = client.post(Compare(0, str(tiny_classifier), PAIR))
    cancelled, compared = await heard.answers(given_up, wanted)
    assert isinstance(cancelled, Cancelled)
    assert isinstance(compared, Compared)


async def test_the_stages_come_before_the_word_on_them(start: Start, tiny_classifier: Path) -> None:
    engine = await start()
    heard: list[Reply] = []
    question = RunPipeline(0, str(tiny_classifier), PAIR)
    checked = await engine.client.ask(question, heard.append)
    [ran] = [each for each in heard if isinstance(each, PipelineRan)]
    assert ran.sentences == PAIR
    assert isinstance(checked, PipelineChecked)
    assert all(row.agrees for row in checked.rows)


@pytest.mark.skipif(not Path("/proc/self/oom_score_adj").exists(), reason="needs Linux")
async def test_where_memory_runs_out_the_engine_goes_and_not_the_app(
    start: Start, tiny_classifier: Path
) -> None:
    engine = await start()
    await engine.heard.answers(engine.client.load(str(tiny_classifier)))

    def score(pid: int | str) -> int:
        return int(Path(f"/proc/{pid}/oom_score_adj").read_text())

    assert engine.client.pid is not None
    ours = await asyncio.to_thread(score, "self")
    theirs = await asyncio.to_thread(score, engine.client.pid)
    # A container may have begun with the highest that there is.
    assert theirs > ours or theirs == ours == 1000
