"""Looking ahead: the plan in words, and the plan that an unsaved blueprint would make."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from stateroom.domain import blueprint as blueprints
from stateroom.domain.blueprint import Blueprint
from stateroom.domain.canary import first
from stateroom.domain.compile import image_references, programs
from stateroom.domain.effects import Effect, effect
from stateroom.domain.names import near, shown
from stateroom.domain.plan_text import render, route_changes, sentence
from stateroom.domain.pointer import pointer
from stateroom.domain.runtime import AGENT
from stateroom.errors import Absent, Invalid, Permanent, Problem
from stateroom.runtimes.obtaining import how_to_obtain
from stateroom.steward.collect import Sources
from stateroom.steward.look import Look, look
from stateroom.steward.pins import Pins
from stateroom.steward.wishes import Compiler
from stateroom.store.deployments import in_order
from stateroom.store.lookups import ParsedBlueprints
from stateroom.store.records import Desired, DesiredTenant, RevisionRecord, TenantRecord
from stateroom.store.rollout_steps import changes_images
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

    async def of(
        self,
        name: str,
        document: Mapping[str, Any],
        slugs: Collection[str] | None = None,
        canary: str = "",
    ) -> Ahead:
        """slugs, canary: as a deployment has them. Raises Invalid for a document that is no
        blueprint, or whose image is not here, and for a slug that is no tenant of it."""
        parsed = blueprints.parse(document)
        images = await self._images(parsed)
        mark = blueprints.digest(parsed)
        revision = RevisionRecord(UNSAVED, name, UNSAVED, document, {}, mark, 0.0, images=images)
        today = await self._store.desired()
        moving = _movers(today, name, slugs)
        desired = _moved(today, _elsewhere(today, moving, mark), revision)
        everybody = len(desired.tenants)
        seen = await look(
            desired, self._sources, self._compiler(), self._clock,
            boots_at_once=everybody, copies_at_once=everybody,
        )  # fmt: skip
        return Ahead(seen, self._effects(today, moving, revision, seen, canary))

    async def _images(self, parsed: Blueprint) -> dict[str, Any]:
        """By reference, as a revision pins them. Raises Invalid with each that is not here."""
        found: dict[str, Any] = {}
        problems = []
        for reference in image_references(parsed):
            try:
                found[reference] = (await self._pins.pin(self._local(reference))).row()
            except Absent as error:
                how = how_to_obtain(reference)
                problems += _at(parsed, reference, "no_image", error.message, how)
            except Permanent as error:
                problems += _at(parsed, reference, "bad_image", error.message)
        if problems:
            raise Invalid(problems, "It draws what this machine cannot run yet.")
        return found

    def _effects(
        self,
        today: Desired,
        moving: Mapping[str, TenantRecord],
        revision: RevisionRecord,
        seen: Look,
        canary: str,
    ) -> tuple[TenantAhead, ...]:
        goes_first = first(canary, in_order(list(moving.values())))
        before = {wish.tenant: wish for wish in self._compiler().wishes(today)}
        after = {wish.tenant: wish for wish in seen.wishes}
        parsed = ParsedBlueprints()
        found = []
        for id_, tenant in moving.items():
            if id_ not in after or id_ not in before:
                continue
            was = today.revisions.get((tenant.blueprint, tenant.revision))
            copies = was is not None and changes_images(parsed, was, revision)
            its = effect(before[id_], after[id_], seen.inventory, copies=copies)
            found.append(TenantAhead(tenant.slug, its, tenant.slug in goes_first))
        return tuple(sorted(found, key=lambda t: (not t.canary, t.slug)))


@dataclass(frozen=True, slots=True)
class TenantAhead:
    """What a deployment would mean for one tenant. canary: it would go first."""

    slug: str
    effect: Effect
    canary: bool


@dataclass(frozen=True, slots=True)
class Ahead:
    look: Look
    tenants: tuple[TenantAhead, ...]

    def described(self) -> dict[str, Any]:
        tenants = [
            {
                "slug": t.slug,
                "effect": t.effect.cost.value,
                "detail": t.effect.detail,
                "canary": t.canary,
            }
            for t in self.tenants
        ]
        return {**described(self.look, ""), "tenants": tenants}


def _at(
    parsed: Blueprint, reference: str, code: str, detail: str, hint: str = ""
) -> list[Problem]:
    """One for each block whose program is that image."""
    roles, found = programs(parsed), []
    for index, block in enumerate(parsed.blocks):
        role, option = (AGENT, "version") if block.kind == "openclaw" else (block.id, "image")
        if roles.get(role) == reference:
            at = pointer("blocks", index, "options", option)
            found.append(Problem(at, code, _sentence(detail), _sentence(hint), block=block.id))
    return found


def _sentence(clause: str) -> str:
    return f"{clause[:1].upper()}{clause[1:]}." if clause else ""


def _movers(
    desired: Desired, name: str, slugs: Collection[str] | None
) -> dict[str, TenantRecord]:
    """By id, whom a deployment would move. Raises Invalid."""
    mine = [
        e.tenant for e in desired.tenants if e.tenant.blueprint == name and not e.tenant.deleting
    ]
    if slugs is None:
        return {tenant.id: tenant for tenant in mine}
    known = {tenant.slug for tenant in mine}
    unknown = [
        Problem(
            "/tenants", "unknown_tenant", f"{shown(slug)} is no tenant of blueprint {name}.",
            near(slug, known, "tenants"),
        )
        for slug in slugs
        if slug not in known
    ]  # fmt: skip
    if unknown:
        raise Invalid(unknown)
    return {tenant.id: tenant for tenant in mine if tenant.slug in slugs}


def _elsewhere(
    desired: Desired, moving: Mapping[str, TenantRecord], mark: str
) -> dict[str, TenantRecord]:
    """Those whose revision means something else. Saving a document that means what its newest
    revision means makes none, so a deployment changes nothing for who runs that one."""
    revisions = {id_: desired.revisions.get((t.blueprint, t.revision)) for id_, t in moving.items()}
    return {
        id_: tenant
        for id_, tenant in moving.items()
        if (its := revisions[id_]) is None or its.digest != mark
    }


def _moved(
    desired: Desired, moving: Mapping[str, TenantRecord], revision: RevisionRecord
) -> Desired:
    def moved(entry: DesiredTenant) -> DesiredTenant:
        if entry.tenant.id not in moving:
            return entry
        tenant = replace(
            entry.tenant, revision=UNSAVED, generation=entry.tenant.generation + 1
        )
        return replace(entry, tenant=tenant)

    return replace(
        desired,
        tenants=tuple(moved(entry) for entry in desired.tenants),
        revisions={**desired.revisions, (revision.blueprint, UNSAVED): revision},
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
