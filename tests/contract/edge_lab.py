"""A real HAProxy on free loopback ports, with runtimes and an api behind it that tell what
reached them. For the tests of the edge in every tier."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
import socket
import ssl
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from aiohttp import web

from stateroom.domain.routes import Door, Route, RouteTable
from stateroom.edge import certificates, tokens
from stateroom.edge.haproxy import HAProxyEdge, make_map
from stateroom.edge.haproxy_config import EdgeConfig, render
from stateroom.errors import Retryable

NAMES = ("*.t.localhost", "console.localhost")
CONSOLE = "console.localhost"
ACME, GLOBEX = "acme.t.localhost", "globex.t.localhost"
TOKENS = {ACME: "token-of-acme", GLOBEX: "token-of-globex"}
TENANTS = {ACME: "tenant-a1", GLOBEX: "tenant-b2"}
ADDRESSES = {ACME: "127.0.0.41", GLOBEX: "127.0.0.42"}
WEBSOCKET = (("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13"),
             ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="))

Headers = Sequence[tuple[str, str]]


def token_digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest().upper()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Seen:
    """One request as it reached a server behind the edge."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        values = [v for n, v in self.headers if n.lower() == name.lower()]
        assert len(values) < 2, f"{name} arrived {len(values)} times"
        return values[0] if values else None


class Upstream:
    """Stands for a runtime or the api: answers who it is and what it saw."""

    def __init__(self, name: str, address: str, port: int, path: Path | None = None) -> None:
        """path: of a Unix socket, which it then listens on instead."""
        self.name, self.address, self.port, self.path = name, address, port, path
        self.seen: list[Seen] = []
        self.release = asyncio.Event()
        self.cookies: list[str] = []
        self.more: dict[str, str] = {}
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application(client_max_size=2**30)
        app.router.add_route("*", "/{tail:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        if self.path is not None:
            await web.UnixSite(self._runner, str(self.path)).start()
        else:
            await web.TCPSite(self._runner, self.address, self.port).start()

    async def stop(self) -> None:
        self.release.set()
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        headers = [(k.decode(), v.decode()) for k, v in request.raw_headers]
        if request.path.endswith("/ws"):
            self.seen.append(Seen(request.method, request.raw_path, headers, b""))
            return await self._socket(request)
        body = await request.read()
        self.seen.append(Seen(request.method, request.raw_path, headers, body))
        match request.path:
            case "/stream":
                return await self._stream(request)
            case "/break-off":
                assert request.transport is not None
                request.transport.abort()
        answer = web.json_response({"name": self.name, "bytes": len(body)})
        for cookie in self.cookies:
            answer.headers.add("Set-Cookie", cookie)
        for name in ("Clear-Site-Data", "Alt-Svc", "Service-Worker-Allowed",
                     "Strict-Transport-Security"):
            answer.headers[name] = "hostile"
        answer.headers.update(self.more)
        return answer

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        await answer.write(b"first\n")
        await self.release.wait()
        await answer.write(b"last\n")
        return answer

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        channel = web.WebSocketResponse()
        await channel.prepare(request)
        async for message in channel:
            await channel.send_str(f"{self.name} heard {message.data}")
        return channel


@dataclass
class Response:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def all(self, name: str) -> list[str]:
        return [v for n, v in self.headers if n.lower() == name.lower()]

    def header(self, name: str) -> str | None:
        values = self.all(name)
        return values[0] if values else None

    @property
    def problem(self) -> dict[str, object]:
        assert self.header("content-type") == "application/problem+json", self
        found = json.loads(self.body)
        assert isinstance(found, dict) and found["status"] == self.status, self
        return found

    @property
    def name(self) -> str:
        return str(json.loads(self.body)["name"])


class Line:
    """One HTTP/1.1 connection to the edge, without any help that would tidy a request up."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def send(self, raw: bytes) -> None:
        self.writer.write(raw)
        await self.writer.drain()

    async def head(self) -> Response:
        raw = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 20)
        lines = raw.decode().split("\r\n")
        headers = [(n, v.strip()) for n, _, v in (line.partition(":") for line in lines[1:-2])]
        return Response(int(lines[0].split(" ")[1]), headers, b"")

    async def chunk(self) -> bytes:
        size = int((await asyncio.wait_for(self.reader.readline(), 20)).split(b";")[0], 16)
        data = await self.reader.readexactly(size)
        await self.reader.readline()
        return data

    async def chunk_after_head(self) -> bytes:
        """The first piece of an answer that has begun well."""
        assert (await self.head()).status == 200
        return await self.chunk()

    async def answer(self, *, head_only: bool = False) -> Response:
        response = await self.head()
        if head_only or response.status in {101, 204, 304}:
            return response
        if response.header("transfer-encoding") == "chunked":
            while part := await self.chunk():
                response.body += part
        elif (length := response.header("content-length")) is not None:
            response.body = await asyncio.wait_for(self.reader.readexactly(int(length)), 20)
        else:
            response.body = await asyncio.wait_for(self.reader.read(-1), 20)
        return response

    async def ended(self) -> bool:
        """The edge closes without another byte."""
        return await asyncio.wait_for(self.reader.read(-1), 20) == b""

    def close(self) -> None:
        self.writer.transport.abort()


@dataclass
class Lab:
    folder: Path
    config: EdgeConfig
    private_key: bytes
    signer: tokens.Signer
    edge: HAProxyEdge
    api: Upstream
    runtimes: dict[str, Upstream]
    process: asyncio.subprocess.Process | None = None
    lines: list[Line] = field(default_factory=list)

    @property
    def tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.folder / "ca.pem"))
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        return context

    def origin(self, host: str = ACME) -> str:
        return f"https://{host}{self.config.port_suffix}"

    def session(self, host: str = ACME) -> tuple[str, str]:
        """The header by which a signed-in browser is known."""
        return ("Cookie", f"{tokens.COOKIE}={self.signer.session(TENANTS[host], time.time())}")

    def route(self, host: str = ACME) -> Route:
        runtime = self.runtimes[host]
        user = f"owner@{runtime.name}"
        return Route(host, TENANTS[host], f"cabin-{runtime.name}", user,
                     runtime.address, runtime.port, Door.OPEN, 600, (token_digest(TOKENS[host]),))

    async def publish(self, *routes: Route) -> None:
        _, version = await self.edge.read()
        await self.edge.replace(RouteTable.of(routes), version)

    async def change(self, host: str, **fields: object) -> None:
        """One route's fields are other ones from now on."""
        table, version = await self.edge.read()
        routes = [replace(r, **fields) if r.host == host else r  # type: ignore[arg-type]
                  for r in table.routes]
        await self.edge.replace(RouteTable.of(routes), version)

    async def start(self) -> None:
        program = shutil.which("haproxy", path="/usr/local/sbin:/usr/sbin:/usr/local/bin:/usr/bin")
        if program is None:
            pytest.fail("The edge is tested with a real HAProxy: apt-get install haproxy (2.6+).")
        with (self.folder / "log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                program, "-dW", "-db", "-f", str(self.folder / "haproxy.cfg"),
                stdout=log, stderr=log,
            )
        for _ in range(500):
            if self.process.returncode is not None:
                break
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.config.https_port)
                writer.transport.abort()
                await self.edge.read()
            except (OSError, Retryable):
                await asyncio.sleep(0.01)
            else:
                return
        pytest.fail(f"HAProxy did not start:\n{self.log()[-4000:]}")

    async def kill(self) -> None:
        assert self.process is not None
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()

    def log(self) -> str:
        return (self.folder / "log").read_text()

    async def log_of(self, requests: int) -> str:
        """The log, as soon as it has a line for so many requests."""
        for _ in range(1000):
            log = self.log()
            if log.count('{"status"') >= requests and log.endswith("}\n"):
                return log
            await asyncio.sleep(0.01)
        pytest.fail(f"There are not {requests} requests in the log:\n{self.log()[-4000:]}")

    async def open(self, host: str = ACME) -> Line:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self.config.https_port, ssl=self.tls,
            server_hostname=host if host.endswith(".localhost") else ACME,
        )
        line = Line(reader, writer)
        self.lines.append(line)
        return line

    def request(
        self, host: str = ACME, target: str = "/echo", method: str = "GET",
        headers: Headers = (), body: bytes = b"",
    ) -> bytes:
        length = [("Content-Length", str(len(body)))] if body or method == "POST" else []
        fields = [("Host", f"{host}{self.config.port_suffix}"), *headers, *length]
        head = "".join(f"{n}: {v}\r\n" for n, v in fields)
        return f"{method} {target} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + body

    async def ask(
        self, host: str = ACME, target: str = "/echo", method: str = "GET",
        headers: Headers = (), body: bytes = b"",
    ) -> Response:
        return await self.raw(self.request(host, target, method, headers, body), host,
                              head_only=method == "HEAD")

    async def raw(self, request: bytes, host: str = ACME, *, head_only: bool = False) -> Response:
        line = await self.open(host)
        try:
            await line.send(request)
            return await line.answer(head_only=head_only)
        finally:
            line.close()

    def reached(self) -> int:
        """How many requests have reached any runtime."""
        return sum(len(r.seen) for r in self.runtimes.values())


def bearer(host: str = ACME) -> tuple[str, str]:
    return ("Authorization", f"Bearer {TOKENS[host]}")


@asynccontextmanager
async def lab(**options: object) -> AsyncIterator[Lab]:
    """Two tenants, acme and globex, behind a running HAProxy. options: of EdgeConfig."""
    # Not pytest's folder: the path of a Unix socket has room for some 100 bytes.
    with TemporaryDirectory(prefix="edge-") as folder:
        async with _running(_make(Path(folder), options)) as made:
            yield made


@asynccontextmanager
async def _running(made: Lab) -> AsyncIterator[Lab]:
    servers = [made.api, *made.runtimes.values()]
    try:
        for server in servers:
            await server.start()
        await made.start()
        await made.publish(*(made.route(h) for h in made.runtimes))
        yield made
    finally:
        for line in made.lines:
            line.close()
        if made.process is not None:
            await made.kill()
        for server in servers:
            await server.stop()


def _make(folder: Path, options: dict[str, object]) -> Lab:
    maps = folder / "maps"
    maps.mkdir()
    make_map(maps)
    now = time.time()
    authority = certificates.make_authority("Test", ("t.localhost", CONSOLE), now)
    key, chain = certificates.issue(authority, NAMES, now)
    (folder / "ca.pem").write_bytes(authority.certificate_pem)
    (folder / "edge.pem").write_bytes(chain + key)
    private, public = tokens.make_keys()
    (folder / "session.pem").write_bytes(public)
    config = EdgeConfig(
        console_host=CONSOLE, certificate=folder / "edge.pem", session_key=folder / "session.pem",
        maps=maps, socket=folder / "edge.sock", https_port=free_port(), http_port=free_port(),
        api_port=free_port(),
    )
    config = replace(config, **options)  # type: ignore[arg-type]
    (folder / "haproxy.cfg").write_text(render(config))
    runtimes = {h: Upstream(h.split(".")[0], ADDRESSES[h], free_port()) for h in (ACME, GLOBEX)}
    return Lab(folder, config, private, tokens.Signer(private), HAProxyEdge(maps, config.socket),
               Upstream("api", "127.0.0.1", config.api_port, config.api_socket), runtimes)
