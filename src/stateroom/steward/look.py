"""A look: what a pass sees and would do, as a value. Looking changes nothing, so the loop, the
plan that people ask for and the preview of an unsaved blueprint share it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from stateroom.domain.failures import noticed
from stateroom.domain.inventory import Inventory
from stateroom.domain.plan import Plan, plan
from stateroom.domain.plan_orphans import Others
from stateroom.domain.status import Phase, Status, statuses
from stateroom.domain.views import views
from stateroom.domain.wish import Failure, Wish
from stateroom.steward.collect import Sources, collect
from stateroom.steward.wishes import Compiler, checkpoints_of, failures_of
from stateroom.store.records import Desired


@dataclass(frozen=True, slots=True)
class Look:
    """noticed: by cabin, failures that are to be recorded. trouble: a part of ours did not do
    what it should, so the next look comes soon. news: a roll-out went on, so what is wanted is
    not what it was when this was seen."""

    at: float
    wishes: tuple[Wish, ...] = ()
    inventory: Inventory = field(default_factory=Inventory)
    plan: Plan = field(default_factory=Plan)
    statuses: dict[str, Status] = field(default_factory=dict)
    noticed: Mapping[str, tuple[Failure, ...]] = field(default_factory=dict)
    trouble: bool = False
    news: bool = False


async def look(
    desired: Desired,
    sources: Sources,
    compiler: Compiler,
    clock: Callable[[], float],
    *,
    boots_at_once: int,
    copies_at_once: int = 1,
    in_flight: frozenset[str] = frozenset(),
    providers: Mapping[str, str] | None = None,
) -> Look:
    """The arguments as `plan` has them. `desired` is read before this: what the engine is found
    to have is never older than what is wanted of it. Raises EngineError."""
    inventory = await collect(sources)
    now = clock()
    wishes = compiler.wishes(desired)
    alone = in_flight | {one.cabin for one in compiler.refused}
    # What a view tells does not hang on failures, so it is the same before and after.
    seen = views(now, wishes, inventory)
    if new := noticed(now, wishes, seen, alone):
        wishes = tuple(
            w.with_failures(new[w.cabin.id]) if w.cabin.id in new else w for w in wishes
        )
    planned = plan(
        now, wishes, inventory, alone, boots_at_once, providers, others(desired), copies_at_once,
        seen,
    )  # fmt: skip
    found = statuses(now, wishes, seen, planned)
    for one in compiler.refused:
        if one.tenant:
            found[one.tenant] = Status(Phase.FAILED, one.reason, (one.reason,), 0, blocked=True)
    away = inventory.routes is None or inventory.grants is None or inventory.providers is None
    return Look(now, wishes, inventory, planned, found, new, away)


def others(desired: Desired) -> Others:
    return Others(
        kept=frozenset(cabin.id for cabin in desired.kept),
        dropped={cabin: point.drop for cabin, point in checkpoints_of(desired.copies).items()},
        failures={cabin: failures_of(rows) for cabin, rows in desired.failures.items()},
    )
