"""The api in this process over a real store, with a steward that stands in: it opens what was
sealed, gives tickets that are good once, and can be told to be away."""

from __future__ import annotations

import asyncio
import copy
import gzip
import hashlib
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
import uvicorn
from fastapi import FastAPI
from starlette.datastructures import State
from starlette.types import ASGIApp

from stateroom.api import app as api_app
from stateroom.api.attempts import Attempts
from stateroom.api.dependencies import ApiDependencies
from stateroom.api.intake import Intake
from stateroom.api.keys import AdminKey
from stateroom.api.steward_client import Access, Session
from stateroom.api.watch import Watcher
from stateroom.errors import Away, Denied
from stateroom.settings import Settings
from stateroom.store.sealing import API_TOKEN, Redacted
from tests.builders import sample_document
from tests.integration.store_lab import Lab, lab

ADMIN = "sk_test-admin-key"
HOST = "127.0.0.1:8070"


class StandInSteward:
    """Implements `StewardClient` over the lab's own steward store."""

    def __init__(self, it: Lab) -> None:
        self._lab = it
        self.signals = 0
        self.away = False
        self.asked_for: list[str] = []
        self.lines: list[str] = ["2026-01-01T00:00:01Z one", "2026-01-01T00:00:02Z two"]
        self.previews: list[tuple[str, Any, Sequence[str] | None, str]] = []
        self._tickets: dict[str, str] = {}

    def signal(self) -> None:
        self.signals += 1

    async def access(self, tenant: str) -> Access:
        self._answer()
        cabin = await self._lab.steward.cabin(tenant)
        token = self._lab.opener.open(cabin.id, API_TOKEN, cabin.sealed_token).decode()
        ticket = f"ticket-{len(self._tickets)}"
        self._tickets[ticket] = tenant
        return Access(Redacted(token), Redacted(ticket))

    async def session(self, tenant: str, ticket: str) -> Session:
        self._answer()
        if self._tickets.pop(ticket, None) != tenant:
            raise Denied("this link was used before; ask for a new one")
        return Session(Redacted(f"jwt-of-{tenant}"), 43_200)

    async def logs(
        self, tenant: str, tail: int, follow: bool, role: str = "agent"
    ) -> AsyncIterator[str]:
        self._answer()
        self.asked_for.append(role)
        return self._lines(tail, follow)

    async def _lines(self, tail: int, follow: bool) -> AsyncIterator[str]:
        for line in self.lines[len(self.lines) - tail :]:
            yield line
        while follow:
            await asyncio.sleep(0.01)
            if self.away:
                return

    async def usage(self, tenant: str) -> Mapping[str, Any]:
        self._answer()
        return {
            "now": {
                "cpu_cores": 0.5, "memory_mb": 600.0, "disk_mb": 12.0,
                "pids": 21, "requests_per_minute": 7,
            },
            "days": [],
        }  # fmt: skip

    async def plan(self, tenant: str = "") -> Mapping[str, Any]:
        self._answer()
        return {"text": f"plan of {tenant or 'all'}\n", "actions": [], "waiting": []}

    async def preview(
        self, blueprint: str, document: Any, tenants: Sequence[str] | None = None, canary: str = ""
    ) -> Mapping[str, Any]:
        self._answer()
        self.previews.append((blueprint, document, tenants, canary))
        return {"text": "preview\n", "actions": [], "waiting": [], "tenants": []}

    async def status(self) -> Mapping[str, Any]:
        self._answer()
        return {
            "installation": "1a2b", "passed_at": 1_800_000_000.25, "phases": {}, "firewall": True,
            "edge": True, "broker": True, "capabilities": {},
        }  # fmt: skip

    async def close(self) -> None:
        return

    def _answer(self) -> None:
        if self.away:
            raise Away


@dataclass(frozen=True)
class ApiLab(Lab):
    http: httpx.AsyncClient = field(kw_only=True)
    stand_in: StandInSteward = field(kw_only=True)
    app: ASGIApp = field(kw_only=True)

    async def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        """With the admin key, unless `key` says another one or None."""
        key = options.pop("key", ADMIN)
        headers = {"Authorization": f"Bearer {key}"} if key is not None else {}
        headers |= options.pop("headers", {})
        return await self.http.request(method, f"/api/v1{path}", headers=headers, **options)

    async def ok(self, method: str, path: str, **options: Any) -> Any:
        """The same, and its JSON: it must have been accepted."""
        answer = await self.call(method, path, **options)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def refused(self, status: int, method: str, path: str, **options: Any) -> Any:
        """The problem document of a call that must be refused with this status."""
        answer = await self.call(method, path, **options)
        return problem_of(answer, status)

    async def sample(self) -> None:
        await self.ok("PUT", "/blueprints/support-agent", json=sample_document())

    async def created(self, slug: str = "acme", **more: Any) -> Any:
        body = {"slug": slug, "blueprint": "support-agent", **more}
        return await self.ok("POST", "/tenants", json=body)

    async def token(self, slug: str) -> str:
        return str((await self.ok("GET", f"/tenants/{slug}/access"))["api_token"])


def problem_of(answer: httpx.Response, status: int) -> Any:
    """Checks the form that every error has, and that nothing of the inside shows."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status
    assert body["title"]
    assert body["detail"].strip().endswith((".", "!", "?")), body["detail"]
    for entry in body.get("errors", []):
        assert set(entry) >= {"pointer", "code", "detail", "hint"}
        assert entry["pointer"] == "" or entry["pointer"].startswith("/")
        assert entry["detail"]
    for inside in ("Traceback", "sqlalchemy", "pydantic", 'File "'):
        assert inside not in answer.text
    return body


@asynccontextmanager
async def api(
    folder: Path,
    heartbeat: float = 15.0,
    console: Path | None = None,
    intake: Intake | None = None,
) -> AsyncIterator[ApiLab]:
    """console: another folder than that of a small build. intake: with other bounds."""
    async with lab(folder) as it:
        (folder / "admin.sha256").write_text(hashlib.sha256(ADMIN.encode()).hexdigest() + "\n")
        stand_in = StandInSteward(it)
        watcher = Watcher(it.store.events.last_id)
        app = _app(
            ApiDependencies(
                Settings(home=folder),
                it.store,
                stand_in,
                AdminKey(folder / "admin.sha256"),
                watcher,
                it.clock,
                heartbeat,
                Attempts(it.clock),
                intake or Intake(),
            ),
            console or built_console(folder),
        )
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{HOST}") as http:
            yield ApiLab(
                it.path,
                it.database,
                it.store,
                it.steward,
                it.clock,
                http=http,
                stand_in=stand_in,
                app=app,
            )
        await watcher.close()


def _app(deps: ApiDependencies, console: Path) -> ASGIApp:
    """As `create_app` makes it, without reading every call's signature anew for every test: that
    alone takes a third of a second."""
    with patch.object(api_app, "api_application", _fresh_application):
        return api_app.create_app(deps, console)


def _fresh_application() -> FastAPI:
    """Shares routes and handlers, which nobody changes, with all others; nothing else."""
    fresh = copy.copy(_application())
    fresh.state, fresh.user_middleware, fresh.middleware_stack = State(), [], None
    return fresh


_application = cache(api_app.api_application)


def built_console(folder: Path) -> Path:
    """What a build of the console leaves, in small."""
    console = folder / "console"
    (console / "assets").mkdir(parents=True, exist_ok=True)
    script = b"console.log(1);" * 100
    for name, content in {
        "index.html": b'<!doctype html><script type="module" src="/assets/main-1a2b.js"></script>',
        "icon.svg": b"<svg/>",
        "assets/main-1a2b.js": script,
        "assets/main-1a2b.js.gz": gzip.compress(script),
        ".notes.txt": b"of the build",
        "assets/main-1a2b.js.map": b"{}",
    }.items():
        (console / name).write_bytes(content)
    return console


@asynccontextmanager
async def served(app: ASGIApp) -> AsyncIterator[httpx.AsyncClient]:
    """The application on a real port of loopback: what streams is seen as it comes."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app, log_config=None, access_log=False, lifespan="off", ws="none", http="h11",
        timeout_graceful_shutdown=1,
    )  # fmt: skip
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        base = f"http://127.0.0.1:{listener.getsockname()[1]}/api/v1"
        headers = {"Authorization": f"Bearer {ADMIN}"}
        async with httpx.AsyncClient(base_url=base, headers=headers, timeout=10) as http:
            yield http
    finally:
        server.should_exit = True
        await serving
        listener.close()
