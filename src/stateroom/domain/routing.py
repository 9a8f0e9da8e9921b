"""Which routes the edge should have: a pure function of wishes and inventory."""

from __future__ import annotations

from collections.abc import Sequence

from stateroom.domain.cabin import AGENT_PORT
from stateroom.domain.growth import grows
from stateroom.domain.instances import is_current, is_healthy, restart_reason
from stateroom.domain.inventory import Instance, Inventory, State
from stateroom.domain.plan_checkpoint import rewrites
from stateroom.domain.routes import Door, Route, RouteTable
from stateroom.domain.runtime import AGENT
from stateroom.domain.wish import Intent, Wish


def wanted_table(
    now: float,
    wishes: Sequence[Wish],
    inventory: Inventory,
    held: frozenset[str] = frozenset(),
    working: frozenset[str] = frozenset(),
) -> RouteTable:
    """Every tenant who is not leaving has a row; its door is open while its runtime serves.
    held: cabins that may have to begin anew but cannot yet: who answers serves on meanwhile.
    working: cabins that are being worked on, perhaps to end: their doors do not open."""
    by_cabin: dict[str, list[Instance]] = {}
    for instance in inventory.instances:
        by_cabin.setdefault(instance.cabin, []).append(instance)
    observed: dict[str, Route] = {}
    if inventory.routes is not None:
        observed = {r.cabin: r for r in inventory.routes.routes}
    rows: list[Route] = []
    for wish in wishes:
        if wish.intent.leaving or wish.doorway is None:
            continue
        known = observed.get(wish.cabin.id)
        was_open = known is not None and known.door is Door.OPEN
        instances = by_cabin.get(wish.cabin.id, [])
        busy = wish.cabin.id in working
        stays = busy or wish.cabin.id in held
        serves = _serves(now, wish, instances, inventory, was_open, stays=stays, opens=not busy)
        rows.append(_row(wish, Door.OPEN if serves else Door.CLOSED, known))
    return RouteTable.of(rows)


def _row(wish: Wish, door: Door, known: Route | None) -> Route:
    assert wish.doorway is not None
    rate = wish.doorway.requests_per_minute or (known.requests_per_minute if known else 1)
    row = Route(
        host=wish.doorway.host,
        tenant=wish.tenant,
        cabin=wish.cabin.id,
        user=wish.doorway.user,
        # Without a place nothing stays open that was opened before: not even for as long as the
        # runtime takes to end.
        address=str(wish.cabin.address) if wish.intent is Intent.RUN else "",
        port=AGENT_PORT,
        door=door,
        requests_per_minute=rate,
        tokens=wish.doorway.tokens,
    )
    # The row that is there already, where it is the same: tables then compare by identity.
    return known if known == row and known is not None else row


def _serves(
    now: float,
    wish: Wish,
    instances: list[Instance],
    inventory: Inventory,
    was_open: bool,
    *,
    stays: bool,
    opens: bool,
) -> bool:
    """A live route is not cut because a busy runtime missed a probe, or because a change
    cannot be carried out yet: once open, the door closes only when the instance ended or is
    about to begin anew."""
    if wish.intent is not Intent.RUN:
        return False
    running = [i for i in instances if i.state is State.RUNNING and i.role == AGENT]
    if not running:
        return False
    if wish.blocked:
        return was_open
    healthy = all(is_healthy(i, inventory) for i in running)
    if _begins_anew(now, wish, running, inventory):
        return was_open and stays and healthy
    return was_open or (opens and healthy)


def _begins_anew(
    now: float, wish: Wish, running: list[Instance], inventory: Inventory
) -> bool:
    # Nothing of a cabin is up while its disks are rewritten, also where a service is the reason.
    if rewrites(wish, inventory.places.get(wish.cabin.id)):
        return True
    return grows(now, wish, inventory, wish.spec) or any(
        not is_current(i, wish, inventory) or restart_reason(now, wish, i, inventory)
        for i in running
    )
