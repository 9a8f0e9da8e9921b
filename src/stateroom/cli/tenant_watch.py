"""`stateroom tenants logs | events`: what happens, once or as it comes."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stateroom.cli.failure import Unreachable
from stateroom.cli.options import Follow, Json, MaybeSlug, Slug
from stateroom.cli.paths import path
from stateroom.cli.screen import moment
from stateroom.cli.session import Session, session
from stateroom.cli.sse import Event, events

if TYPE_CHECKING:
    from stateroom.cli.client import Stream

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
    tail: Annotated[
        int, typer.Option("--tail", metavar="N", min=0, help="How many of the last lines.")
    ] = 100,
    as_json: Json = False,
) -> None:
    """Print what a tenant's runtime wrote, across its restarts.

    \b
    Examples:
      stateroom tenants logs acme --tail 20
      stateroom tenants logs acme -f
    """
    where = path("tenants", slug, "logs")
    with session(as_json) as s, _stoppable():
        if follow:
            _follow(s, where, lambda event: _log(s, _line(event.value)), {"tail": tail})
        else:
            with s.api.stream(where, "text/plain", tail=tail, follow="false") as stream:
                for line in _text_lines(stream):
                    _log(s, line)


def events_(slug: MaybeSlug = None, follow: Follow = False, as_json: Json = False) -> None:
    """Print what happened to a tenant, or to all of them.

    \b
    Examples:
      stateroom tenants events acme
      stateroom tenants events -f --json
    """
    where = path("tenants", slug, "events") if slug else "/events"
    with session(as_json) as s, _stoppable():
        if follow:
            _follow(s, where, lambda event: _event(s, _from_stream(event)), {})
        else:
            answer = s.api.get(where, follow="false")
            for each in answer.get("items", []) if isinstance(answer, dict) else answer or []:
                _event(s, each)


def _follow(s: Session, where: str, show: Callable[[Event], None], params: dict[str, Any]) -> None:
    """Until Ctrl-C. A connection that breaks is made again after the last event seen."""
    last_id, heard_at = "", time.monotonic()
    while True:
        try:
            with s.api.stream(where, SSE, last_id, follow="true", **params) as stream:
                heard_at = time.monotonic()
                for event in _stream_events(stream):
                    last_id = event.id or last_id
                    show(event)
                    heard_at = time.monotonic()
        except Unreachable:
            if time.monotonic() - heard_at > QUIET_SECONDS:
                raise
        if last_id:
            # What was shown is not asked for again.
            params = {name: value for name, value in params.items() if name != "tail"}
        time.sleep(RECONNECT_SECONDS)


def _stream_events(stream: Stream) -> Any:
    if stream.media_type == SSE:
        return events(stream.lines)
    return (Event("", "log", line) for line in stream.lines)


def _text_lines(stream: Stream) -> Any:
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
    value = event.value
    return {"id": event.id, "kind": event.kind, "data": value}


def _event(s: Session, event: Any) -> None:
    if s.screen.as_json or not isinstance(event, dict):
        s.screen.json_line(event)
        return
    data = event.get("data")
    data = data if isinstance(data, dict) else {"data": data}
    at = moment(event.get("at") or data.get("at"))
    rest = {name: value for name, value in data.items() if name != "at"}
    facts = "  ".join(f"{name}={_short(value)}" for name, value in rest.items())
    s.screen.raw(f"{at}  {event.get('kind', '')}  {facts}".strip())


def _short(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@contextlib.contextmanager
def _stoppable() -> Any:
    """Ctrl-C is how one stops following: no error, nothing to explain."""
    try:
        yield
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
