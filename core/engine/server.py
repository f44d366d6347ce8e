"""The engine process: holds torch and the loaded model, answers requests on standard input.

Run as `python -m core.engine.server`. Replies go to standard output; what libraries print goes to
standard error. It ends when its standard input closes, however the app that started it ended.

Four threads: one reads requests; one loads (models, tokenizers, whatever takes long); one looks
into checkpoints (structure, tensors, saving); one runs loaded models. So a sentence that is typed
during a long download is still answered, and so is what is asked about a checkpoint that is here.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from core import checkpoints
from core.engine.mailbox import Mailbox
from core.engine.protocol import (
    LENGTH_BYTES,
    Cancel,
    Cancelled,
    Errand,
    ExportTokenizer,
    Failed,
    Loaded,
    Loading,
    LoadModel,
    Overtaken,
    Question,
    Reply,
    Request,
    TokenizerExported,
    frame,
    message_decoder,
)
from core.engine.shelf import Shelf
from core.errors import ModelError

if TYPE_CHECKING:
    from core.models.hub import Progress
    from core.models.loading import LoadedModel

_PROGRESS_INTERVAL = 0.1
"""Seconds between two reports of the same stage."""
_ENDING_SECONDS = 10.0
"""For a download to be given up in good order; an app that waits for it ends it sooner."""
_MORE_EXPENDABLE = 300
"""Thousandths of all memory that this process counts as larger when one has to end."""
log = logging.getLogger("termformer.engine")


class GivenUp(Exception):  # noqa: N818
    """A request that is under way is not wanted any more."""


class Engine:
    """Answers requests from `requests` by frames written to `replies`."""

    def __init__(self, requests: BinaryIO, replies: BinaryIO) -> None:
        self._requests = requests
        self._replies = replies
        self._write_lock = threading.Lock()
        self._mailbox = Mailbox()
        self._shelf = Shelf()
        self._under_way: list[type[Request]] = []
        """Types of the questions that are being answered, each in the middle of the one before."""
        self._ending = threading.Event()

    def run(self) -> None:
        """Serves until standard input closes; never returns."""
        for work in (self._load_forever, self._look_forever, self._compute_forever):
            threading.Thread(target=work, name=work.__name__.strip("_"), daemon=True).start()
        self._read_forever()
        # A download is given up in good order: then its half file is removed.
        self._ending.set()
        if "core.models.hub" in sys.modules:
            from core.models import hub

            hub.under_way.wait(_ENDING_SECONDS)
        # Threads may be inside torch; everything that they write is renamed into place.
        os._exit(0)

    # --- reading --------------------------------------------------------------------------

    def _read_forever(self) -> None:
        while body := self._read_frame():
            message = message_decoder.decode(body)
            if isinstance(message, Cancel):
                if self._mailbox.cancel(message.id):
                    self.reply(Cancelled(message.id))
            elif overtaken := self._mailbox.put(message):
                self.reply(Overtaken(overtaken.id))

    def _read_frame(self) -> bytes | None:
        header = self._requests.read(LENGTH_BYTES)
        if len(header) < LENGTH_BYTES:
            return None
        length = int.from_bytes(header, "big")
        body = self._requests.read(length)
        return body if len(body) == length else None

    def reply(self, reply: Reply) -> None:
        """Sends `reply`; for several threads."""
        data = frame(reply)
        with self._write_lock:
            try:
                self._replies.write(data)
                self._replies.flush()
            except OSError:
                os._exit(0)  # Nobody listens any more.

    # --- the working threads --------------------------------------------------------------

    def _load_forever(self) -> None:
        while True:
            request, _ = self._mailbox.take(self._is_to_be_loaded)
            self._handle(request, self._load_for)

    def _look_forever(self) -> None:
        while True:
            errand, _ = self._mailbox.take(lambda each: True if isinstance(each, Errand) else None)
            self._handle(errand, self._run_errand)

    def _is_to_be_loaded(self, request: Request) -> bool | None:
        return None if isinstance(request, Errand) or self._ready(request) else True

    def _compute_forever(self) -> None:
        while True:
            self._compute(*self._mailbox.take(self._ready))

    def _ready(self, request: Request) -> LoadedModel | None:
        """The model that a question is about, where it is loaded."""
        return self._shelf.find(request.model) if isinstance(request, Question) else None

    def _load_for(self, request: Request) -> Reply | None:
        """The reply, or None where the other thread goes on with what has been loaded."""
        if isinstance(request, ExportTokenizer):
            return TokenizerExported(request.id, self._export(request))
        loaded = self._shelf.find(request.model) or self._load(request)
        if isinstance(request, LoadModel):
            return Loaded(request.id, loaded.info)
        if not self._mailbox.put_back(request):
            raise GivenUp
        return None

    def _compute(self, request: Request, loaded: LoadedModel) -> None:
        from core.models.answers import answer

        assert isinstance(request, Question)
        turn = Turn(self, request)

        def work(_: Request) -> Reply:
            turn.check()
            self._under_way.append(type(request))
            try:
                return answer(request, loaded, turn)
            finally:
                self._under_way.pop()

        self._handle(request, work)

    def check(self, question: Question) -> None:
        """Raises `GivenUp` where `question`, which is under way, has been."""
        if self._mailbox.given_up(question):
            raise GivenUp

    def answer_others(self) -> None:
        """Answers questions of other types about loaded models, in the middle of one."""

        def accepts(request: Request) -> LoadedModel | None:
            return None if type(request) in self._under_way else self._ready(request)

        while found := self._mailbox.take_now(accepts):
            self._compute(*found)

    def _handle(self, request: Request, work: Callable[[Request], Reply | None]) -> None:
        """Does `work`; whatever comes of it becomes the request's last reply."""
        from core.models.hub import Abandoned

        try:
            reply = work(request)
        except (Abandoned, GivenUp):
            reply = self._mailbox.given_up(request) or Overtaken(request.id)
        except ModelError as error:
            log.info("%s failed", type(request).__name__, exc_info=True)
            reply = Failed(request.id, error.kind, str(error))
        except MemoryError:
            reply = Failed(request.id, "no_memory", "There is not enough memory for this.")
        except Exception as error:
            log.exception("%s failed", type(request).__name__)
            message = str(error).strip().splitlines()
            first = message[0] if message else type(error).__name__
            reply = Failed(
                request.id,
                "other",
                f"Something unforeseen happened in the engine ({first}); engine.log says more.",
            )
        if reply is not None:
            self._mailbox.finish(request)
            self.reply(reply)

    def _load(self, request: Request) -> LoadedModel:
        progress = self._progress(request)
        progress("importing torch", None, None)
        from core.models.libraries import import_libraries

        import_libraries()
        from core.models.answers import tasks_of
        from core.models.loading import load_model

        choose_threads()
        tasks = tasks_of(type(request)) if isinstance(request, Question) else None
        loaded = load_model(
            request.model.strip(), progress, tasks=tasks, make_room=self._shelf.make_room
        )
        self._shelf.add(loaded)
        self._mailbox.look_again()
        return loaded

    def _run_errand(self, errand: Request) -> Reply:
        assert isinstance(errand, Errand)
        progress = self._progress(errand)
        progress("importing torch", None, None)
        from core.models.libraries import import_libraries

        import_libraries()
        from core.models.errands import carry_out

        choose_threads()
        return carry_out(errand, progress)

    def _export(self, request: ExportTokenizer) -> str:
        name = request.model.strip()
        if known := checkpoints.tokenizer_folder(name):
            return str(known)
        progress = self._progress(request)
        from core.models.checkpoint import resolve

        folder = resolve(name, progress, weights=False)
        progress("reading the tokenizer", None, None)
        from core.models.tokenizer_export import export_tokenizer

        return str(export_tokenizer(folder, name))

    def _progress(self, request: Request) -> Progress:
        """Reports to the app; abandons where another model is wanted by now."""
        from core.models.hub import Abandoned

        last_stage, last_time = "", 0.0

        def progress(stage: str, done: int | None, total: int | None) -> None:
            nonlocal last_stage, last_time
            newer = self._mailbox.newer(request)
            unwanted = newer is not None and newer.model != request.model
            if unwanted or self._ending.is_set() or self._mailbox.is_cancelled(request):
                raise Abandoned
            now = time.monotonic()
            if stage == last_stage and now - last_time < _PROGRESS_INTERVAL and done != total:
                return
            last_stage, last_time = stage, now
            self.reply(Loading(request.id, stage, done, total))

        return progress


@dataclass(frozen=True, slots=True)
class Turn:
    """What answers a question, while it is being answered."""

    engine: Engine
    question: Question

    def say(self, reply: Reply) -> None:
        """Sends a reply that is not the last one."""
        self.engine.reply(reply)

    def check(self) -> None:
        """Raises `GivenUp` where the question has been."""
        self.engine.check(self.question)

    def pause(self) -> None:
        """Answers what else was asked meanwhile; raises `GivenUp` where the question has been."""
        self.engine.answer_others()
        self.check()


def choose_threads() -> None:
    """One thread a physical core that this process may use; hyperthreads only get in the way."""
    import psutil  # type: ignore[import-untyped, unused-ignore]
    import torch

    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    physical = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    torch.set_num_threads(max(1, min(physical, allowed or physical)))


def _go_first_when_memory_runs_out() -> None:
    """Lets Linux end this process rather than the app, which has the user's text."""
    own = Path("/proc/self/oom_score_adj")
    with contextlib.suppress(OSError):  # Another system, or a container that allows no change.
        own.write_text(str(min(1000, int(own.read_text()) + _MORE_EXPENDABLE)))


def main() -> None:
    """Takes standard input and output for the protocol, and keeps libraries off both."""
    logging.basicConfig(
        level=logging.WARNING,
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    log.setLevel(logging.INFO)
    _go_first_when_memory_runs_out()
    requests = os.fdopen(os.dup(0), "rb")
    replies = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    Engine(requests, replies).run()


if __name__ == "__main__":
    main()
