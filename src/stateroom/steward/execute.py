"""Execute: one action, one verb. No decision is left and nothing is retried here.

A cabin's actions are done in order; one that fails is recorded and ends the cabin's turn (but
for a disk that cannot grow, on which nothing depends), and other cabins go on. What an action
needs beyond its plan (rendered content, an opened key) is made at the moment of writing and kept
nowhere.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from stateroom.broker.grants import Grants
from stateroom.domain import actions as a
from stateroom.domain.backoff import bounded
from stateroom.domain.content import Content, ContentVersion, ServiceContent
from stateroom.domain.wish import BrokerGrant
from stateroom.edge.base import Edge
from stateroom.engines.base import Copies, Engine, Resizes
from stateroom.errors import EngineError, Permanent, Retryable, StateroomError
from stateroom.runtimes import openclaw, service
from stateroom.steward.keys import StewardKeys
from stateroom.steward.providers import Providers
from stateroom.steward.wishes import Compiler
from stateroom.store.records import CabinRecord, FailureRecord, SecretRecord
from stateroom.store.sealing import BROKER_KEY

log = logging.getLogger(__name__)


class Overtaken(Exception):
    """What was planned was overtaken by a change; the next pass plans anew. No failure."""


class SealedValues(Protocol):
    """What the executor reads from the store: sealed values only."""

    async def sealed_secrets(self, tenant_id: str) -> tuple[SecretRecord, ...]: ...

    async def cabin(self, tenant_id: str) -> CabinRecord: ...


@dataclass(frozen=True, slots=True)
class Executor:
    """firewall: as the plan is told, asked anew before each start: what comes before one in a
    list may take long."""

    engine: Engine
    edge: Edge
    grants: Grants
    store: SealedValues
    compiler: Compiler
    providers: Providers
    keys: StewardKeys
    firewall: Callable[[], bool]
    clock: Callable[[], float] = time.time

    async def run(
        self, cabin: str, todo: Sequence[a.CabinAction]
    ) -> tuple[FailureRecord, ...]:
        """All of a cabin's actions in order. Answers what failed, none where all went well."""
        failures: list[FailureRecord] = []
        for action in todo:
            began = self.clock()
            try:
                await self.perform(action)
            except Overtaken:
                break
            except EngineError as error:
                log.warning(
                    "%s of cabin %s failed: %s", _verb(action), cabin, error,
                    extra={"action": "action_failed", "cabin": cabin},
                )
                failures.append(_failure(cabin, action, error, began, self.clock()))
                if not isinstance(action, a.Grow):
                    break
                continue
            log.info(
                "%s of cabin %s took %.2f s", _verb(action), cabin, self.clock() - began,
                extra={"action": "action_done", "cabin": cabin},
            )
        return tuple(failures)

    async def perform(self, action: a.Action) -> None:
        """Raises EngineError."""
        match action:
            case a.Prepare(cabin, volumes):
                await self.engine.prepare(cabin, volumes)
            case a.Grow(cabin, volumes):
                await self._resizes().grow(cabin, volumes)
            case a.Configure(cabin, version):
                await self.engine.configure(cabin.id, await self._content(cabin.id, version))
            case a.Create(spec):
                await self.engine.create(spec)
            case a.Start(name):
                if not self.firewall():
                    raise Overtaken
                await self.engine.start(name)
            case a.Stop(name, seconds):
                await self.engine.stop(name, seconds)
            case a.Remove(name):
                await self.engine.remove(name)
            case a.Resize(name, resources):
                await self._resizes().resize(name, resources)
            case a.Release(cabin_id):
                await self.engine.release(cabin_id)
            case a.EraseData(cabin_id):
                await self.engine.erase_data(cabin_id)
            case a.CopyDisk(cabin, names, copy):
                await self._copies().copy(cabin, names, copy)
            case a.PutBack(cabin, names, copy):
                await self._copies().put_back(cabin, names, copy)
            case a.DropCopy(cabin_id, copy):
                await self._copies().drop_copy(cabin_id, copy)
            case _:
                await self._perform_elsewhere(action)

    async def _perform_elsewhere(self, action: a.Action) -> None:
        match action:
            case a.Grant(cabin_id, key, digest):
                compilation = self.compiler.of(cabin_id)
                if compilation is None or compilation.grant is None:
                    raise Overtaken
                if compilation.wish.grant != BrokerGrant(key, digest):
                    raise Overtaken
                await self.grants.put(key, compilation.grant)
            case a.Revoke(key):
                await self.grants.remove(key)
            case a.PutProvider(name, _digest):
                provider = self.providers.named(name)
                if provider is not None:
                    await self.grants.put_provider(name, provider)
            case a.DropProvider(name):
                await self.grants.remove_provider(name)
            case a.Publish(table, version):
                await self.edge.replace(table, version)
            case _:
                raise Permanent(f"no verb for {type(action).__name__}")

    def _resizes(self) -> Resizes:
        if not isinstance(self.engine, Resizes):
            raise Permanent("this engine cannot change limits or sizes in place")
        return self.engine

    def _copies(self) -> Copies:
        if not isinstance(self.engine, Copies):
            raise Permanent("this engine cannot copy disks")
        return self.engine

    async def _content(self, cabin_id: str, version: object) -> Content:
        compilation = self.compiler.of(cabin_id)
        if compilation is None or compilation.compiled is None:
            raise Overtaken
        wish, content = compilation.wish, compilation.compiled.content
        if wish.content != version:
            raise Overtaken
        sealed = {s.name: s for s in await self.store.sealed_secrets(wish.tenant)}
        refs = [*content.secrets, *(ref for its in content.services for ref in its.secrets)]
        if any(
            ref.name not in sealed or str(sealed[ref.name].version) != ref.version for ref in refs
        ):
            raise Overtaken
        record = await self.store.cabin(wish.tenant)
        try:
            opened = {
                ref.name: self.keys.opener.open(wish.tenant, ref.name, sealed[ref.name].sealed)
                for ref in refs
            }
            key = self.keys.opener.open(cabin_id, BROKER_KEY, record.sealed_broker_key)
        except StateroomError as error:
            raise Permanent(f"a secret cannot be opened: {error}") from error
        assert wish.content is not None
        rendered = openclaw.render(content, wish.cabin, wish.content, opened, key.decode())
        services = ((s.role, self._service(s, wish.content, opened)) for s in content.services)
        return replace(rendered, services=tuple(services))

    def _service(
        self, its: ServiceContent, version: ContentVersion, opened: Mapping[str, bytes]
    ) -> Content:
        own = ContentVersion(
            version.generation,
            self.keys.digest(service.canonical(its)),
            self.keys.digest(service.canonical_environment(its)),
        )
        return service.render(its, own, opened)


def _failure(
    cabin: str, action: a.CabinAction, error: EngineError, began: float, now: float
) -> FailureRecord:
    kind = "grow" if isinstance(action, a.Grow) else "action"
    after = bounded(error.after) if isinstance(error, Retryable) else 0.0
    return FailureRecord(cabin, now, began, kind, f"{_verb(action)} failed: {error}", after)


def _verb(action: a.Action) -> str:
    """As people say it: words that were written as one, apart."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(action).__name__).lower()

