"""Server-sent events: the form, and the stream that follows the events table."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import StreamingResponse

from stateroom.api import present
from stateroom.api.watch import Watcher
from stateroom.errors import Invalid, Problem
from stateroom.store.events import Events
from stateroom.store.records import EventRecord

MEDIA_TYPE = "text/event-stream"
COMMENT = ": still here\n\n"
AT_ONCE = 200
"""Events read in one go."""


def message(kind: str, data: Any, event_id: object = "") -> str:
    """One event; data is JSON on one line, in ASCII: some readers take U+2028 for a line's end."""
    head = f"id: {event_id}\n" if event_id != "" else ""
    text = json.dumps(data, separators=(",", ":"))
    return f"{head}event: {kind}\ndata: {text}\n\n"


def wanted(request: Request, follow: bool | None) -> bool:
    """Whether the caller wants a stream: asked for by `follow`, else by Accept."""
    if follow is not None:
        return follow
    return MEDIA_TYPE in request.headers.get("accept", "")


def last_event_id(request: Request) -> int | None:
    """Where the caller wants to go on. Raises Invalid."""
    given = request.headers.get("last-event-id", "").strip()
    if not given:
        return None
    if not given.isascii() or not given.isdigit() or len(given) > 18:
        detail = "Last-Event-ID is not the id of an event."
        raise Invalid([Problem("", "bad_event_id", detail, "Leave it out to begin anew.")])
    return int(given)


def response(parts: AsyncIterator[str]) -> StreamingResponse:
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(parts, media_type=MEDIA_TYPE, headers=headers)


async def follow(
    events: Events,
    watcher: Watcher,
    first: Sequence[EventRecord],
    after: int,
    tenant: str,
    kinds: Sequence[str],
    heartbeat: float,
) -> AsyncIterator[str]:
    """`first`, then everything behind the id `after`, for ever. A comment when it is quiet."""
    # Tells the client, and every buffer between, at once that the stream is there.
    yield COMMENT
    for record in first:
        yield _event(record)
    while True:
        newest = await watcher.now()
        found = await events.after(after, AT_ONCE, tenant, kinds)
        for record in found:
            yield _event(record)
        if found:
            after = found[-1].id
        if len(found) < AT_ONCE:
            # What is not for this reader is not looked at again.
            after = max(after, newest)
            if not await watcher.beyond(after, heartbeat):
                yield COMMENT


def _event(record: EventRecord) -> str:
    shown = present.event(record)
    data = {"at": shown["at"], "tenant_id": shown["tenant_id"], **shown["data"]}
    if record.kind == "tenant":
        # As in every other answer; `tenant` is what it was called first.
        data["slug"] = data.get("tenant")
    return message(record.kind, data, record.id)
