"""`stateroom status`: the installation, its tenants by phase, and those that need somebody."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import typer

from stateroom.cli.answers import items, mapping, text
from stateroom.cli.options import Json
from stateroom.cli.screen import moment
from stateroom.cli.session import session
from stateroom.cli.tenant_view import tenant_table
from stateroom.cli.tenants import all_tenants
from stateroom.cli.waiting import needs_somebody

TROUBLED = ("failed", "degraded")


def register(app: typer.Typer) -> None:
    app.command()(status)


def status(as_json: Json = False) -> None:
    """Show whether Stateroom is well, and how its tenants are.

    \b
    Examples:
      stateroom status
      stateroom status --json
    """
    with session(as_json) as s:
        installation = s.api.get_object("/status")
        if as_json:
            s.screen.json(installation)
            return
        tenants = mapping(installation.get("tenants"))
        phases = mapping(tenants.get("phases"))
        s.screen.facts([("tenants", _count(tenants.get("total"), phases)), *_facts(installation)])
        if not installation.get("steward", True):
            s.screen.note("The steward is away: nothing changes meanwhile. See `stateroom doctor`.")
        for notice in (*_notices(installation), *_certificate_notices(installation)):
            s.screen.note(notice, "yellow")
        troubled = [each for phase in TROUBLED for each in all_tenants(s, phase=phase)]
        troubled += [each for each in all_tenants(s, phase="provisioning") if needs_somebody(each)]
        if troubled:
            s.screen.text("")
            s.screen.table(*tenant_table(troubled))


def _notices(installation: Mapping[str, Any]) -> Iterator[str]:
    """What the api knows that somebody should see to."""
    for notice in items(installation.get("notices")):
        yield f"{text(notice.get('detail'))} {text(notice.get('hint'))}".strip()


def _certificate_notices(installation: Mapping[str, Any]) -> Iterator[str]:
    """Only where this is the machine that it runs on: elsewhere nobody could act on it."""
    import asyncio
    import time
    from urllib.parse import urlsplit

    from stateroom.cli.target import is_localhost_name
    from stateroom.installation import certificates

    console = urlsplit(str(installation.get("console_url") or ""))
    host = console.hostname or ""
    if not is_localhost_name(host):
        return
    shown = asyncio.run(certificates.served("127.0.0.1", console.port or 443, host))
    if shown is not None:
        validity = certificates.of_edge(shown, time.time())
        if validity.verdict != "good":
            yield f"{validity.detail[:1].upper()}{validity.detail[1:]}."


def _count(total: Any, phases: Mapping[str, Any]) -> str:
    known = ", ".join(f"{count} {phase}" for phase, count in sorted(phases.items()) if count)
    return f"{total or 0}" + (f" ({known})" if known else "")


def _facts(value: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """One line for each leaf: the API may say more tomorrow, and it is shown then."""
    for name, each in value.items():
        key = f"{prefix}{name}"
        if key in ("tenants", "notices"):
            continue
        if isinstance(each, Mapping):
            yield from _facts(each, f"{key}.")
        elif isinstance(each, float) and name.endswith(("_at", "since")):
            yield key, moment(each)
        elif isinstance(each, str):
            yield key, each
        elif each is not None:
            yield key, json.dumps(each, ensure_ascii=False)
