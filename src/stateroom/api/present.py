"""Records as the public contract shows them. Pure: nothing is looked up here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

from stateroom.domain.blueprint import Blueprint
from stateroom.domain.limits import with_services
from stateroom.domain.status import Reached
from stateroom.domain.values import declared_values, effective_limits
from stateroom.settings import Settings
from stateroom.store.providers import DEMO
from stateroom.store.records import (
    BlueprintRecord,
    EventRecord,
    ProviderRecord,
    RevisionRecord,
    SecretRecord,
    StatusRecord,
    TenantView,
    VolumeRecord,
)

_NEVER_SEEN = "The steward has not looked at it yet."
_BEING_APPLIED = "A change is being applied."


def moment(at: float) -> str:
    """RFC 3339 in UTC, to the millisecond."""
    text = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def shown_status(view: TenantView) -> StatusRecord:
    """The kept status, corrected by what is known to be newer: the steward may not have looked
    since the last change, and `ready` means that the last generation is applied."""
    tenant, kept = view.tenant, view.status
    if tenant.deleting:
        since = kept.since if kept and kept.phase == "deleting" else tenant.changed_at
        reason = kept.reason if kept and kept.phase == "deleting" else ""
        waiting = kept.waiting if kept else ()
        return StatusRecord(tenant.id, "deleting", since, reason, waiting, 0, 0)
    if kept is None:
        return StatusRecord(tenant.id, "provisioning", tenant.created_at, _NEVER_SEEN, (), 0, 0)
    if kept.phase in ("ready", "asleep") and kept.applied_generation < tenant.generation:
        return StatusRecord(
            tenant.id,
            "starting",
            tenant.changed_at,
            _BEING_APPLIED,
            kept.waiting,
            kept.applied_generation,
            kept.running_revision,
            kept.seen_generation,
        )
    # What kept an older generation from going on says nothing of the change that came since.
    if kept.blocked and kept.seen_generation < tenant.generation:
        return replace(kept, blocked=False)
    return kept


def has_reached(view: TenantView, phase: str) -> bool:
    """Whether `wait=phase` is answered: the phase is there, for the last generation."""
    shown, generation = shown_status(view), view.tenant.generation
    if phase == "ready":
        return shown.phase in ("ready", "asleep")
    if shown.phase != phase:
        return False
    if phase == "suspended":
        return view.tenant.suspended and shown.applied_generation >= generation
    return phase == "deleting" or view.status is None or shown.seen_generation >= generation


def cannot_reach(view: TenantView, phase: str) -> bool:
    """Whether the phase cannot come unless somebody acts, so that waiting is of no use."""
    shown = shown_status(view)
    if view.tenant.deleting:
        return phase != "deleting"
    if view.tenant.suspended:
        return phase not in ("suspended", "deleting")
    # The failure of an older generation says nothing of the change that is waited for.
    failed = shown.phase == "failed" and shown.seen_generation >= view.tenant.generation
    return (failed or shown.blocked) and phase != shown.phase


def tenant(view: TenantView, blueprint: Blueprint, settings: Settings) -> dict[str, Any]:
    record, status = view.tenant, shown_status(view)
    values = {
        name: value.option.default if value.default is None else value.default
        for name, value in declared_values(blueprint).items()
    }
    agents = effective_limits(blueprint, record.values, record.limits)
    total = with_services(blueprint, record.values, agents)
    # Disks only grow, so one may be larger than what is asked for today.
    beside = total.disk_mb - agents.disk_mb
    disk_mb = max(agents.disk_mb, view.cabin.disk_mb - beside)
    return {
        "id": record.id,
        "slug": record.slug,
        "name": record.name,
        "blueprint": record.blueprint,
        "revision": (view.status.running_revision if view.status else 0) or record.revision,
        "target_revision": record.revision,
        "values": {n: v for n, v in {**values, **record.values}.items() if v is not None},
        "own_values": dict(record.values),
        "limits": asdict(replace(agents, disk_mb=disk_mb)),
        "limits_total": asdict(replace(total, disk_mb=disk_mb + beside)),
        "own_limits": dict(record.limits),
        "services": [block.id for block in blueprint.of_kind("service")],
        "variables": dict(record.variables),
        "suspended": record.suspended,
        "safe_mode": record.safe_mode,
        "url": settings.tenant_url(record.slug),
        "generation": record.generation,
        "status": _status(_counted_anew(status, record.generation)),
        "created_at": moment(record.created_at),
    }


def _counted_anew(status: StatusRecord, generation: int) -> StatusRecord:
    """Steps count towards the last change; the steward may not have looked since."""
    return replace(status, reached=0) if status.seen_generation < generation else status


def steps(reached: int) -> dict[str, bool]:
    return {step.name.lower(): reached >= step for step in Reached if step}


def _status(status: StatusRecord) -> dict[str, Any]:
    return {
        "phase": status.phase,
        "since": moment(status.since),
        "reason": status.reason,
        "waiting": list(status.waiting),
        "blocked": status.blocked,
        "steps": steps(status.reached),
        "applied_generation": status.applied_generation,
        "isolation": {"passed": 0, "total": 0, "at": None},
    }


def secret(record: SecretRecord) -> dict[str, Any]:
    return {
        "name": record.name,
        "kind": record.kind,
        "updated_at": moment(record.updated_at),
    }


def event(record: EventRecord) -> dict[str, Any]:
    return {
        "id": record.id,
        "at": moment(record.at),
        "kind": record.kind,
        "tenant_id": record.tenant,
        "data": _with_moments(record.data),
    }


def _with_moments(data: Mapping[str, Any]) -> dict[str, Any]:
    shown = dict(data)
    if isinstance(since := data.get("since"), float):
        shown["since"] = moment(since)
    if "reached" in data:
        shown["steps"] = steps(shown.pop("reached"))
    return shown


def revision(record: RevisionRecord) -> dict[str, Any]:
    return {
        "blueprint": record.blueprint,
        "revision": record.number,
        "digest": record.digest,
        "created_at": moment(record.created_at),
    }


def revision_document(record: RevisionRecord) -> dict[str, Any]:
    return {
        **revision(record),
        "document": dict(record.document),
        "layout": dict(record.layout),
    }


def blueprint(record: BlueprintRecord) -> dict[str, Any]:
    return {
        "name": record.name,
        "revision": record.newest.number,
        "deployed_revision": record.deployed or None,
        "digest": record.newest.digest,
        "created_at": moment(record.created_at),
    }


def blueprint_document(record: BlueprintRecord) -> dict[str, Any]:
    return {
        **blueprint(record),
        "document": dict(record.newest.document),
        "layout": dict(record.newest.layout),
    }


def volume(record: VolumeRecord) -> dict[str, Any]:
    return {
        "id": record.id,
        "tenant_id": record.tenant,
        "slug": record.slug,
        "size_mb": record.size_mb,
        "used_mb": None if record.used_mb is None else round(record.used_mb, 1),
        "kept_since": moment(record.kept_since),
        "reason": _why_kept(record),
        "restorable": not record.deployment,
    }


def _why_kept(record: VolumeRecord) -> str:
    if not record.deployment:
        return "Its tenant was deleted and the disk kept."
    return (
        f"What was written between deployment {record.deployment}, which failed, and putting back"
        " the disk from before it."
    )


def provider(record: ProviderRecord) -> dict[str, Any]:
    return {
        "name": record.name,
        "kind": record.kind,
        "base_url": record.base_url,
        "prices": dict(record.prices),
        "has_key": bool(record.sealed_key),
        "built_in": record.name == DEMO.name,
    }
