"""The app's side of the engine: starts it, sends requests, survives its death."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import signal
from collections.abc import Callable
from typing import TypeVar

import msgspec

from core.engine.mailbox import Key, key_of
from core.engine.process import log_path, spawn
from core.engine.protocol import (
    LENGTH_BYTES,
    Cancel,
    Cancelled,
    Classify,
    ExportTokenizer,
    Failed,
    Interim,
    Loading,
    LoadModel,
    Overtaken,
    Question,
    Reply,
    Request,
    frame,
    reply_decoder,
)
from core.errors import EngineError, ModelError

T = TypeVar("T")
CRASH_LIMIT = 3
"""Deaths without an answer in between after which the engine's requests are given up."""
_CLOSE_SECONDS = 2.0


class EngineClient:
    """Talks to one engine process from an asyncio event loop.

    Every reply is handed to `on_reply`, in the event loop; each request gets exactly one final
    one. `on_crash` gets a sentence when the engine died; it is started again by itself as long as
    something is unanswered, and otherwise at the next request. Those who wait hear of it by
    `Loading`.
    """

    def __init__(
        self,
        on_reply: Callable[[Reply], None] | None = None,
        on_crash: Callable[[str], None] | None = None,
    ) -> None:
        self._on_reply = on_reply
        self._on_crash = on_crash
        self._ids = itertools.count(1)
        self._sent: dict[int, Request] = {}
        self._held: dict[Key, Question] = {}
        """The newest questions that wait for one with the same key that is under way."""
        self._cancelled: set[int] = set()
        """Requests that the engine was told to give up, and has not answered yet."""
        self._asked: dict[int, asyncio.Future[Reply]] = {}
        self._progress: dict[int, Callable[[Interim], None]] = {}
        self._process: asyncio.subprocess.Process | None = None
        self._supervisor: asyncio.Task[None] | None = None
        self._crashes = 0
        self._closed = False
        self.ended = ""
        """How the engine ended, one sentence, until another one has answered."""

    @property
    def pid(self) -> int | None:
        """The engine's process id while it runs."""
        return self._process.pid if self._process else None

    def load(self, model: str) -> int:
        """Asks for `model` to be loaded; returns the request's id."""
        return self.post(LoadModel(0, model))

    def export_tokenizer(self, model: str) -> int:
        """Asks where the tokenizer of `model` can be read; returns the request's id."""
        return self.post(ExportTokenizer(0, model))

    def post(self, request: Request) -> int:
        """Sends `request` under an id of its own, which it returns.

        While a question of the same type and lane is under way for the same model, only the newest
        of those that follow is sent, when it is done; the others are answered by `Overtaken`. A
        newer `Classify` is sent at once, since it ends the one before it.
        """
        request = msgspec.structs.replace(request, id=next(self._ids))
        self._post(request)
        return request.id

    def cancel(self, request_id: int) -> None:
        """Gives up a request, which is then answered by `Cancelled` unless it just was."""
        for key, request in self._held.items():
            if request.id == request_id:
                del self._held[key]
                self._deliver(Cancelled(request_id))
                return
        if request_id in self._sent:
            self._cancelled.add(request_id)
            self._write(Cancel(request_id))

    async def ask(
        self, request: Request, progress: Callable[[Interim], None] | None = None
    ) -> Reply:
        """Sends `request` under an id of its own and waits for its last reply.

        `progress` gets the replies before it, called at once as they arrive. Raises `ModelError`
        for `Failed` and `EngineError` where the engine keeps dying or the client is closed.
        """
        request = msgspec.structs.replace(request, id=next(self._ids))
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._asked[request.id] = future
        if progress:
            self._progress[request.id] = progress
        try:
            self._post(request)
            reply = await future
        finally:
            self._asked.pop(request.id, None)
            self._progress.pop(request.id, None)
        if isinstance(reply, Failed):
            raise ModelError(reply.kind, reply.message)
        return reply

    async def close(self) -> None:
        """Ends the engine. Requests without an answer never get one; `ask` raises."""
        self._closed = True
        for future in list(self._asked.values()):
            if not future.done():
                future.set_exception(EngineError("The engine was closed before it answered."))
        process = self._process
        if process and process.stdin:
            process.stdin.close()
        if self._supervisor:
            _, late = await asyncio.wait([self._supervisor], timeout=_CLOSE_SECONDS)
            if late and process and process.returncode is None:
                process.kill()
            await asyncio.wait([self._supervisor])

    # --- sending --------------------------------------------------------------------------

    def _post(self, request: Request) -> None:
        if self._closed:
            raise EngineError("The engine is closed.")
        try:
            frame(request)
        except UnicodeEncodeError:
            message = "The model's name or a sentence holds bytes that are no text: retype it."
            self._deliver(Failed(request.id, "other", message))
            return
        if isinstance(request, Question) and self._is_held_up(request):
            key = key_of(request)
            overtaken = self._held.pop(key, None)
            self._held[key] = request
            if overtaken:
                self._deliver(Overtaken(overtaken.id))
        else:
            self._send(request)

    def _is_held_up(self, question: Question) -> bool:
        """Whether one that `question` waits for is under way."""
        return not isinstance(question, Classify) and any(
            key_of(sent) == key_of(question) and sent.model == question.model
            for sent in self._sent.values()
        )

    def _send(self, request: Request) -> None:
        self._sent[request.id] = request
        if not self._write(request):
            self._supervise()

    def _write(self, message: Request | Cancel) -> bool:
        """Whether there is an engine that `message` could be sent to."""
        if self._process and self._process.stdin and not self._process.stdin.is_closing():
            self._process.stdin.write(frame(message))
            return True
        return False

    def _supervise(self) -> None:
        if self._supervisor is None or self._supervisor.done():
            self._supervisor = asyncio.get_running_loop().create_task(
                self._run(), name="engine supervisor"
            )

    # --- one engine after another ---------------------------------------------------------

    async def _run(self) -> None:
        while not self._closed:
            if self.ended:
                for waiting in self._sent:
                    self._deliver(Loading(waiting, "starting Python"))
            try:
                process = await spawn()
            except OSError as error:
                self._give_up(f"The engine could not be started: {error.strerror or error}.")
                return
            self._greet(process)
            try:
                await self._read(process)
            except msgspec.MsgspecError:
                process.kill()  # It is not an engine of this version.
            code = await process.wait()
            self._process = None
            if self._closed or not self._crashed(code):
                return

    def _greet(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        assert process.stdin is not None
        for request in self._sent.values():
            process.stdin.write(frame(request))
        # Given up while there was no engine to tell.
        for request_id in self._cancelled:
            process.stdin.write(frame(Cancel(request_id)))
        if self._closed:
            process.stdin.close()

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                header = await process.stdout.readexactly(LENGTH_BYTES)
                body = await process.stdout.readexactly(int.from_bytes(header, "big"))
                self._receive(reply_decoder.decode(body))

    def _receive(self, reply: Reply) -> None:
        if not isinstance(reply, Interim):
            self._crashes, self.ended = 0, ""
            self._sent.pop(reply.id, None)
            self._cancelled.discard(reply.id)
            for key, held in list(self._held.items()):
                if not self._is_held_up(held):
                    del self._held[key]
                    self._send(held)
        self._deliver(reply)

    def _deliver(self, reply: Reply) -> None:
        if isinstance(reply, Interim):
            if progress := self._progress.get(reply.id):
                progress(reply)
        elif (future := self._asked.get(reply.id)) and not future.done():
            future.set_result(reply)
        self._tell(self._on_reply, reply)

    def _tell(self, callback: Callable[[T], None] | None, value: T) -> None:
        """Calls back from the loop: the caller first gets its id, and its errors stay its own."""
        if callback and not self._closed:
            asyncio.get_running_loop().call_soon(callback, value)

    # --- deaths ---------------------------------------------------------------------------

    def _crashed(self, code: int) -> bool:
        """Says that the engine died; returns whether another one is to be started."""
        self._crashes += 1
        ended = f"The engine {_how_it_ended(code)}"
        self.ended = f"{ended}."
        if self._crashes >= CRASH_LIMIT and self._sent:
            self._give_up(f"{ended}, {CRASH_LIMIT} times in a row. See {log_path()}.")
            return False
        self._keep_newest()
        again = "it is being started again" if self._sent else "it starts again when it is needed"
        self._tell(self._on_crash, f"{ended}; {again}. Nothing typed was lost.")
        return bool(self._sent)

    def _keep_newest(self) -> None:
        """Of the unanswered requests the newest of each key is worth another engine's time."""
        for request_id in self._cancelled:
            del self._sent[request_id]
            self._deliver(Cancelled(request_id))
        self._cancelled.clear()
        self._sent |= {held.id: held for held in self._held.values()}
        self._held.clear()
        newest = {key_of(request): request.id for request in self._sent.values()}
        for request in list(self._sent.values()):
            if newest[key_of(request)] != request.id:
                del self._sent[request.id]
                self._deliver(Overtaken(request.id))

    def _give_up(self, message: str) -> None:
        self._crashes, self.ended = 0, message
        unanswered = [*self._sent.values(), *self._held.values()]
        self._sent.clear()
        self._held.clear()
        self._cancelled.clear()
        self._tell(self._on_crash, message)
        for request in unanswered:
            future = self._asked.get(request.id)
            if future and not future.done():
                future.set_exception(EngineError(message))
            self._deliver(Failed(request.id, "other", message))


def _how_it_ended(code: int) -> str:
    if code == -signal.SIGKILL:
        return "was killed (SIGKILL), as happens when memory runs out"
    if code < 0:
        return f"ended by {signal.Signals(-code).name} ({signal.strsignal(-code)})"
    return f"ended with exit code {code}"
