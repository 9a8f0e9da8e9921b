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
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from stateroom.domain import actions as a
from stateroom.domain.inventory import Inventory, State
from stateroom.domain.plan import Plan
from stateroom.domain.runtime import AGENT
from stateroom.domain.status import Status
from stateroom.domain.wish import Wish
from stateroom.engines.base import Measures
from stateroom.errors import EngineError, StateroomError
from stateroom.steward.collect import Sources
from stateroom.steward.execute import Executor
from stateroom.steward.look import Look, look
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
LONGEST_REST = 0.5
"""Seconds at most that the loop rests for as long as the pass before it took: whoever makes
events as fast as they can has half of the loop's time and no more."""


class Store(Protocol):
    """What the loop needs of the store."""

    async def desired(self) -> Desired: ...

    async def save_status(self, records: Sequence[StatusRecord]) -> None: ...

    async def add_failures(self, records: Sequence[FailureRecord]) -> None: ...

    async def note_disk(self, cabin_id: str, used_mb: float) -> None: ...

    async def finish_delete(self, tenant_id: str, *, seen: str = "") -> None: ...

    async def finish_erase(self, cabin_id: str) -> None: ...


class Ongoing(Protocol):
    """What takes longer than a pass: see roll_outs."""

    async def carry_on(self, desired: Desired, look: Look) -> bool: ...


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
        roll_outs: Ongoing | None = None,
        boots_at_once: int = 2,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._roll_outs = roll_outs
        self._sources = sources
        self._executor = executor
        self._compiler = compiler
        self._providers = providers
        self._prober = prober
        self._boots_at_once = boots_at_once
        self._clock = clock
        self._wake = asyncio.Event()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        # For people only: what is said once is not said by every pass.
        self._said: frozenset[str] = frozenset()
        self.last = Look(0.0)

    def wake(self) -> None:
        """Somebody says that there may be something to do."""
        self._wake.set()

    async def run(self) -> None:
        """For ever. A pass that fails is logged and the next one is the retry."""
        listener = asyncio.create_task(self._listen())
        try:
            while True:
                began = time.monotonic()
                pause = await self._pass_or_trouble()
                took = time.monotonic() - began
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), pause)
                await asyncio.sleep(max(SHORTEST, min(took, LONGEST_REST)))
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

    def _pause(self, seen: Look) -> float:
        """Until the first moment at which time alone changes something."""
        if seen.news:
            return 0.0
        moments = [seen.plan.look_again] if seen.plan.look_again > seen.at else []
        moments += [s.settles_at for s in seen.statuses.values() if s.settles_at > seen.at]
        if seen.trouble:
            moments.append(seen.at + AFTER_TROUBLE)
        soonest = min(moments, default=seen.at + TIMER)
        return min(TIMER, max(0.0, soonest - self._clock()))

    async def fresh_look(self) -> Look:
        """What a pass would do now; does nothing. Raises StateroomError."""
        _desired, seen = await self._look()
        return seen

    async def one_pass(self) -> Look:
        """Raises StateroomError where engine or store do not answer."""
        desired, seen = await self._look()
        self._prober.watch(_targets(seen.wishes, seen.inventory))
        recorded = await self._add_failures(
            [
                FailureRecord(c, f.at, f.began_at, f.kind, f.detail, role=f.role)
                for c, found in seen.noticed.items()
                for f in found
            ]
        )
        done = await self._dispatch(seen.plan)
        self.last = seen = replace(seen, trouble=seen.trouble or not (recorded and done))
        self._say_orphans(seen.plan)
        await self._record(desired, seen)
        if self._roll_outs is not None and await self._roll_outs.carry_on(desired, seen):
            self.last = seen = replace(seen, news=True)
        return seen

    async def _look(self) -> tuple[Desired, Look]:
        # In flight is read first: work that ends while we look was seen half done at worst.
        in_flight = frozenset(self._tasks)
        desired = await self._store.desired()
        seen = await look(
            desired, self._sources, self._compiler, self._clock,
            boots_at_once=self._boots_at_once, in_flight=in_flight,
            providers=self._providers.wanted(desired.providers),
        )  # fmt: skip
        return desired, seen

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
        """For people only: nobody can look at a disk any more once it is unmounted."""
        engine = self._sources.engine
        if not isinstance(engine, Measures):
            return
        with contextlib.suppress(StateroomError):
            if (used := (await engine.usage(cabin)).disk_mb) > 0:
                await self._store.note_disk(cabin, used)

    async def _work(self, cabin: str, todo: Sequence[a.CabinAction]) -> None:
        try:
            if _puts_away(todo):
                await self._measure(cabin)
            failures = await self._executor.run(cabin, todo)
            if not await self._add_failures(failures):
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

    async def _record(self, desired: Desired, seen: Look) -> None:
        changed: list[StatusRecord] = []
        tenants = {e.tenant.id: e.tenant for e in desired.tenants}
        for tenant_id, status in seen.statuses.items():
            known = desired.status.get(tenant_id)
            record = _record_of(seen.at, tenants[tenant_id], status, known)
            if record != known:
                changed.append(record)
        if changed:
            await self._store.save_status(changed)
        of_cabin = {e.cabin.id: e.tenant for e in desired.tenants}
        for cabin in seen.plan.gone:
            try:
                await self._finish(cabin, of_cabin.get(cabin))
            except StateroomError as error:
                # The next pass tries again; the others' deletions do not wait for it.
                log.error("cabin %s is not done: %s", cabin, error, extra={"action": "not_done"})

    async def _finish(self, cabin: str, tenant: TenantRecord | None) -> None:
        if tenant is None:
            await self._store.finish_erase(cabin)
        else:
            # Somebody may have asked for more, erasing, since this was planned.
            await self._store.finish_delete(tenant.id, seen=tenant.deleting)

    def _say_orphans(self, planned: Plan) -> None:
        found = {w.cabin: w.reason for w in planned.waiting if w.code == "orphan"}
        for cabin in sorted(found.keys() - self._said):
            log.warning("cabin %s: %s", cabin, found[cabin], extra={"action": "orphan"})
        self._said = frozenset(found)


def _puts_away(todo: Sequence[a.CabinAction]) -> bool:
    """Nothing of the cabin runs afterwards: it is suspended, or taken down."""
    return isinstance(todo[-1], a.Stop) or any(isinstance(action, a.Release) for action in todo)


def _record_of(
    now: float, tenant: TenantRecord, status: Status, known: StatusRecord | None
) -> StatusRecord:
    since = known.since if known is not None and known.phase == status.phase.value else now
    ready = status.phase.value == "ready"
    before = known.running_revision if known is not None else 0
    # What was applied once stays it while the runtime is stopped and begun anew.
    applied = known.applied_generation if known is not None else 0
    return StatusRecord(
        tenant=tenant.id,
        phase=status.phase.value,
        since=since,
        reason=status.reason,
        waiting=status.waiting,
        applied_generation=max(applied, status.applied_generation),
        running_revision=tenant.revision if ready else before,
        seen_generation=tenant.generation,
        blocked=status.blocked,
        reached=int(status.reached),
    )


def _targets(wishes: Sequence[Wish], inventory: Inventory) -> list[Target]:
    addresses = {wish.cabin.id: wish.cabin.host for wish in wishes}
    # Services are asked by the engine: nobody outside of a cabin can reach them.
    marks = {cabin: lies.version.mark for cabin, lies in inventory.content.items()}
    return [
        Target(
            instance.name,
            addresses[instance.cabin],
            instance.started_at,
            marks.get(instance.cabin, ""),
        )
        for instance in inventory.instances
        if instance.state is State.RUNNING
        and instance.role == AGENT
        and instance.cabin in addresses
    ]
