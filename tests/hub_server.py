"""A small Hugging Face Hub on this machine, for huggingface_hub to talk to through HF_ENDPOINT.

    with HubServer() as hub:
        hub.add("someone/model", folder)
        hub.add("datasets/someone/data", folder)
        hub.add("someone/gated", folder, refusal=GATED)
        environment = {"HF_ENDPOINT": hub.url, "HF_HUB_OFFLINE": "0", **PATIENT}

It serves folders as repositories with one revision, `main`, honours ranges as the Hub does, and
can refuse, break off, or hold a download until a test lets it go on.
"""

from __future__ import annotations

import hashlib
import http.server
import json
import threading
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self


@dataclass(frozen=True)
class Refusal:
    """An answer other than the repository."""

    status: int
    error_code: str = ""
    error_message: str = ""


PATIENT = {"HF_HUB_ETAG_TIMEOUT": "120", "HF_HUB_DOWNLOAD_TIMEOUT": "120"}
"""For the environment of who talks to it: a server on a busy machine may be slow, a held one is."""

GATED = Refusal(403, "GatedRepo", "Access to this model is restricted.")
BAD_TOKEN = Refusal(401, "", "Invalid credentials in Authorization header")
PRIVATE = Refusal(401, "RepoNotFound", "Invalid username or password.")
BROKEN = Refusal(500, "", "Internal Error")


@dataclass
class Repository:
    """A folder served under a name. `broken_off` counts the downloads that were cut short."""

    folder: Path
    refusal: Refusal | None = None
    break_after: int | None = None
    """Bytes of each weights response after which the connection is closed; None sends all."""
    breaks: int = 10**9
    """How many responses are broken off before they come through whole."""
    broken_off: int = 0
    hold_after: int | None = None
    """Bytes of a weights response after which it waits for `go_on`."""
    held: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)

    def files(self) -> Iterator[Path]:
        return (path for path in sorted(self.folder.rglob("*")) if path.is_file())

    @property
    def commit(self) -> str:
        digest = hashlib.sha1(usedforsecurity=False)
        for path in self.files():
            digest.update(path.name.encode() + path.read_bytes())
        return digest.hexdigest()


@dataclass(frozen=True)
class Asked:
    """One request as it came in; the names of its headers are in lower case."""

    method: str
    path: str
    headers: dict[str, str]


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    """Files are fetched side by side: connections that find the queue full wait for a second."""


class HubServer:
    """Serves repositories on a free local port until the `with` block ends."""

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}
        self.asked: list[Asked] = []
        server = _Server(("127.0.0.1", 0), _handler(self))
        # A client that breaks off is part of what is tested.
        server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self._server = server
        self.url = f"http://127.0.0.1:{server.server_address[1]}"

    def __enter__(self) -> Self:
        # The poll interval is how long leaving the block takes.
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for repository in self.repositories.values():
            repository.go_on.set()
        self._server.shutdown()
        self._server.server_close()

    def add(self, name: str, folder: Path, refusal: Refusal | None = None) -> Repository:
        self.repositories[name] = Repository(folder, refusal)
        return self.repositories[name]

    def downloads(self, file: str) -> int:
        """How many times a `file` was asked for with GET."""
        return sum(
            asked.method == "GET" and asked.path.split("?")[0].endswith(f"/{file}")
            for asked in self.asked
        )


def _handler(hub: HubServer) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None: ...

        def do_HEAD(self) -> None:
            self._answer()

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def _answer(self) -> None:
            headers = {key.lower(): value for key, value in self.headers.items()}
            hub.asked.append(Asked(self.command, self.path, headers))
            path = urllib.parse.unquote(self.path.split("?")[0])
            for name, repository in hub.repositories.items():
                for api in (f"/api/models/{name}", f"/api/{name}"):
                    if path == api or path.startswith((f"{api}/", f"/{name}/resolve/")):
                        self._serve(api, repository, path)
                        return
            self._refuse(Refusal(404, "RepoNotFound", "Repository not found"))

        def _serve(self, api: str, repository: Repository, path: str) -> None:
            files = [
                {
                    "type": "file",
                    "path": str(file.relative_to(repository.folder)),
                    "size": file.stat().st_size,
                    "oid": _etag(file),
                }
                for file in repository.files()
            ]
            if repository.refusal:
                self._refuse(repository.refusal)
            elif path.startswith(f"{api}/tree/"):
                self._json(files)
            elif path.startswith(f"{api}/paths-info/"):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                asked = urllib.parse.parse_qs(body.decode()).get("paths", [])
                self._json([file for file in files if file["path"] in asked])
            elif path.startswith("/api/"):
                name = api.removeprefix("/api/models/").removeprefix("/api/datasets/")
                self._json({"id": name, "modelId": name, "sha": repository.commit, "siblings": []})
            else:
                file = repository.folder / path.split("/resolve/")[1].partition("/")[2]
                if file.is_file():
                    self._file(repository, file)
                else:
                    self._refuse(Refusal(404, "EntryNotFound", "Entry not found"))

        def _refuse(self, refusal: Refusal) -> None:
            self.send_response(refusal.status)
            self.send_header("X-Error-Code", refusal.error_code)
            self.send_header("X-Error-Message", refusal.error_message)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _json(self, value: object) -> None:
            body = json.dumps(value).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def _file(self, repository: Repository, file: Path) -> None:
            body = file.read_bytes()
            start = 0
            wanted = self.headers.get("Range", "")
            if wanted.startswith("bytes="):
                start = int(wanted.removeprefix("bytes=").split("-")[0])
            self.send_response(206 if start else 200)
            self.send_header("X-Repo-Commit", repository.commit)
            self.send_header("ETag", f'"{_etag(file)}"')
            self.send_header("Accept-Ranges", "bytes")
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
            self.send_header("Content-Length", str(len(body) - start))
            self.end_headers()
            if self.command == "GET":
                self._send(repository, file, body[start:])

        def _send(self, repository: Repository, file: Path, body: bytes) -> None:
            is_weights = file.suffix in (".safetensors", ".bin")
            if (
                is_weights
                and repository.break_after is not None
                and (repository.broken_off < repository.breaks)
            ):
                repository.broken_off += 1
                self.wfile.write(body[: repository.break_after])
                self.close_connection = True
                return
            if is_weights and repository.hold_after is not None:
                self.wfile.write(body[: repository.hold_after])
                self.wfile.flush()
                repository.held.set()
                repository.go_on.wait()
                body = body[repository.hold_after :]
            self.wfile.write(body)

    return Handler


def _etag(file: Path) -> str:
    return hashlib.sha1(file.read_bytes(), usedforsecurity=False).hexdigest()
