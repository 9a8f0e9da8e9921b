"""`stateroom tenants logs | events`: what happens, once or as it comes."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stateroom.cli.answers import items, mapping, text
from stateroom.cli.failure import Unreachable
from stateroom.cli.options import Follow, Json, MaybeSlug, Slug
from stateroom.cli.paths import path
from stateroom.cli.screen import moment
from stateroom.cli.session import Session, session
from stateroom.cli.sse import Event, events

if TYPE_CHECKING:
    from stateroom.cli.client import Stream

Tail = Annotated[
    int, typer.Option("--tail", metavar="N", min=0, max=10_000, help="How many of the last ones.")
]
Service = Annotated[
    str, typer.Option("--service", metavar="ID", help="A service's lines: the id of its block.")
]
SSE = "text/event-stream"
RECONNECT_SECONDS = 1.0
QUIET_SECONDS = 30.0
"""How long the API may be away before following gives up."""


def register(group: typer.Typer) -> None:
    group.command()(logs)
    group.command("events")(events_)


def logs(
    slug: Slug,
    follow: Follow = False,
    tail: Tail = 100,
    service: Service = "",
    as_json: Json = False,
) -> None:
    """Print what a tenant's runtime wrote, or a service beside it, across restarts.

    \b
    Examples:
      stateroom tenants logs acme --tail 20
      stateroom tenants logs acme -f
      stateroom tenants logs acme --service db
    """
    where = path("tenants", slug, "logs")
    of = {"service": service} if service else {}
    with session(as_json) as s, _stoppable():
        if follow:
            _follow(s, where, lambda event: _log(s, _line(event.value)), {"tail": tail}, of)
        else:
            with s.api.stream(where, "text/plain", tail=tail, follow="false", **of) as stream:
                for line in _text_lines(stream):
                    _log(s, line)


def events_(
    slug: MaybeSlug = None, follow: Follow = False, tail: Tail = 100, as_json: Json = False
) -> None:
    """Print what happened to a tenant, or to all of them.

    \b
    Examples:
      stateroom tenants events acme
      stateroom tenants events -f --json
    """
    where = path("tenants", slug, "events") if slug else "/events"
    with session(as_json) as s, _stoppable():
        if follow:
            _follow(s, where, lambda event: _event(s, _from_stream(event)), {"tail": tail})
        else:
            for each in items(s.api.get(where, follow="false", tail=tail)):
                _event(s, each)


def _follow(
    s: Session,
    where: str,
    show: Callable[[Event], None],
    params: dict[str, Any],
    of: Mapping[str, str] | None = None,
) -> None:
    """Until Ctrl-C. A connection that breaks is made again after the last event seen. of: what
    is asked for each time."""
    last_id, shown, heard_at = "", False, time.monotonic()
    while True:
        try:
            asked = {**params, **(of or {})}
            with s.api.stream(where, SSE, last_id, follow="true", **asked) as stream:
                heard_at = time.monotonic()
                for event in _stream_events(stream):
                    last_id = event.id or last_id
                    show(event)
                    shown, heard_at = True, time.monotonic()
        except Unreachable:
            if time.monotonic() - heard_at > QUIET_SECONDS:
                raise
        if shown and "tail" in params:
            # What was shown is not asked for again: the id says where to go on, and without one
            # only what comes from now on is new for certain.
            params = {} if last_id else {"tail": 0}
        time.sleep(RECONNECT_SECONDS)


def _stream_events(stream: Stream) -> Iterator[Event]:
    if stream.media_type == SSE:
        return events(stream.lines)
    return (Event("", "log", line) for line in stream.lines)


def _text_lines(stream: Stream) -> Iterator[str]:
    if stream.media_type == SSE:
        return (_line(event.value) for event in events(stream.lines))
    return stream.lines


def _line(value: Any) -> str:
    if isinstance(value, dict):
        return str(value.get("line", value.get("text", json.dumps(value, ensure_ascii=False))))
    return str(value)


def _log(s: Session, line: str) -> None:
    if s.screen.as_json:
        s.screen.json_line({"line": line})
    else:
        s.screen.raw(line)


def _from_stream(event: Event) -> dict[str, Any]:
    """In the shape that the same event has in a list."""
    data = dict(mapping(event.value)) or {"data": event.value}
    return {
        "id": int(event.id) if event.id.isdigit() else event.id,
        "at": data.pop("at", None),
        "kind": event.kind,
        "tenant_id": data.pop("tenant_id", ""),
        "data": data,
    }


def _event(s: Session, event: Mapping[str, Any]) -> None:
    if s.screen.as_json:
        s.screen.json_line(event)
        return
    facts = [f"{name}={_short(value)}" for name, value in mapping(event.get("data")).items()]
    parts = [moment(event.get("at")), text(event.get("kind")), text(event.get("tenant_id")), *facts]
    s.screen.raw("  ".join(part for part in parts if part))


def _short(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@contextlib.contextmanager
def _stoppable() -> Iterator[None]:
    """Ctrl-C is how one stops following: no error, nothing to explain."""
    try:
        yield
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
