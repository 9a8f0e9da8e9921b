"""The loop: collect -> plan -> execute -> record, the one effectful sentence of the program.

A pass takes no input and never trusts the pass before it. It is woken by a signal of the api,
by an event of the engine, by the prober, by work that ended, and by a timer. Actions run in a
task for each cabin, so a cold boot holds up nobody; cabins with a task are in flight.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from stateroom.domain import actions as a
from stateroom.domain.failures import noticed
from stateroom.domain.inventory import Inventory, State
from stateroom.domain.plan import Plan, plan
from stateroom.domain.status import Status, statuses
from stateroom.domain.wish import Failure, Wish
from stateroom.engines.base import Measures
from stateroom.errors import EngineError, StateroomError
from stateroom.steward.collect import Sources, collect
from stateroom.steward.execute import Executor
from stateroom.steward.prober import Prober, Target
from stateroom.steward.providers import Providers
from stateroom.steward.wishes import Compiler
from stateroom.store.records import Desired, FailureRecord, StatusRecord, TenantRecord

log = logging.getLogger(__name__)

TIMER = 5.0
"""Seconds between passes when nothing happens; also what a lost signal costs at most."""
AFTER_TROUBLE = 1.0
SHORTEST = 0.02
"""Seconds that a pass waits for more to come: events arrive in bursts."""


class Store(Protocol):
    """What the loop needs of the store."""

    async def desired(self) -> Desired: ...

    async def save_status(self, records: Sequence[StatusRecord]) -> None: ...

    async def add_failures(self, records: Sequence[FailureRecord]) -> None: ...

    async def finish_delete(
        self, tenant_id: str, used_mb: float | None = None, *, seen: str = ""
    ) -> None: ...

    async def finish_erase(self, cabin_id: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Look:
    """What the last pass saw and decided, for those who ask (`stateroom plan`). noticed: by
    cabin, failures that are to be recorded. trouble: a part of ours did not do what it should,
    so the next look comes soon."""

    at: float
    wishes: tuple[Wish, ...] = ()
    inventory: Inventory = field(default_factory=Inventory)
    plan: Plan = field(default_factory=Plan)
    statuses: dict[str, Status] = field(default_factory=dict)
    noticed: Mapping[str, Failure] = field(default_factory=dict)
    trouble: bool = False


class Loop:
    def __init__(
        self,
        store: Store,
        sources: Sources,
        executor: Executor,
        compiler: Compiler,
        providers: Providers,
        prober: Prober,
        *,
        boots_at_once: int = 2,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._sources = sources
        self._executor = executor
        self._compiler = compiler
        self._providers = providers
        self._prober = prober
        self._boots_at_once = boots_at_once
        self._clock = clock
        self._wake = asyncio.Event()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        # For people only: how full a disk was when its cabin was taken down. Nobody can look any
        # more once it is unmounted; forgetting it costs a number in a list.
        self._used_mb: dict[str, float] = {}
        self.last = Look(0.0)

    def wake(self) -> None:
        """Somebody says that there may be something to do."""
        self._wake.set()

    async def run(self) -> None:
        """For ever. A pass that fails is logged and the next one is the retry."""
        listener = asyncio.create_task(self._listen())
        try:
            while True:
                pause = await self._pass_or_trouble()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), pause)
                await asyncio.sleep(SHORTEST)
                self._wake.clear()
        finally:
            listener.cancel()
            await asyncio.gather(listener, return_exceptions=True)
            await self.settle(cancel=True)

    async def settle(self, *, cancel: bool = False) -> None:
        """Waits for the work in flight (or ends it)."""
        tasks = list(self._tasks.values())
        if cancel:
            for task in tasks:
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if cancel:
            # A task that was cancelled before its first step could not take itself out.
            self._tasks.clear()

    async def _listen(self) -> None:
        while True:
            try:
                async for event in self._sources.engine.events():
                    log.debug("event %s of %s", event.kind, event.cabin, extra={"action": "event"})
                    self.wake()
            except Exception:
                # Without events the timer still sees everything, only later.
                log.exception("the engine's events broke off", extra={"action": "events_lost"})
            await asyncio.sleep(AFTER_TROUBLE)

    async def _pass_or_trouble(self) -> float:
        try:
            await self.one_pass()
        except StateroomError as error:
            log.error("the pass failed: %s", error, extra={"action": "pass_failed"})
            return AFTER_TROUBLE
        except Exception:
            # A defect of ours must not end the loop: the next pass may see another world.
            log.exception("the pass failed", extra={"action": "pass_failed"})
            return AFTER_TROUBLE
        return self._pause(self.last)

    def _pause(self, look: Look) -> float:
        """Until the first moment at which time alone changes something."""
        moments = [look.plan.look_again] if look.plan.look_again > look.at else []
        moments += [s.settles_at for s in look.statuses.values() if s.settles_at > look.at]
        if look.trouble:
            moments.append(look.at + AFTER_TROUBLE)
        soonest = min(moments, default=look.at + TIMER)
        return min(TIMER, max(0.0, soonest - self._clock()))

    async def fresh_look(self) -> Look:
        """What a pass would do now; does nothing. Raises StateroomError."""
        _desired, look = await self._look()
        return look

    async def one_pass(self) -> Look:
        """Raises StateroomError where engine or store do not answer."""
        desired, look = await self._look()
        self._prober.watch(_targets(look.wishes, look.inventory))
        recorded = await self._add_failures(
            [FailureRecord(c, f.at, f.began_at, f.kind, f.detail) for c, f in look.noticed.items()]
        )
        done = await self._dispatch(look.plan)
        self.last = look = replace(look, trouble=look.trouble or not (recorded and done))
        await self._record(desired, look)
        return look

    async def _look(self) -> tuple[Desired, Look]:
        # In flight is read first: work that ends while we look was seen half done at worst.
        in_flight = frozenset(self._tasks)
        desired = await self._store.desired()
        inventory = await collect(self._sources)
        now = self._clock()
        wishes = self._compiler.wishes(desired)
        new = noticed(now, wishes, inventory, in_flight)
        if new:
            wishes = tuple(
                w.with_failure(new[w.cabin.id]) if w.cabin.id in new else w for w in wishes
            )
        providers = self._providers.wanted(desired.providers)
        planned = plan(now, wishes, inventory, in_flight, self._boots_at_once, providers)
        found = statuses(now, wishes, inventory, planned)
        away = inventory.routes is None or inventory.grants is None or inventory.providers is None
        return desired, Look(now, wishes, inventory, planned, found, new, away)

    async def _add_failures(self, records: Sequence[FailureRecord]) -> bool:
        """Whether they are written down. A database that takes nothing, its disk being full,
        must not keep runtimes from being started."""
        if not records:
            return True
        try:
            await self._store.add_failures(records)
        except StateroomError as error:
            log.error("failures not recorded: %s", error, extra={"action": "not_recorded"})
            return False
        return True

    async def _dispatch(self, planned: Plan) -> bool:
        """Whether all that is done at once, and not by a task of its own, went well."""
        done = [await self._attempt(action) for action in planned.providers]
        if planned.publish is not None:
            done.append(published := await self._attempt(planned.publish))
            if published:
                # What waited to see the edge's new table can go on.
                self.wake()
        for cabin, todo in planned.cabins.items():
            self._tasks[cabin] = asyncio.create_task(self._work(cabin, todo))
        return all(done)

    async def _attempt(self, action: a.Action) -> bool:
        try:
            await self._executor.perform(action)
        except EngineError as error:
            log.warning(
                "%s failed: %s", type(action).__name__.lower(), error,
                extra={"action": "action_failed"},
            )
            return False
        return True

    async def _measure(self, cabin: str) -> None:
        engine = self._sources.engine
        if cabin in self._used_mb or not isinstance(engine, Measures):
            return
        with contextlib.suppress(EngineError):
            if (used := (await engine.usage(cabin)).disk_mb) > 0:
                self._used_mb[cabin] = used

    async def _work(self, cabin: str, todo: Sequence[a.CabinAction]) -> None:
        try:
            if any(isinstance(action, a.Release) for action in todo):
                await self._measure(cabin)
            failure = await self._executor.run(cabin, todo)
            if failure is not None and not await self._add_failures([failure]):
                await self._hold_back()
        except StateroomError as error:
            log.error("work on %s failed: %s", cabin, error, extra={"action": "work_failed"})
            await self._hold_back()
        except Exception:
            log.exception("work on %s failed", cabin, extra={"action": "work_failed"})
            await self._hold_back()
        finally:
            self._tasks.pop(cabin, None)
            self.wake()

    async def _hold_back(self) -> None:
        """No failure was recorded, so no back-off is computed from one: the cabin stays in
        flight for a moment, or this would turn as fast as it can."""
        await asyncio.sleep(AFTER_TROUBLE)

    async def _record(self, desired: Desired, look: Look) -> None:
        changed: list[StatusRecord] = []
        tenants = {e.tenant.id: e.tenant for e in desired.tenants}
        for tenant_id, status in look.statuses.items():
            known = desired.status.get(tenant_id)
            record = _record_of(look.at, tenants[tenant_id], status, known)
            if record != known:
                changed.append(record)
        if changed:
            await self._store.save_status(changed)
        of_cabin = {e.cabin.id: e.tenant for e in desired.tenants}
        for cabin in look.plan.gone:
            if cabin in of_cabin:
                tenant = of_cabin[cabin]
                # Somebody may have asked for more, erasing, since this was planned.
                used = self._used_mb.pop(cabin, None)
                await self._store.finish_delete(tenant.id, used, seen=tenant.deleting)
            else:
                await self._store.finish_erase(cabin)


def _record_of(
    now: float, tenant: TenantRecord, status: Status, known: StatusRecord | None
) -> StatusRecord:
    since = known.since if known is not None and known.phase == status.phase.value else now
    ready = status.phase.value == "ready"
    before = known.running_revision if known is not None else 0
    return StatusRecord(
        tenant=tenant.id,
        phase=status.phase.value,
        since=since,
        reason=status.reason,
        waiting=status.waiting,
        applied_generation=status.applied_generation,
        running_revision=tenant.revision if ready else before,
        seen_generation=tenant.generation,
    )


def _targets(wishes: Sequence[Wish], inventory: Inventory) -> list[Target]:
    addresses = {wish.cabin.id: str(wish.cabin.address) for wish in wishes}
    return [
        Target(instance.name, addresses[instance.cabin], instance.started_at)
        for instance in inventory.instances
        if instance.state is State.RUNNING and instance.cabin in addresses
    ]
