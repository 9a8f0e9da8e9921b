"""Stands in for the api: a real HTTP server on loopback with canned answers in api.md's shapes.

It records what it was sent, so that a test can state what the command line asked for. It
decides nothing: the end-to-end tests run the same commands against the real api.
"""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from typer.testing import CliRunner

from stateroom.cli.main import build

KEY = "test-key-7f3a"


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: str

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """body: JSON unless it is text. drop: the connection breaks instead."""

    status: int = 200
    body: Any = None
    media_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False

    @property
    def payload(self) -> bytes:
        if self.body is None:
            return b""
        text = self.body if isinstance(self.body, str) else json.dumps(self.body)
        return text.encode()


def problem(status: int, detail: str, *errors: dict[str, Any], **headers: str) -> Answer:
    body = {"type": "about:blank", "title": "No", "status": status, "detail": detail}
    if errors:
        body["errors"] = list(errors)
    return Answer(status, body, "application/problem+json", headers)


def tenant(slug: str = "acme", phase: str = "ready", generation: int = 1, **more: Any) -> Any:
    applied = more.pop("applied", generation if phase == "ready" else 0)
    return {
        "id": f"tn_{slug}",
        "slug": slug,
        "name": slug.title(),
        "blueprint": "support-agent",
        "revision": 1,
        "target_revision": 1,
        "values": {"model": "demo-1"},
        "url": f"https://{slug}.t.localhost:8443/",
        "limits": {"cpu": 1.0},
        "generation": generation,
        "status": {
            "phase": phase,
            "since": "2026-01-02T03:04:05Z",
            "reason": more.pop("reason", ""),
            "waiting": more.pop("waiting", []),
            "applied_generation": applied,
            "isolation": {"passed": 0, "total": 0, "at": None},
        },
        "created_at": "2026-01-02T03:04:05Z",
        **more,
    }


class Stub:
    """answers: by (method, path without /api/v1). A list is used up one by one, its last stays."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.answers: dict[tuple[str, str], list[Answer] | Callable[[Request], Answer]] = {}
        self.url = ""

    def on(self, method: str, path: str, *answers: Any) -> None:
        made = [each if isinstance(each, Answer) else Answer(200, each) for each in answers]
        self.answers[method, path] = made

    def sent(self, method: str, path: str) -> list[Request]:
        return [r for r in self.requests if (r.method, r.path) == (method, path)]

    def last(self, method: str, path: str) -> Request:
        return self.sent(method, path)[-1]

    def answer(self, request: Request) -> Answer:
        self.requests.append(request)
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return problem(401, "This key is not valid.")
        found = self.answers.get((request.method, request.path))
        if found is None:
            return problem(404, f"There is no {request.path}.")
        if callable(found):
            return found(request)
        return found.pop(0) if len(found) > 1 else found[0]


@contextmanager
def serving(stub: Stub, certificate: Path | None = None) -> Iterator[Stub]:
    """On a free port of loopback; with TLS where a PEM of certificate and key is given."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            request = Request(
                method=self.command,
                path=parts.path.removeprefix("/api/v1"),
                query=dict(parse_qsl(parts.query)),
                headers={name.lower(): value for name, value in self.headers.items()},
                body=self.rfile.read(length).decode(),
            )
            answer = stub.answer(request)
            if answer.drop:
                self.close_connection = True
                return
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.media_type)
            self.send_header("Content-Length", str(len(answer.payload)))
            for name, value in answer.headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(answer.payload)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815

        def log_message(self, *_: Any) -> None:
            """The tests read `requests`, not a log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    scheme = "http"
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        scheme = "https"
    stub.url = f"{scheme}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield stub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """All of stdout as one document: fails when anything else stands there."""
        return json.loads(self.out)


class Cli:
    """The real program in this process, against the stub."""

    def __init__(self, stub: Stub, home: Path) -> None:
        self.stub = stub
        self.home = home
        self.environ = {
            "STATEROOM_URL": stub.url,
            "STATEROOM_HOME": str(home),
            "STATEROOM_KEY": KEY,
        }

    def __call__(self, *args: str, stdin: str | bytes = "", **environ: str) -> Outcome:
        # An error that nobody expected is raised here, as a traceback of the test.
        result = CliRunner().invoke(
            build(), args, input=stdin, env=self.environ | environ, catch_exceptions=False
        )
        return Outcome(result.exit_code, result.stdout, result.stderr)


@contextmanager
def command_line(home: Path) -> Iterator[Cli]:
    with serving(Stub()) as stub:
        yield Cli(stub, home)
