"""`stateroom status`: the installation, and its tenants by phase."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import typer

from stateroom.cli.answers import mapping
from stateroom.cli.options import Json
from stateroom.cli.screen import moment
from stateroom.cli.session import session
from stateroom.cli.tenant_view import tenant_table


def register(app: typer.Typer) -> None:
    app.command()(status)


def status(as_json: Json = False) -> None:
    """Show whether Stateroom is well, and how its tenants are.

    \b
    Examples:
      stateroom status
      stateroom status --json
    """
    from stateroom.cli.tenants import all_tenants

    with session(as_json) as s:
        installation = s.api.get("/status")
        tenants = all_tenants(s)
        phases = Counter(str(mapping(t.get("status")).get("phase") or "?") for t in tenants)
        if as_json:
            s.screen.json({"installation": installation, "phases": dict(sorted(phases.items()))})
            return
        s.screen.facts(list(_facts(mapping(installation))))
        counts = ", ".join(f"{count} {phase}" for phase, count in sorted(phases.items()))
        s.screen.facts([("tenants", f"{len(tenants)}" + (f" ({counts})" if counts else ""))])
        troubled = [t for t in tenants if _needs_attention(t)]
        if troubled:
            s.screen.text("")
            s.screen.table(*tenant_table(troubled))


def _needs_attention(tenant: Mapping[str, Any]) -> bool:
    return mapping(tenant.get("status")).get("phase") in ("failed", "degraded")


def _facts(value: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """One line for each leaf: the API may say more tomorrow, and it is shown then."""
    for name, each in value.items():
        key = f"{prefix}{name}"
        if isinstance(each, Mapping):
            yield from _facts(each, f"{key}.")
        elif isinstance(each, float) and name.endswith(("_at", "since", "at")):
            yield key, moment(each)
        elif isinstance(each, str):
            yield key, each
        elif each is not None:
            yield key, json.dumps(each, ensure_ascii=False)
