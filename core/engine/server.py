"""The engine process: holds torch and the loaded model, answers requests on standard input.

Run as `python -m core.engine.server`. Replies go to standard output; what libraries print goes to
standard error. It ends when its standard input closes, however the app that started it ended.

Three threads: one reads requests; one loads (models, tokenizers, whatever takes long); one runs the
loaded model, so that a sentence typed during a long download is still answered.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from core import checkpoints
from core.engine.mailbox import Mailbox, Work
from core.engine.protocol import (
    LENGTH_BYTES,
    Compare,
    Compared,
    ExportTokenizer,
    Failed,
    Loaded,
    Loading,
    LoadModel,
    Overtaken,
    Reply,
    Shutdown,
    TokenizerExported,
    frame,
    request_decoder,
)
from core.errors import ModelError

if TYPE_CHECKING:
    from core.models.hub import Progress
    from core.models.loading import LoadedModel

_PROGRESS_INTERVAL = 0.1
"""Seconds between two reports of the same stage."""
_ENDING_SECONDS = 1.0
log = logging.getLogger("termformer.engine")


class Engine:
    """Answers requests from `requests` by frames written to `replies`."""

    def __init__(self, requests: BinaryIO, replies: BinaryIO) -> None:
        self._requests = requests
        self._replies = replies
        self._write_lock = threading.Lock()
        self._mailbox = Mailbox()
        self._loaded: LoadedModel | None = None
        self._ending = threading.Event()

    def run(self) -> None:
        """Serves until standard input closes; never returns."""
        for work in (self._load_forever, self._compute_forever):
            threading.Thread(target=work, name=work.__name__.strip("_"), daemon=True).start()
        self._read_forever()
        # A download is given up in good order, since huggingface_hub then removes its half file.
        self._ending.set()
        if "core.models.hub" in sys.modules:
            from core.models import hub

            hub.under_way.acquire(timeout=_ENDING_SECONDS)
        # Threads may be inside torch; everything that they write is renamed into place.
        os._exit(0)

    # --- reading --------------------------------------------------------------------------

    def _read_forever(self) -> None:
        while body := self._read_frame():
            request = request_decoder.decode(body)
            if isinstance(request, Shutdown):
                return
            if overtaken := self._mailbox.put(request):
                self._reply(Overtaken(overtaken.id))

    def _read_frame(self) -> bytes | None:
        header = self._requests.read(LENGTH_BYTES)
        if len(header) < LENGTH_BYTES:
            return None
        length = int.from_bytes(header, "big")
        body = self._requests.read(length)
        return body if len(body) == length else None

    def _reply(self, reply: Reply) -> None:
        data = frame(reply)
        with self._write_lock:
            try:
                self._replies.write(data)
                self._replies.flush()
            except OSError:
                os._exit(0)  # Nobody listens any more.

    # --- the two working threads ----------------------------------------------------------

    def _load_forever(self) -> None:
        while True:
            request, _ = self._mailbox.take(lambda each: None if self._ready(each) else True)
            self._answer(request, None)

    def _compute_forever(self) -> None:
        while True:
            self._answer(*self._mailbox.take(self._ready))

    def _ready(self, request: Work) -> LoadedModel | None:
        """The loaded model, where it is the one that a `Compare` names."""
        loaded = self._loaded
        if isinstance(request, Compare) and loaded and _is_current(loaded, request.model):
            return loaded
        return None

    def _answer(self, request: Work, ready: LoadedModel | None) -> None:
        from core.models.hub import Abandoned

        try:
            match request:
                case LoadModel():
                    loaded = self._ensure_loaded(request, classifier=False)
                    self._reply(Loaded(request.id, loaded.info))
                case ExportTokenizer():
                    self._reply(TokenizerExported(request.id, self._export(request)))
                case Compare():
                    loaded = ready or self._ensure_loaded(request, classifier=True)
                    self._reply(self._compare(request, loaded))
        except Abandoned:
            self._reply(Overtaken(request.id))
        except ModelError as error:
            log.info("%s failed", type(request).__name__, exc_info=True)
            self._reply(Failed(request.id, error.kind, str(error)))
        except MemoryError:
            self._reply(Failed(request.id, "no_memory", "There is not enough memory for this."))
        except Exception as error:
            log.exception("%s failed", type(request).__name__)
            message = str(error).strip().splitlines()
            first = message[0] if message else type(error).__name__
            self._reply(
                Failed(
                    request.id,
                    "other",
                    f"Something unforeseen happened in the engine ({first}); engine.log says more.",
                )
            )

    def _ensure_loaded(self, request: LoadModel | Compare, *, classifier: bool) -> LoadedModel:
        loaded = self._loaded
        if loaded and _is_current(loaded, request.model):
            return loaded
        progress = self._progress(request)
        progress("importing torch", None, None)
        from core.models.loading import load_model

        _choose_threads()
        loaded = load_model(request.model.strip(), progress, classifier=classifier)
        self._loaded = loaded
        self._mailbox.look_again()
        return loaded

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

    def _progress(self, request: Work) -> Progress:
        """Reports to the app; abandons where another model is wanted by now."""
        from core.models.hub import Abandoned

        last_stage, last_time = "", 0.0

        def progress(stage: str, done: int | None, total: int | None) -> None:
            nonlocal last_stage, last_time
            newer = self._mailbox.newer(request)
            if self._ending.is_set() or (newer and newer.model != request.model):
                raise Abandoned
            now = time.monotonic()
            if stage == last_stage and now - last_time < _PROGRESS_INTERVAL and done != total:
                return
            last_stage, last_time = stage, now
            self._reply(Loading(request.id, stage, done, total))

        return progress

    # --- computing ------------------------------------------------------------------------

    def _compare(self, request: Compare, loaded: LoadedModel) -> Reply:
        from core.models.inference import compare
        from core.models.loading import not_a_classifier

        if not loaded.info.labels:
            raise not_a_classifier(loaded.info.name, [loaded.info.class_name])
        if self._mailbox.newer(request):
            return Overtaken(request.id)
        started = time.perf_counter()
        result = compare(loaded.model, loaded.tokenizer, request.sentences)
        return Compared(
            id=request.id,
            model=loaded.info,
            sentences=request.sentences,
            input_ids=result.input_ids,
            attention_mask=result.attention_mask,
            rows=result.rows,
            seconds=time.perf_counter() - started,
        )


def _is_current(loaded: LoadedModel, name: str) -> bool:
    """Whether `name` is the loaded model's and still means the files it was read from."""
    from core.models.loading import fingerprint

    if name.strip() != loaded.info.name:
        return False
    try:
        folder = checkpoints.locate(loaded.info.name).folder or Path(loaded.info.folder)
    except ModelError:
        return False
    return fingerprint(folder) == loaded.fingerprint


def _choose_threads() -> None:
    """One thread a physical core that this process may use; hyperthreads only get in the way."""
    import psutil  # type: ignore[import-untyped, unused-ignore]
    import torch

    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    physical = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    torch.set_num_threads(max(1, min(physical, allowed or physical)))


def main() -> None:
    """Takes standard input and output for the protocol, and keeps libraries off both."""
    logging.basicConfig(
        level=logging.WARNING,
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    log.setLevel(logging.INFO)
    requests = os.fdopen(os.dup(0), "rb")
    replies = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    Engine(requests, replies).run()


if __name__ == "__main__":
    main()
