"""The loop's store in memory: rows as the api would have written them, for tests without I/O.

It does what `StewardStore` and the repository promise and no more; tests/integration runs the
same loop over the real one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from stateroom.domain.rollout import Seen
from stateroom.errors import NotFound
from stateroom.store.credentials import new_broker_key, new_token
from stateroom.store.records import (
    CabinRecord,
    CopyRecord,
    Desired,
    DesiredTenant,
    FailureRecord,
    ProviderRecord,
    RevisionRecord,
    SecretRecord,
    StatusRecord,
    TenantRecord,
)
from stateroom.store.sealing import PROVIDER_KEY, Sealer

DEMO = ProviderRecord("demo", "demo", "", {}, 0)


class MemoryStore:
    """Public dictionaries: tenants and cabins by the tenant's id, secrets by tenant and name."""

    def __init__(self, sealer: Sealer, clock: Callable[[], float]) -> None:
        self.tenants: dict[str, TenantRecord] = {}
        self.cabins: dict[str, CabinRecord] = {}
        self.resting: dict[str, CabinRecord] = {}
        self.secrets: dict[tuple[str, str], SecretRecord] = {}
        self.providers: dict[str, ProviderRecord] = {"demo": DEMO}
        self.revisions: dict[tuple[str, int], RevisionRecord] = {}
        self.failures: dict[tuple[str, float, str], FailureRecord] = {}
        self.status: dict[str, StatusRecord] = {}
        self.gone: list[tuple[str, str]] = []
        self.used_mb: dict[str, float] = {}
        self.copies: dict[str, CopyRecord] = {}
        self.copied = False
        self._sealer = sealer
        self._clock = clock
        self._number = 0
        self._version = 0

    # What the api does.

    def create(self, slug: str, **columns: Any) -> str:
        """A tenant with a cabin of its own; answers its id."""
        self._number += 1
        tenant_id, cabin_id = f"t-{slug}-{self._number}", f"{self._number:08x}"
        now = self._clock()
        given: dict[str, Any] = {
            "values": {}, "limits": {}, "variables": {}, "suspended": False, "safe_mode": False,
            "restart_at": 0.0, "generation": 1, "changed_at": now, "created_at": now,
            "blueprint": "sample", "revision": 1,
        }
        self.tenants[tenant_id] = TenantRecord(
            id=tenant_id, slug=slug, name=slug.title(), **(given | columns)
        )
        token, key = new_token(self._sealer, cabin_id), new_broker_key(self._sealer, cabin_id)
        self.cabins[tenant_id] = CabinRecord(
            cabin_id, self._number, self._number, tenant_id, "assigned", 2048, token.sealed,
            # Kept the same from run to run: plans are compared as text.
            hashlib.sha256(f"token {cabin_id}".encode()).hexdigest().upper(),
            key.sealed, hashlib.sha256(f"key {cabin_id}".encode()).hexdigest(), now,
        )  # fmt: skip
        return tenant_id

    def change(self, slug: str, **columns: Any) -> None:
        """Raises the tenant's generation."""
        tenant = self.named(slug)
        self.tenants[tenant.id] = replace(
            tenant, generation=tenant.generation + 1, changed_at=self._clock(), **columns
        )

    def named(self, slug: str) -> TenantRecord:
        return next(t for t in self.tenants.values() if t.slug == slug)

    def put_secret(self, slug: str, name: str, value: str, kind: str = "env") -> None:
        tenant = self.named(slug)
        self._version += 1
        self.secrets[tenant.id, name] = SecretRecord(
            tenant.id, name, kind, self._version, self._clock(),
            self._sealer.seal(tenant.id, name, value.encode()),
        )  # fmt: skip
        self.change(slug)

    def drop_secret(self, slug: str, name: str) -> None:
        del self.secrets[self.named(slug).id, name]
        self.change(slug)

    def put_provider(self, name: str, key: str, prices: Mapping[str, Any] | None = None) -> None:
        self._version += 1
        sealed = self._sealer.seal(name, PROVIDER_KEY, key.encode())
        url = "https://models.invalid/v1"
        self.providers[name] = ProviderRecord(
            name, "openai", url, prices or {}, self._version, sealed
        )

    def erase_kept(self, cabin_id: str) -> None:
        self.resting[cabin_id] = replace(self.resting[cabin_id], state="erased")

    def forget(self, slug: str) -> None:
        """No row ever knew it."""
        tenant = self.named(slug)
        del self.tenants[tenant.id], self.cabins[tenant.id]
        self.status.pop(tenant.id, None)

    def revise(self, document: Mapping[str, Any], images: Mapping[str, Any]) -> int:
        """A new revision of the blueprint, whose images were looked for; answers its number."""
        name = str(document["name"])
        number = 1 + sum(known == name for known, _ in self.revisions)
        self._version += 1
        self.revisions[name, number] = RevisionRecord(
            self._version, name, number, document, {}, f"digest {number}", self._clock(), images,
            not_here=not images,
        )  # fmt: skip
        return number

    def want_copies(self, name: str) -> None:
        """Of everybody's disks, before anything else of theirs starts."""
        self.copied = True
        for tenant_id, cabin in self.cabins.items():
            copy = CopyRecord(name, cabin.id, tenant_id, "d1", cabin.disk_mb, "wanted")
            self.copies[f"{name} {cabin.id}"] = copy

    def copies_become(self, state: str) -> None:
        self.copies = {key: replace(copy, state=state) for key, copy in self.copies.items()}

    # What the steward asks.

    async def desired(self) -> Desired:
        return Desired(
            tenants=tuple(self._entry(tenant) for tenant in self.tenants.values()),
            kept=tuple(c for c in self.resting.values() if c.state == "kept"),
            revisions=dict(self.revisions),
            providers=dict(self.providers),
            status=dict(self.status),
            erased=tuple(c for c in self.resting.values() if c.state == "erased"),
            failures={
                c: self._failures_of(c)
                for c in {f.cabin for f in self.failures.values()}
                if c not in {cabin.id for cabin in self.cabins.values()}
            },
            copies=tuple(self.copies.values()),
        )

    def _entry(self, tenant: TenantRecord) -> DesiredTenant:
        cabin = self.cabins[tenant.id]
        mine = (
            replace(s, sealed=b"") for (owner, _), s in self.secrets.items() if owner == tenant.id
        )
        return DesiredTenant(tenant, cabin, tuple(mine), self._failures_of(cabin.id))

    def _failures_of(self, cabin: str) -> tuple[FailureRecord, ...]:
        return tuple(f for f in self.failures.values() if f.cabin == cabin)

    async def save_status(self, records: Sequence[StatusRecord]) -> None:
        self.status |= {r.tenant: r for r in records if r.tenant in self.tenants}

    async def add_failures(self, records: Iterable[FailureRecord]) -> None:
        for record in records:
            self.failures.setdefault((record.cabin, record.at, record.kind), record)

    async def note_disk(self, cabin_id: str, used_mb: float) -> None:
        self.used_mb[cabin_id] = used_mb

    async def finish_delete(self, tenant_id: str, *, seen: str = "") -> None:
        tenant = self.tenants.get(tenant_id)
        if tenant is None or tenant.deleting != seen:
            return
        del self.tenants[tenant_id]
        self.status.pop(tenant_id, None)
        cabin = self.cabins.pop(tenant_id)
        self.gone.append((tenant.slug, seen))
        if seen == "keep":
            self.resting[cabin.id] = replace(cabin, state="kept", broker_key_sha256="")

    async def finish_erase(self, cabin_id: str) -> None:
        self.resting.pop(cabin_id, None)

    async def carry_on(
        self, deployment: str, seen: Mapping[str, Seen], log: tuple[str, ...] = ()
    ) -> bool:
        raise AssertionError("these rows have no roll-outs; the real store has")

    async def move_copies_on(self, moved: Sequence[tuple[CopyRecord, str]]) -> None:
        for copy, state in moved:
            key = f"{copy.id} {copy.cabin}"
            if state:
                self.copies[key] = replace(copy, state=state)
            else:
                del self.copies[key]

    async def sealed_secrets(self, tenant_id: str) -> tuple[SecretRecord, ...]:
        return tuple(s for (owner, _), s in self.secrets.items() if owner == tenant_id)

    async def cabin(self, tenant_id: str) -> CabinRecord:
        if tenant_id not in self.cabins:
            raise NotFound("there is no such tenant")
        return self.cabins[tenant_id]
