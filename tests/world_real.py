"""The same world over the real store: a SQLite database of its own, migrated once and copied."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stateroom.domain.runtime import stable_digest
from stateroom.steward.pins import pin_new_revisions
from stateroom.store.database import Database
from stateroom.store.migrate import upgrade
from stateroom.store.records import StatusRecord, TenantView
from stateroom.store.repository import Repository
from stateroom.store.sealing import Redacted
from stateroom.store.steward import StewardStore
from stateroom.store.tenant_change import Change
from stateroom.store.tenant_create import NewSecret, NewTenant
from tests.world import INSTALLATION, World, document, keyring

_template: dict[str, bytes] = {}


@dataclass(frozen=True, slots=True)
class Real:
    """world: the loop over fakes, with this store. repository: what the api writes through."""

    world: World
    repository: Repository
    store: StewardStore
    database: Database
    file: Path

    async def create(self, slug: str, **new: Any) -> TenantView:
        """As the api does; secrets as name=value."""
        secrets = {n: NewSecret(Redacted(v)) for n, v in new.pop("secrets", {}).items()}
        made = await self.repository.creation.create(
            NewTenant(slug, "sample", secrets=secrets, **new)
        )
        assert made.view is not None
        return made.view

    async def change(self, slug: str, patch: Mapping[str, Any]) -> TenantView:
        return await self.repository.changes.change(slug, Change(patch))

    async def deploy(self, version: str) -> None:
        self.world.engine.images[f"openclaw:{version}"] = ("openclaw", "gateway", "run")
        await self.repository.blueprints.put("sample", document(version))
        await self.pin()
        await self.repository.deployments.deploy("sample")

    async def pin(self) -> None:
        """As housekeeping does after every change."""
        await pin_new_revisions(self.store, self.world.engine, lambda reference: reference)

    async def status(self, slug: str) -> StatusRecord:
        found = (await self.repository.tenants.get(slug)).status
        assert found is not None
        return found

    async def files(self, slug: str) -> dict[str, bytes]:
        """What was written into the tenant's cabin last."""
        cabin = (await self.repository.tenants.get(slug)).cabin
        return dict(self.world.engine.contents[cabin.id].files)

    async def instance(self, slug: str) -> str:
        cabin = (await self.repository.tenants.get(slug)).cabin.id
        view = await self.world.engine.observe()
        (found,) = [i.name for i in view.instances if i.cabin == cabin]
        return found


@asynccontextmanager
async def real_world(folder: Path) -> AsyncIterator[Real]:
    """With the sample blueprint deployed, and no tenant."""
    file = folder / "stateroom.db"
    file.write_bytes(await _migrated(folder))
    database = Database(f"sqlite+aiosqlite:///{file}")
    world = World(StewardStore(database, lambda: world.now))
    store = world.store
    assert isinstance(store, StewardStore)
    repository = Repository.over(database, INSTALLATION, keyring().sealer, world.clock)
    real = Real(world, repository, store, database, file)
    try:
        await real.deploy("2026.9.6")
        yield real
        world.assert_unbroken()
    finally:
        await database.close()


async def _migrated(folder: Path) -> bytes:
    if "bytes" not in _template:
        file = folder / "template.db"
        database = Database(f"sqlite+aiosqlite:///{file}")
        await upgrade(database)
        await database.close()
        _template["bytes"] = file.read_bytes()
    return _template["bytes"]


def image_id(version: str) -> str:
    """As the engine's fake pins it."""
    return f"sha256:{stable_digest(f'openclaw:{version}')}"
