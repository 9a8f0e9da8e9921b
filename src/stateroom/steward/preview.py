"""Looking ahead: the plan in words, and the plan that an unsaved blueprint would make."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from stateroom.domain import blueprint as blueprints
from stateroom.domain.compile import image_references
from stateroom.domain.plan_text import render, route_changes, sentence
from stateroom.errors import Invalid, Permanent, Problem
from stateroom.steward.collect import Sources
from stateroom.steward.look import Look, look
from stateroom.steward.pins import Pins
from stateroom.steward.wishes import Compiler
from stateroom.store.records import Desired, DesiredTenant, RevisionRecord
from stateroom.store.steward import StewardStore

UNSAVED = -1


class Preview:
    """compiler: makes a new one for each preview; what it compiled is never carried out."""

    def __init__(
        self,
        store: StewardStore,
        sources: Sources,
        compiler: Callable[[], Compiler],
        pins: Pins,
        local: Callable[[str], str],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._sources = sources
        self._compiler = compiler
        self._pins = pins
        self._local = local
        self._clock = clock

    async def of(self, name: str, document: Mapping[str, Any]) -> Look:
        """Raises Invalid for a document that is no blueprint, or whose image is not here."""
        parsed = blueprints.parse(document)
        images: dict[str, Any] = {}
        for reference in image_references(parsed):
            try:
                pin = await self._pins.pin(self._local(reference))
            except Permanent as error:
                raise Invalid([Problem("", "no_image", error.message)]) from error
            images[reference] = pin.row()
        revision = RevisionRecord(UNSAVED, name, UNSAVED, document, {}, "", 0.0, images=images)
        desired = _moved(await self._store.desired(), name, revision)
        return await look(
            desired, self._sources, self._compiler(), self._clock,
            boots_at_once=len(desired.tenants),
        )  # fmt: skip


def _moved(desired: Desired, name: str, revision: RevisionRecord) -> Desired:
    def moved(entry: DesiredTenant) -> DesiredTenant:
        if entry.tenant.blueprint != name or entry.tenant.deleting:
            return entry
        tenant = replace(
            entry.tenant, revision=UNSAVED, generation=entry.tenant.generation + 1
        )
        return replace(entry, tenant=tenant)

    return replace(
        desired,
        tenants=tuple(moved(entry) for entry in desired.tenants),
        revisions={**desired.revisions, (name, UNSAVED): revision},
    )


def described(seen: Look, tenant: str) -> dict[str, Any]:
    """{"text", "actions": [{tenant, cabin, action}], "waiting": [{tenant, reason, until}]}.
    tenant: an id, or "" for everything; a cabin that is nobody's has null for its tenant."""
    slugs = {w.cabin.id: w.slug for w in seen.wishes if tenant in ("", w.tenant)}
    shown = seen.plan
    if tenant:
        cabins = {c: todo for c, todo in shown.cabins.items() if c in slugs}
        waiting = tuple(w for w in shown.waiting if w.cabin in slugs)
        shown = replace(
            shown, cabins=cabins, waiting=waiting, publish=None, providers=(), gone=()
        )
    before = seen.inventory.routes
    publish = shown.publish
    edge = route_changes(before, publish.table) if publish is not None else []
    return {
        "text": render(shown, slugs, before),
        "actions": [
            *({"tenant": None, "part": "edge", "action": change} for change in edge),
            *(
                {"tenant": slugs.get(cabin), "cabin": cabin, "action": sentence(step)}
                for cabin, todo in shown.cabins.items()
                for step in todo
            ),
        ],
        "waiting": [
            {
                "tenant": slugs.get(w.cabin),
                "cabin": w.cabin,
                "code": w.code,
                "reason": w.reason,
                "until": w.until or None,
            }
            for w in shown.waiting
        ],
    }
