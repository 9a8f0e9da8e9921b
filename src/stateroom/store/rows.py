"""Rows to records: which columns make which record, in the order of the record's fields.

Selecting exactly these columns lets a record be built by position, which is what keeps reading
a thousand tenants in milliseconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stateroom.domain.rollout import Member, Move, Rollout, Stage, State
from stateroom.store import tables as t
from stateroom.store.records import (
    CabinRecord,
    CopyRecord,
    EventRecord,
    FailureRecord,
    ProviderRecord,
    RevisionRecord,
    SecretRecord,
    StatusRecord,
    TenantRecord,
)

Row = Sequence[Any]

REVISION = tuple(
    t.revisions.c[name]
    for name in (
        "id", "blueprint", "number", "document", "layout", "digest", "created_at", "images",
        "not_here", "unfit",
    )
)  # fmt: skip
TENANT = tuple(
    t.tenants.c[name]
    for name in (
        "id", "slug", "name", "blueprint", "revision", "own_values", "own_limits",
        "own_variables", "suspended", "safe_mode", "restart_at", "generation", "changed_at",
        "created_at", "deleting",
    )
)  # fmt: skip
CABIN = tuple(
    t.cabins.c[name]
    for name in (
        "id", "number", "slot", "tenant", "state", "disk_mb", "sealed_token", "token_sha256",
        "sealed_broker_key", "broker_key_sha256", "created_at",
    )
)  # fmt: skip
SECRET = tuple(
    t.secrets.c[name] for name in ("tenant", "name", "kind", "version", "updated_at", "sealed")
)
PROVIDER = tuple(
    t.providers.c[name] for name in ("name", "kind", "base_url", "prices", "version", "sealed_key")
)
FAILURE = tuple(
    t.failures.c[name]
    for name in ("cabin", "at", "began_at", "kind", "detail", "retry_after", "role")
)
STATUS = tuple(
    t.status.c[name]
    for name in (
        "tenant", "phase", "since", "reason", "waiting", "applied_generation",
        "running_revision", "seen_generation", "blocked", "reached",
    )
)  # fmt: skip
EVENT = tuple(t.events.c[name] for name in ("id", "at", "kind", "tenant", "data"))
DEPLOYMENT = tuple(
    t.deployments.c[name]
    for name in (
        "id", "blueprint", "revision", "previous", "canary", "everybody", "created_at", "stage",
        "state", "stopping", "reason", "log", "finished_at",
    )
)  # fmt: skip
MEMBER = tuple(
    t.deployment_tenants.c[name]
    for name in (
        "tenant", "slug", "before", "canary", "state", "since", "generation", "ailing", "turn_at",
        "back", "reason", "note",
    )
)  # fmt: skip
COPY = tuple(
    t.copies.c[name]
    for name in ("id", "cabin", "tenant", "deployment", "size_mb", "state", "kept_at")
)


def revision(row: Row) -> RevisionRecord:
    return RevisionRecord(*row)


def tenant(row: Row) -> TenantRecord:
    return TenantRecord(*row)


def cabin(row: Row) -> CabinRecord:
    return CabinRecord(*row)


def secret(row: Row) -> SecretRecord:
    return SecretRecord(*row)


def unopened(row: Row) -> SecretRecord:
    """Of a row without its last column, the sealed value."""
    return secret((*row, b""))


def provider(row: Row) -> ProviderRecord:
    return ProviderRecord(*row)


def failure(row: Row) -> FailureRecord:
    return FailureRecord(*row)


def status(row: Row) -> StatusRecord:
    tenant_id, phase, since, reason, waiting, *rest = row
    return StatusRecord(tenant_id, phase, since, reason, tuple(waiting), *rest)


def event(row: Row) -> EventRecord:
    return EventRecord(*row)


def member(row: Row) -> Member:
    tenant_id, slug, before, canary, state, *rest = row
    return Member(tenant_id, slug, before, canary, Move(state), *rest)


def deployment(row: Row, members: Sequence[Member]) -> Rollout:
    (
        id_, name, number, previous, canary, everybody, created_at, stage, state, stopping,
        reason, log, finished_at,
    ) = row  # fmt: skip
    return Rollout(
        id_, name, number, previous, canary, everybody, tuple(members), created_at, Stage(stage),
        State(state), stopping, reason, tuple(log), finished_at,
    )  # fmt: skip


def copy(row: Row) -> CopyRecord:
    return CopyRecord(*row)
