"""The repository: every noun's part of the store over one database, built in one place."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from stateroom.domain.blueprint import Blueprint
from stateroom.domain.cabin import Installation
from stateroom.store.blueprints import Blueprints
from stateroom.store.database import Database
from stateroom.store.deployments import Deployments
from stateroom.store.events import Events
from stateroom.store.lookups import ParsedBlueprints
from stateroom.store.providers import Providers
from stateroom.store.records import RevisionRecord
from stateroom.store.sealing import Sealer
from stateroom.store.sessions import Sessions
from stateroom.store.tenant_change import TenantChanges
from stateroom.store.tenant_create import TenantCreation
from stateroom.store.tenant_list import TenantList
from stateroom.store.tenant_secrets import TenantSecrets
from stateroom.store.tenants import Tenants
from stateroom.store.volumes import Volumes
from stateroom.store.webhook import Webhooks


@dataclass(frozen=True, slots=True)
class Repository:
    """What the api uses; the steward has `StewardStore`."""

    tenants: Tenants
    listing: TenantList
    creation: TenantCreation
    changes: TenantChanges
    secrets: TenantSecrets
    blueprints: Blueprints
    deployments: Deployments
    providers: Providers
    volumes: Volumes
    events: Events
    sessions: Sessions
    webhooks: Webhooks
    parsed: ParsedBlueprints

    def blueprint(self, revision: RevisionRecord) -> Blueprint:
        """A revision's document, parsed; remembered."""
        return self.parsed.of(revision)

    @classmethod
    def over(
        cls,
        database: Database,
        installation: Installation,
        sealer: Sealer,
        clock: Callable[[], float] = time.time,
    ) -> Repository:
        parsed = ParsedBlueprints()
        return cls(
            tenants=Tenants(database, sealer, clock),
            listing=TenantList(database),
            creation=TenantCreation(database, installation, sealer, parsed, clock),
            changes=TenantChanges(database, parsed, clock),
            secrets=TenantSecrets(database, sealer, parsed, clock),
            blueprints=Blueprints(database, clock),
            deployments=Deployments(database, parsed, clock),
            providers=Providers(database, sealer, parsed),
            volumes=Volumes(database, clock),
            events=Events(database),
            sessions=Sessions(database, clock),
            webhooks=Webhooks(database, sealer, clock),
            parsed=parsed,
        )
