"""The steward's socket: the few things that the api needs and only the steward can do.

HTTP over a Unix socket whose folder only the api's and the steward's group can enter. Nothing
here changes desired state; a signal says no more than "look".
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from stateroom.domain.names import BLOCK
from stateroom.domain.runtime import AGENT
from stateroom.engines.base import Engine, Logs
from stateroom.errors import (
    Away,
    Denied,
    EngineError,
    Invalid,
    NotFound,
    Problem,
    StateroomError,
)
from stateroom.steward.access import Access
from stateroom.steward.loop import Loop
from stateroom.steward.preview import Preview, described
from stateroom.steward.usage import UsageReader
from stateroom.store.steward import StewardStore

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
MOST_LINES = 100_000
MOST_FOLLOWED = 64
"""Logs that may be followed at the same time, by everybody together: each holds a connection to
the engine, and a client of ours has a hundred."""


@dataclass(frozen=True, slots=True)
class Services:
    loop: Loop
    store: StewardStore
    engine: Engine
    access: Access
    usage: UsageReader
    preview: Preview
    status: Callable[[], Awaitable[dict[str, Any]]]


def make_app(services: Services) -> web.Application:
    """Every path is documented beside its handler."""
    app = web.Application(middlewares=[_errors])
    handlers = _Handlers(services)
    app.add_routes(
        [
            web.post("/signal", handlers.signal),
            web.get("/access/{tenant}", handlers.access),
            web.post("/session", handlers.session),
            web.get("/logs/{tenant}", handlers.logs),
            web.get("/usage/{tenant}", handlers.usage),
            web.get("/plan", handlers.plan),
            web.post("/plan", handlers.preview),
            web.get("/status", handlers.status),
        ]
    )
    return app


async def serve(app: web.Application, path: Path) -> web.AppRunner:
    """Listens on `path`, replacing what a killed steward left there; group may connect."""
    # A reader who follows quiet logs and goes away is noticed by cancelling its handler.
    runner = web.AppRunner(
        app, access_log=None, shutdown_timeout=2.0, handler_cancellation=True
    )
    await runner.setup()
    path.unlink(missing_ok=True)
    await web.UnixSite(runner, str(path)).start()
    path.chmod(0o660)
    return runner


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except NotFound as error:
        return _said(404, error)
    except Denied as error:
        return _said(403, error)
    except Invalid as error:
        errors = [asdict(problem) for problem in error.problems]
        return web.json_response({"detail": error.message, "errors": errors}, status=422)
    except (EngineError, Away) as error:
        return _said(503, error)
    except StateroomError as error:
        return _said(500, error)
    except web.HTTPException as error:
        return web.json_response({"detail": error.reason}, status=error.status)
    except Exception:
        log.exception("%s %s failed", request.method, request.path, extra={"action": "call_failed"})
        detail = "a defect of Stateroom; the steward's log says more"
        return web.json_response({"detail": detail}, status=500)


def _said(status: int, error: StateroomError) -> web.Response:
    return web.json_response({"detail": error.message}, status=status)


async def _body(request: web.Request, *names: str) -> dict[str, Any]:
    """A JSON object that has these names. Raises Invalid."""
    try:
        body = json.loads(await request.read())
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict) or any(name not in body for name in names):
        sentence = f"the body must be a JSON object with {' and '.join(names)}"
        raise Invalid([Problem("", "wrong_body", sentence)])
    return body


def _tail(request: web.Request) -> int:
    """Raises Invalid."""
    given = request.query.get("tail", "200")
    short = len(given) <= len(str(MOST_LINES))
    if not (short and given.isascii() and given.isdigit() and int(given) <= MOST_LINES):
        sentence = f"tail must be a number of lines from 0 to {MOST_LINES}"
        raise Invalid([Problem("/tail", "out_of_range", sentence)])
    return int(given)


def _role(request: web.Request) -> str:
    """Raises Invalid for what is no block's id: files are named after it."""
    role = request.query.get("role", AGENT)
    if not re.fullmatch(BLOCK, role):
        raise Invalid([Problem("/role", "bad_name", "role must be the id of a service's block")])
    return role


class Followed:
    """How many logs are being followed."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._now = 0

    @contextmanager
    def one_more(self) -> Iterator[None]:
        """Raises Away beyond the most."""
        if self._now >= self._most:
            raise Away(
                f"{self._most} logs are being followed, and no more can be; end one of them, or"
                " ask without following"
            )
        self._now += 1
        try:
            yield
        finally:
            self._now -= 1


@dataclass(frozen=True, slots=True)
class _Handlers:
    services: Services
    followed: Followed = field(default_factory=lambda: Followed(MOST_FOLLOWED))

    async def signal(self, _request: web.Request) -> web.Response:
        """Desired state changed."""
        self.services.loop.wake()
        return web.Response(status=204)

    async def access(self, request: web.Request) -> web.Response:
        """{"api_token", "ticket"}: opened and signed on this call, kept nowhere."""
        return web.json_response(await self.services.access.give(request.match_info["tenant"]))

    async def session(self, request: web.Request) -> web.Response:
        """{"ticket", "tenant"} -> {"cookie", "max_age"}; a ticket is good once."""
        body = await _body(request, "ticket", "tenant")
        ticket, tenant = str(body["ticket"]), str(body["tenant"])
        return web.json_response(await self.services.access.redeem(ticket, tenant))

    async def logs(self, request: web.Request) -> web.StreamResponse:
        """Lines of the tenant's agent, or of a service: ?tail=N&follow=0|1&role=ROLE."""
        engine = self.services.engine
        cabin = await self.services.store.cabin(request.match_info["tenant"])
        if not isinstance(engine, Logs):
            raise NotFound("this engine keeps no logs")
        tail, role = _tail(request), _role(request)
        follow = request.query.get("follow", "0") == "1"
        if not follow:
            return await self._send(request, engine.logs(cabin.id, role, tail=tail, follow=False))
        with self.followed.one_more():
            return await self._send(request, engine.logs(cabin.id, role, tail=tail, follow=True))

    async def _send(
        self, request: web.Request, lines: AsyncIterator[str]
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/plain; charset=utf-8"})
        await response.prepare(request)
        try:
            async for line in lines:
                await response.write(line.encode(errors="replace") + b"\n")
            await response.write_eof()
        except ConnectionResetError:
            # The reader went away: the usual end of following.
            pass
        except EngineError as error:
            # The answer has begun; what is left is to end it.
            log.warning("logs broke off: %s", error, extra={"action": "logs_broke_off"})
        finally:
            if isinstance(lines, AsyncGenerator):
                await lines.aclose()
        return response

    async def usage(self, request: web.Request) -> web.Response:
        """Usage as in the public API: now, and by day."""
        tenant = request.match_info["tenant"]
        cabin = await self.services.store.cabin(tenant)
        return web.json_response(await self.services.usage.read(tenant, cabin.id))

    async def plan(self, request: web.Request) -> web.Response:
        """The plan of the last look: {"text", "actions", "waiting"}; ?tenant=ID for one."""
        look = await self.services.loop.fresh_look()
        return web.json_response(described(look, request.query.get("tenant", "")))

    async def preview(self, request: web.Request) -> web.Response:
        """The plan that deploying an unsaved document would make."""
        body = await _body(request, "blueprint", "document")
        ahead = await self.services.preview.of(
            str(body["blueprint"]), body["document"], body.get("tenants"), body.get("canary", "")
        )
        return web.json_response(ahead.described())

    async def status(self, _request: web.Request) -> web.Response:
        return web.json_response(await self.services.status())
