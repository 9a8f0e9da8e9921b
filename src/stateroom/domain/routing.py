"""Which routes the edge should have: a pure function of wishes and inventory."""

from __future__ import annotations

from collections.abc import Sequence

from stateroom.domain.cabin import AGENT_PORT
from stateroom.domain.instances import disks_fit, is_current, is_healthy, restart_reason
from stateroom.domain.inventory import Instance, Inventory, State
from stateroom.domain.routes import Door, Route, RouteTable
from stateroom.domain.wish import Intent, Wish


def wanted_table(now: float, wishes: Sequence[Wish], inventory: Inventory) -> RouteTable:
    """Every tenant who is not leaving has a row; its door is open while its runtime serves."""
    by_cabin: dict[str, list[Instance]] = {}
    for instance in inventory.instances:
        by_cabin.setdefault(instance.cabin, []).append(instance)
    opened: set[str] = set()
    if inventory.routes is not None:
        opened = {r.cabin for r in inventory.routes.routes if r.door is Door.OPEN}
    rows: list[Route] = []
    for wish in wishes:
        if wish.intent.leaving or wish.doorway is None:
            continue
        serves = _serves(now, wish, by_cabin.get(wish.cabin.id, []), inventory, opened)
        rows.append(_row(wish, Door.OPEN if serves else Door.CLOSED))
    return RouteTable.of(rows)


def _row(wish: Wish, door: Door) -> Route:
    assert wish.doorway is not None
    return Route(
        host=wish.doorway.host,
        tenant=wish.tenant,
        cabin=wish.cabin.id,
        user=wish.doorway.user,
        address=str(wish.cabin.address),
        port=AGENT_PORT,
        door=door,
        requests_per_minute=wish.doorway.requests_per_minute,
        tokens=wish.doorway.tokens,
    )


def _serves(
    now: float, wish: Wish, instances: list[Instance], inventory: Inventory, opened: set[str]
) -> bool:
    """A live route is not cut because a busy runtime missed a probe, or because a change
    cannot be carried out yet: once open, the door closes only when the instance ended or has
    to begin anew."""
    if wish.intent is not Intent.RUN:
        return False
    current = next((i for i in instances if i.state is State.RUNNING), None)
    if current is None:
        return False
    was_open = wish.cabin.id in opened
    if wish.blocked:
        return was_open
    if any(not is_current(i, wish, inventory) for i in instances):
        return False
    if restart_reason(now, wish, current, inventory) or not disks_fit(wish, inventory):
        return False
    return was_open or is_healthy(current, inventory)
