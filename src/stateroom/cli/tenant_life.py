"""`stateroom tenants restart | suspend | resume | sleep | wake | open | token`: acts on one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from stateroom.cli.answers import mapping
from stateroom.cli.failure import Failure
from stateroom.cli.options import WAIT_SECONDS, Json, Slug, Timeout, Wait
from stateroom.cli.paths import path
from stateroom.cli.session import Session, session
from stateroom.cli.tenant_view import show_tenant
from stateroom.cli.waiting import Goal, wait_for


def register(group: typer.Typer) -> None:
    for command in (restart, suspend, resume, sleep, wake):
        group.command()(command)
    group.command("open")(open_)
    group.command()(token)


def restart(
    slug: Slug,
    safe_mode: Annotated[
        bool,
        typer.Option(
            "--safe-mode",
            help="Last content that worked; channels and schedules off; state in /data left aside.",
        ),
    ] = False,
    wait: Wait = False,
    timeout: Timeout = WAIT_SECONDS,
    as_json: Json = False,
) -> None:
    """Restart a tenant's runtime. Its data stays.

    \b
    Examples:
      stateroom tenants restart acme --wait
      stateroom tenants restart acme --safe-mode
    """
    body = {"safe_mode": True} if safe_mode else {}
    with session(as_json) as s:
        answer = s.api.post(path("tenants", slug, "restart"), body)
        _finish(s, slug, answer, "is being restarted", "ready", wait, timeout)


def suspend(
    slug: Slug, wait: Wait = False, timeout: Timeout = WAIT_SECONDS, as_json: Json = False
) -> None:
    """Stop a tenant until `resume`: no request wakes it. Its data stays.

    \b
    Example:
      stateroom tenants suspend acme
    """
    with session(as_json) as s:
        answer = s.api.patch(path("tenants", slug), {"suspended": True})
        _finish(s, slug, answer, "is being suspended", "suspended", wait, timeout)


def resume(
    slug: Slug, wait: Wait = False, timeout: Timeout = WAIT_SECONDS, as_json: Json = False
) -> None:
    """Let a suspended tenant run again.

    \b
    Example:
      stateroom tenants resume acme --wait
    """
    with session(as_json) as s:
        answer = s.api.patch(path("tenants", slug), {"suspended": False})
        _finish(s, slug, answer, "is being resumed", "ready", wait, timeout)


def sleep(
    slug: Slug, wait: Wait = False, timeout: Timeout = WAIT_SECONDS, as_json: Json = False
) -> None:
    """Put a tenant to sleep now; the next request wakes it. Not in this version yet.

    \b
    Example:
      stateroom tenants sleep acme
    """
    with session(as_json) as s:
        answer = s.api.post(path("tenants", slug, "sleep"), {})
        _finish(s, slug, answer, "is falling asleep", "asleep", wait, timeout)


def wake(
    slug: Slug, wait: Wait = False, timeout: Timeout = WAIT_SECONDS, as_json: Json = False
) -> None:
    """Wake a sleeping tenant without a request. Not in this version yet.

    \b
    Example:
      stateroom tenants wake acme --wait
    """
    with session(as_json) as s:
        answer = s.api.post(path("tenants", slug, "wake"), {})
        _finish(s, slug, answer, "is waking", "ready", wait, timeout)


def open_(
    slug: Slug,
    browser: Annotated[
        bool, typer.Option("--browser", help="Open it here instead of only printing it.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Print a link that signs a browser in at the tenant: once, within 60 seconds.

    \b
    Examples:
      stateroom tenants open acme
      stateroom tenants open acme --browser
    """
    with session(as_json) as s:
        access = s.api.get_object(path("tenants", slug, "access"))
        link = _part(access, "open_url")
        if as_json:
            # The API token is not part of this answer: `token` asks for it by name.
            s.screen.json({"url": access.get("url"), "open_url": link})
        else:
            s.screen.text(link)
            s.screen.note("Works once, within 60 seconds.")
        if browser:
            _open(link)


def token(
    slug: Slug,
    rotate: Annotated[
        bool, typer.Option("--rotate", help="Replace it first; the old one stops working.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Print the token of the tenant's own HTTPS API. Recorded in the audit log.

    \b
    Example:
      TOKEN=$(stateroom tenants token acme)
    """
    with session(as_json) as s:
        if rotate:
            access = mapping(s.api.post(path("tenants", slug, "access", "rotate"), {}))
        else:
            access = s.api.get_object(path("tenants", slug, "access"))
        value = _part(access, "api_token")
        if as_json:
            s.screen.json({"url": access.get("url"), "api_token": value})
        else:
            s.screen.text(value)


def _finish(
    s: Session, slug: str, answer: Any, doing: str, phase: str, wait: bool, timeout: float
) -> None:
    tenant: Mapping[str, Any] | None
    tenant = answer if isinstance(answer, dict) and "generation" in answer else None
    if tenant is None:
        tenant = s.api.get_object(path("tenants", slug))
    if wait:
        goal = Goal(phase, int(tenant.get("generation") or 0))
        tenant = wait_for(s, slug, goal, timeout)
    else:
        s.screen.note(f"{slug} {doing}. `stateroom tenants show {slug}` follows it.")
    show_tenant(s.screen, tenant)


def _part(access: Mapping[str, Any], name: str) -> str:
    value = access.get(name)
    if not value:
        raise Failure(f"Stateroom answered without {name}: its api and this program differ.")
    return str(value)


def _open(link: str) -> None:
    import webbrowser

    if not webbrowser.open(link):
        raise Failure("No browser could be opened here: use the printed link, it still works.")
