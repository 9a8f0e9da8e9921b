"""Looking on: logs, events and usage of one tenant, and the events of all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from starlette.responses import JSONResponse, PlainTextResponse, StreamingResponse

from stateroom.api import present, sse
from stateroom.api.answers import EventsOut
from stateroom.api.answers_usage import UsageOut
from stateroom.api.dependencies import ApiDependencies, Deps
from stateroom.api.keys import CallerOf, Operator, OperatorOf
from stateroom.api.parameters import Flag
from stateroom.domain.blueprint import Blueprint
from stateroom.domain.names import near, shown
from stateroom.domain.runtime import AGENT
from stateroom.errors import NotFound
from stateroom.store.events import KINDS

router = APIRouter(tags=["watching"])

Tail = Annotated[int, Query(ge=0, le=10_000)]
Service = Annotated[str, Query(max_length=40)]
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {"content": {sse.MEDIA_TYPE: {"schema": {"type": "string"}}}}
}


@router.get("/tenants/{slug}/logs", response_class=PlainTextResponse, responses=_STREAM)
async def logs(
    slug: str,
    request: Request,
    deps: Deps,
    _caller: OperatorOf,
    tail: Tail = 100,
    follow: Flag = False,
    service: Service = "",
) -> Response:
    """The agent's lines across restarts, or with `service` those of a service beside it; as plain
    text, or as SSE (`event: log`) by Accept."""
    view = await deps.repository.tenants.get(slug)
    role = _role(deps.repository.blueprint(view.revision), service) if service else AGENT
    lines = await deps.steward.logs(view.tenant.id, tail, follow, role)
    if sse.MEDIA_TYPE in request.headers.get("accept", ""):
        after = request.headers.get("last-event-id", "")
        return sse.response(_log_events(lines, after, deps.heartbeat))
    text = (f"{line}\n" async for line in lines)
    return StreamingResponse(text, media_type="text/plain")


@router.get("/tenants/{slug}/events", response_model=EventsOut, responses=_STREAM)
async def tenant_events(
    slug: str,
    request: Request,
    deps: Deps,
    caller: CallerOf,
    tail: Tail = 100,
    follow: Flag | None = None,
) -> Any:
    """What happened to this tenant: JSON, or SSE with `follow` or by Accept."""
    view = await deps.repository.tenants.get(slug)
    # Who looked at the tenant's credentials is for the operator's eyes.
    kinds = KINDS if caller.is_operator else ("tenant",)
    return await _events(request, deps, view.tenant.id, kinds, tail, follow)


@router.get("/events", response_model=EventsOut, responses=_STREAM)
async def all_events(
    request: Request,
    deps: Deps,
    _caller: Operator,
    tail: Tail = 100,
    follow: Flag | None = None,
) -> Any:
    """What happened in the installation: JSON, or SSE with `follow` or by Accept."""
    return await _events(request, deps, "", KINDS, tail, follow)


@router.get("/tenants/{slug}/usage", response_model=UsageOut)
async def usage(slug: str, deps: Deps, _caller: CallerOf) -> Any:
    """What the tenant uses now, and its requests, tokens and cost by day (UTC)."""
    view = await deps.repository.tenants.get(slug)
    return await deps.steward.usage(view.tenant.id)


def _role(blueprint: Blueprint, service: str) -> str:
    """Raises NotFound."""
    there = [block.id for block in blueprint.of_kind("service")]
    if service not in there:
        hint = near(service, there, "services")
        raise NotFound(f"{blueprint.name} has no service {shown(service)}. {hint}".rstrip())
    return service


async def _events(
    request: Request,
    deps: ApiDependencies,
    tenant: str,
    kinds: tuple[str, ...],
    tail: int,
    follow: bool | None,
) -> Response:
    events = deps.repository.events
    resumed = sse.last_event_id(request)
    # Read first: what comes while the tail is read is sent by the stream.
    newest = await events.last_id()
    if resumed is None:
        first = await events.newest(tail, tenant, kinds) if tail else ()
        after = max(newest, first[-1].id) if first else newest
    else:
        first, after = (), resumed
    if sse.wanted(request, follow):
        stream = sse.follow(events, deps.watcher, first, after, tenant, kinds, deps.heartbeat)
        return sse.response(stream)
    if resumed is not None:
        first = await events.after(resumed, tail or 1, tenant, kinds)
    return JSONResponse({"items": [present.event(record) for record in first]})


async def _log_events(
    lines: AsyncIterator[str], after: str, heartbeat: float
) -> AsyncIterator[str]:
    """A line's time is its id: it rises, and a reader who comes back gets the lines behind it."""
    yield sse.COMMENT
    async with aclosing(_with_pauses(lines, heartbeat)) as parts:
        async for line in parts:
            if line is None:
                yield sse.COMMENT
                continue
            at, _, text = line.partition(" ")
            if not after or at > after:
                yield sse.message("log", {"at": at, "line": line, "text": text}, at)


async def _with_pauses(
    lines: AsyncIterator[str], seconds: float
) -> AsyncGenerator[str | None, None]:
    """The same lines, and None whenever there was none for so long."""
    following = aiter(lines)
    while True:
        coming = asyncio.ensure_future(anext(following, None))
        try:
            while not (await asyncio.wait({coming}, timeout=seconds))[0]:
                yield None
            line = await coming
        finally:
            coming.cancel()
        if line is None:
            return
        yield line
