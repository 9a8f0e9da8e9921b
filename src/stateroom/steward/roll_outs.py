"""Roll-outs, carried on: what a look showed of the tenants becomes the facts that a roll-out is
decided by, and what it showed of the disks moves their copies on.

The decision is made anew in the transaction that writes it down, so here it is only asked whether
there is one: nothing is written by a pass that changes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from stateroom.domain import plan_checkpoint as checkpoint
from stateroom.domain.backoff import RUNTIME, runtime_streak
from stateroom.domain.plan_step import Waiting
from stateroom.domain.rollout import DEATHS, Rollout, Seen, rollout
from stateroom.domain.runtime import AGENT
from stateroom.domain.status import Phase, Reached, Status
from stateroom.domain.wish import Intent, Wish
from stateroom.errors import StateroomError
from stateroom.steward.last_words import LastWords
from stateroom.steward.look import Look
from stateroom.store.records import CopyRecord, Desired, TenantRecord

log = logging.getLogger(__name__)


class RolloutStore(Protocol):
    async def carry_on(
        self, deployment: str, seen: Mapping[str, Seen], log: tuple[str, ...] = ()
    ) -> bool: ...

    async def move_copies_on(self, moved: Sequence[tuple[CopyRecord, str]]) -> None: ...


@dataclass(frozen=True, slots=True)
class RollOuts:
    store: RolloutStore
    words: LastWords
    clock: Callable[[], float]

    async def carry_on(self, desired: Desired, look: Look) -> bool:
        """Whether anything went on. What cannot be written down now is tried by the next pass."""
        if not desired.rollouts and not desired.copies:
            return False
        changed = await _tried("copies of disks", self._copies(desired, look))
        seen = seen_of(desired, look)
        for going in desired.rollouts:
            what = f"deployment {going.id} of {going.blueprint}"
            changed |= await _tried(what, self._one(going, seen, look))
        return changed

    async def _copies(self, desired: Desired, look: Look) -> bool:
        moved = copies_moved(desired, look)
        if moved:
            await self.store.move_copies_on(moved)
        return bool(moved)

    async def _one(self, going: Rollout, seen: Mapping[str, Seen], look: Look) -> bool:
        decision = rollout(going, seen, self.clock())
        if decision.rollout == going and not decision.move and not decision.put_back:
            return False
        words: tuple[str, ...] = ()
        if decision.culprit:
            words = await self.words.of(decision.culprit, _who_ended(decision.culprit, look))
        changed = await self.store.carry_on(going.id, seen, words)
        if changed and decision.rollout.state is not going.state:
            log.info(
                "deployment %s of %s is %s", going.id, going.blueprint,
                decision.rollout.state.value, extra={"action": "rollout"},
            )  # fmt: skip
        return changed


async def _tried(what: str, step: Awaitable[bool]) -> bool:
    """Whether it changed anything. One that cannot go on holds up neither the others nor the
    pass."""
    said = {"action": "not_rolled_out"}
    try:
        return await step
    except StateroomError as error:
        log.error("%s: not carried on: %s", what, error, extra=said)
    except Exception:
        # A defect of ours, met by every pass from now on.
        log.exception("%s: not carried on", what, extra=said)
    return False


def _who_ended(tenant: str, look: Look) -> str:
    """The role of what ended last: it has most likely said why."""
    ended = [
        failure
        for wish in look.wishes
        if wish.tenant == tenant
        for failure in wish.failures
        if failure.kind in RUNTIME.kinds
    ]
    return max(ended, key=lambda failure: failure.at).role if ended else AGENT


def seen_of(desired: Desired, look: Look) -> dict[str, Seen]:
    """By tenant. One that is being deleted is not seen any more."""
    wishes = {wish.tenant: wish for wish in look.wishes if wish.tenant}
    waiting: dict[str, list[Waiting]] = {}
    for entry in look.plan.waiting:
        waiting.setdefault(entry.cabin, []).append(entry)
    copying = {copy.cabin for copy in desired.copies if copy.state in ("wanted", "back")}
    found: dict[str, Seen] = {}
    for each in desired.tenants:
        tenant, status = each.tenant, look.statuses.get(each.tenant.id)
        wish = wishes.get(tenant.id)
        if tenant.deleting or status is None:
            continue
        found[tenant.id] = _seen(
            look.at, tenant, wish, status, waiting.get(each.cabin.id, []),
            copying=each.cabin.id in copying,
        )  # fmt: skip
    return found


def _seen(
    now: float,
    tenant: TenantRecord,
    wish: Wish | None,
    status: Status,
    waiting: Sequence[Waiting],
    *,
    copying: bool,
) -> Seen:
    well = status.phase in (Phase.READY, Phase.ASLEEP)
    return Seen(
        tenant.id, tenant.slug, tenant.blueprint, tenant.revision,
        suspended=tenant.suspended,
        well=well,
        applied=status.applied_generation,
        failing=_failing(now, wish, status, waiting),
        by_runtime=_by_runtime(now, wish, status),
        unwell=status.phase is Phase.DEGRADED,
        waits=any(w.code == "turn" for w in waiting),
        copying=copying,
        reason=status.reason,
    )  # fmt: skip


def _failing(
    now: float, wish: Wish | None, status: Status, waiting: Sequence[Waiting]
) -> str:
    """Why it will not get there by itself."""
    if status.phase is Phase.FAILED or status.blocked:
        return status.reason or "it failed"
    for wait in waiting:
        if wait.code == "copy":
            return wait.reason
    if wish is None or wish.intent is not Intent.RUN:
        return ""
    for role in _roles(wish):
        ended = runtime_streak(wish, now, role)
        if ended.count >= DEATHS and status.phase is not Phase.READY:
            assert ended.last is not None
            who = "its runtime" if role == AGENT else f"its service {role}"
            return f"{who} ended {ended.count} times in a row: {ended.last.detail}"
    return ""


def _roles(wish: Wish) -> tuple[str, ...]:
    return (AGENT, *(spec.role for spec in wish.services))


def _by_runtime(now: float, wish: Wish | None, status: Status) -> bool:
    """Whether its runtime, or a service of it, is what keeps it from there: it ended, or was
    started and does not answer. Where it did not even begin, what it wrote is of another time
    and tells nothing."""
    if wish is None or status.blocked:
        return False
    ended = any(runtime_streak(wish, now, role).count > 0 for role in _roles(wish))
    return ended or status.reached is Reached.STARTED


def copies_moved(desired: Desired, look: Look) -> list[tuple[CopyRecord, str]]:
    """Those that are not any more what their row says, and what they are; "" for gone. Nothing
    is said of a cabin with work in flight: half of it is done at best."""
    busy = {w.cabin for w in look.plan.waiting if w.code == "working"}
    wishes = {wish.cabin.id: wish for wish in look.wishes}
    found = []
    for copy in desired.copies:
        if copy.cabin in busy:
            continue
        state = _copy_state(copy, wishes.get(copy.cabin), look)
        if state != copy.state:
            found.append((copy, state))
    return found


def _copy_state(copy: CopyRecord, wish: Wish | None, look: Look) -> str:
    place = look.inventory.places.get(copy.cabin)
    if copy.state == "wanted" and wish is not None:
        volumes = [volume.name for volume in wish.volumes]
        return "there" if checkpoint.is_copied(copy.id, volumes, place) else "wanted"
    if copy.state == "back" and checkpoint.is_back(copy.id, place):
        return "kept" if checkpoint.kept_aside(copy.id, place) else ""
    if copy.state == "erased" and checkpoint.is_gone(copy.id, place):
        return ""
    return copy.state
