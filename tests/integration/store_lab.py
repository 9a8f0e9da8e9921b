"""A store for one test, copied from a migrated one, with a clock in hand: a real SQLite file, or a
database of a real PostgreSQL while a module's `either_database` says so."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from functools import cache
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from stateroom.domain.cabin import Installation
from stateroom.domain.rollout import Seen
from stateroom.store.database import Database
from stateroom.store.migrate import upgrade
from stateroom.store.records import StatusRecord, TenantRecord, TenantView
from stateroom.store.repository import Repository
from stateroom.store.sealing import Opener, Redacted, Sealer, new_keypair
from stateroom.store.steward import StewardStore
from stateroom.store.tenant_create import NewSecret, NewTenant
from tests.builders import sample_document
from tests.postgresql import TEMPLATE, Cluster

PRIVATE, PUBLIC = new_keypair()
INSTALLATION = Installation("3f", IPv4Network("10.213.0.0/24"))
"""A small pool: 32 slots."""


class Clock:
    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += seconds


@dataclass(frozen=True)
class Lab:
    path: Path
    database: Database
    store: Repository
    steward: StewardStore
    clock: Clock

    @property
    def opener(self) -> Opener:
        return Opener(PRIVATE)

    async def tenant(self, slug: str = "acme", **more: Any) -> TenantView:
        """Created of the sample blueprint, which is saved when it is not there yet."""
        await self.store.blueprints.put("support-agent", sample_document())
        new = NewTenant(slug, more.pop("blueprint", "support-agent"), **more)
        view = (await self.store.creation.create(new)).view
        assert view is not None
        return view

    async def report(self, slug: str, phase: str = "ready", **more: Any) -> None:
        """What the steward would note: this phase, with the last generation seen and applied."""
        tenant = (await self.store.tenants.get(slug)).tenant
        facts = {
            "since": self.clock(),
            "reason": "",
            "waiting": (),
            "applied_generation": tenant.generation,
            "running_revision": tenant.revision,
            "seen_generation": tenant.generation,
        }
        record = StatusRecord(tenant=tenant.id, phase=phase, **(facts | more))
        await self.steward.save_status([record])

    async def go_on(self, deployment: str) -> None:
        """The steward's next step of a roll-out, by what was reported of its tenants."""
        desired = await self.steward.desired()
        seen = {
            entry.tenant.id: _seen(entry.tenant, desired.status.get(entry.tenant.id))
            for entry in desired.tenants
            if not entry.tenant.deleting
        }
        await self.steward.carry_on(deployment, seen)

    def stored(self) -> bytes:
        """Everything that the database holds, as it lies there; bytes of PostgreSQL's in hex."""
        if server := _SERVER[-1]:
            return server.everything(self.path.parent).encode()
        return b"".join(file.read_bytes() for file in self.path.parent.glob(f"{self.path.name}*"))

    async def gone(self, slug: str, data: str = "erase") -> str:
        """Deleted, and finished by the steward; answers the tenant's id."""
        view = await self.store.tenants.delete(slug, data)
        await self.steward.finish_delete(view.tenant.id)
        return view.tenant.id


def _seen(tenant: TenantRecord, status: StatusRecord | None) -> Seen:
    seen = Seen(tenant.id, tenant.slug, tenant.blueprint, tenant.revision, tenant.suspended)
    if status is None:
        return seen
    failing = status.reason if status.phase == "failed" or status.blocked else ""
    return replace(
        seen, well=status.phase == "ready", applied=status.applied_generation, failing=failing
    )


def secret(value: str, kind: str | None = None) -> NewSecret:
    return NewSecret(Redacted(value), kind)


def url(path: Path) -> str:
    """Of the database at this path, or of the one that stands for it."""
    if server := _SERVER[-1]:
        return server.of_folder(path.parent)
    return f"sqlite+aiosqlite:///{path}"


@contextmanager
def on(server: Cluster | None) -> Iterator[None]:
    """Labs are on this server meanwhile; None: in files."""
    if server is not None and server not in _PREPARED:
        asyncio.run(_prepare(server.new(TEMPLATE)))
        _PREPARED.append(server)
    _SERVER.append(server)
    try:
        yield
    finally:
        _SERVER.pop()


@asynccontextmanager
async def lab(folder: Path, address: str = "") -> AsyncIterator[Lab]:
    """address: of a lab's database, for another process that shares it."""
    path = folder / "stateroom.db"
    if not address and _SERVER[-1] is None and not path.exists():
        shutil.copyfile(await _migrated(), path)
    database, clock = Database(address or url(path)), Clock()
    try:
        yield Lab(
            path,
            database,
            Repository.over(database, INSTALLATION, Sealer(PUBLIC), clock),
            StewardStore(database, clock),
            clock,
        )
    finally:
        await database.close()


async def _migrated() -> Path:
    """One migrated, empty database for all tests of a run: making it takes half a second."""
    path = _folder() / "empty.db"
    if not path.exists():
        scratch = path.with_name("scratch.db")
        await _prepare(f"sqlite+aiosqlite:///{scratch}")
        scratch.rename(path)
    return path


async def _prepare(address: str) -> None:
    database = Database(address)
    await upgrade(database)
    await database.close()


@cache
def _folder() -> Path:
    # Kept by the cache for the run; removed with the object when the run ends.
    _KEPT.append(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
    return Path(_KEPT[0].name)


_KEPT: list[tempfile.TemporaryDirectory[str]] = []
_SERVER: list[Cluster | None] = [None]
_PREPARED: list[Cluster] = []
