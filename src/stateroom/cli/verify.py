"""`stateroom verify`: attacks the isolation live and prints every probe that the API reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import typer

from stateroom.cli.failure import Failure
from stateroom.cli.options import Json, MaybeSlug
from stateroom.cli.paths import path
from stateroom.cli.screen import safe
from stateroom.cli.session import Session, session


def register(app: typer.Typer) -> None:
    app.command()(verify)


def verify(slug: MaybeSlug = None, as_json: Json = False) -> None:
    """Attack the isolation from inside a tenant's cabin, or every tenant's; print every probe. Not
    in this version yet.

    \b
    Examples:
      stateroom verify acme
      stateroom verify --json
    """
    from stateroom.cli.tenants import all_tenants

    with session(as_json) as s:
        slugs = [slug] if slug is not None else [str(t["slug"]) for t in all_tenants(s)]
        answers = {each: s.api.post(path("tenants", each, "verify"), {}) for each in slugs}
        if as_json:
            s.screen.json(answers[slug] if slug is not None else answers)
        else:
            for each, answer in answers.items():
                _show(s, each, answer)
            if not slugs:
                s.screen.note("No tenant to verify.")
        broken = sorted(each for each, answer in answers.items() if _failed(answer))
        if broken:
            raise Failure(f"The isolation of {', '.join(broken)} did not hold.", answer=answers)


def _show(s: Session, slug: str, answer: Any) -> None:
    probes = _probes(answer)
    if not probes:
        isolation = _isolation(answer)
        total = isolation.get("total")
        done = f"{isolation.get('passed', 0)} of {total} probes passed" if total else "accepted"
        s.screen.text(f"{slug}: {done}")
        return
    for probe in probes:
        mark = "passed" if probe.get("passed") else "FAILED"
        detail = f": {probe['detail']}" if probe.get("detail") else ""
        s.screen.text(safe(f"{slug}  {mark}  {probe.get('name', '')}{detail}"))


def _failed(answer: Any) -> bool:
    if any(not probe.get("passed") for probe in _probes(answer)):
        return True
    isolation = _isolation(answer)
    return bool(isolation.get("total")) and isolation.get("passed") != isolation.get("total")


def _probes(answer: Any) -> list[Mapping[str, Any]]:
    found = answer.get("probes") if isinstance(answer, Mapping) else None
    return [each for each in found or () if isinstance(each, Mapping)]


def _isolation(answer: Any) -> Mapping[str, Any]:
    if not isinstance(answer, Mapping):
        return {}
    status = answer.get("status")
    found = status.get("isolation") if isinstance(status, Mapping) else answer.get("isolation")
    return found if isinstance(found, Mapping) else {}
