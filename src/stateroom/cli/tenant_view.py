"""A tenant as people read it. Pure but for the screen that it is given."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from stateroom.cli.answers import mapping
from stateroom.cli.screen import Screen, moment


def show_tenant(screen: Screen, tenant: Mapping[str, Any]) -> None:
    if screen.as_json:
        screen.json(tenant)
        return
    screen.facts(tenant_facts(tenant))


def tenant_facts(tenant: Mapping[str, Any]) -> list[tuple[str, str]]:
    status = mapping(tenant.get("status"))
    return [
        ("slug", str(tenant.get("slug") or "")),
        ("name", str(tenant.get("name") or "")),
        ("id", str(tenant.get("id") or "")),
        ("phase", str(status.get("phase") or "")),
        ("reason", str(status.get("reason") or "")),
        ("safe mode", _safe_mode(tenant)),
        ("waiting for", ", ".join(str(each) for each in status.get("waiting") or ())),
        ("since", moment(status.get("since"))),
        ("url", str(tenant.get("url") or "")),
        ("blueprint", _blueprint(tenant)),
        ("generation", _generation(tenant, status)),
        ("isolation", _isolation(status)),
        ("values", _pairs(tenant.get("values"))),
        ("limits", _pairs(tenant.get("limits"))),
        ("services", ", ".join(str(each) for each in tenant.get("services") or ())),
        ("with services", _pairs(tenant.get("limits_total")) if tenant.get("services") else ""),
        ("created", moment(tenant.get("created_at"))),
    ]


def tenant_table(
    tenants: Sequence[Mapping[str, Any]],
) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Headers and rows; the reason only where there is something to act on."""
    rows: list[tuple[str, ...]] = []
    for tenant in tenants:
        status = mapping(tenant.get("status"))
        phase = str(status.get("phase") or "")
        reason = "" if phase in ("ready", "asleep") else str(status.get("reason") or "")
        rows.append(
            (
                str(tenant.get("slug") or ""),
                phase,
                moment(status.get("since")),
                _blueprint(tenant),
                str(tenant.get("url") or ""),
                reason,
            )
        )
    return ("SLUG", "PHASE", "SINCE", "BLUEPRINT", "URL", "REASON"), rows


def _blueprint(tenant: Mapping[str, Any]) -> str:
    name = str(tenant.get("blueprint") or "")
    running, target = tenant.get("revision"), tenant.get("target_revision")
    if not name or (running is None and target is None):
        return name
    if not running or target in (None, running):
        return f"{name}@{running or target}"
    return f"{name}@{running} (moving to {target})"


def _safe_mode(tenant: Mapping[str, Any]) -> str:
    """It looks ready and is not what the tenant is used to: say so, and the way out."""
    if not tenant.get("safe_mode"):
        return ""
    return f"on; `stateroom tenants restart {tenant.get('slug')}` ends it"


def _generation(tenant: Mapping[str, Any], status: Mapping[str, Any]) -> str:
    wanted, applied = tenant.get("generation"), status.get("applied_generation")
    if wanted is None:
        return ""
    return f"{wanted}" if applied == wanted else f"{wanted} (applied: {applied or 0})"


def _isolation(status: Mapping[str, Any]) -> str:
    found = mapping(status.get("isolation"))
    if not found.get("total"):
        return ""
    at = moment(found.get("at"))
    return f"{found.get('passed', 0)} of {found['total']} probes passed" + (f", {at}" if at else "")


def _pairs(value: Any) -> str:
    return "  ".join(f"{name}={_short(each)}" for name, each in mapping(value).items())


def _short(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
