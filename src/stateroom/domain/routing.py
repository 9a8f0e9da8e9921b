"""Which routes the edge should have: a pure function of wishes and inventory."""

from __future__ import annotations

from collections.abc import Sequence

from stateroom.domain.cabin import AGENT_PORT
from stateroom.domain.growth import grows
from stateroom.domain.plan_checkpoint import rewrites
from stateroom.domain.routes import Door, Route, RouteTable
from stateroom.domain.views import Judged, View, Views
from stateroom.domain.wish import Intent, Wish


def wanted_table(
    now: float,
    wishes: Sequence[Wish],
    views: Views,
    held: frozenset[str] = frozenset(),
    working: frozenset[str] = frozenset(),
) -> RouteTable:
    """Every tenant who is not leaving has a row; its door is open while its runtime serves.
    held: cabins that may have to begin anew but cannot yet: who answers serves on meanwhile.
    working: cabins that are being worked on, perhaps to end: their doors do not open."""
    rows: list[Route] = []
    for wish in wishes:
        if wish.intent.leaving or wish.doorway is None:
            continue
        view = views[wish.cabin.id]
        busy = wish.cabin.id in working
        stays = busy or wish.cabin.id in held
        serves = _serves(now, wish, view, stays=stays, opens=not busy)
        rows.append(_row(wish, Door.OPEN if serves else Door.CLOSED, view.route))
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
        address=wish.cabin.host if wish.intent is Intent.RUN else "",
        port=AGENT_PORT,
        door=door,
        requests_per_minute=rate,
        tokens=wish.doorway.tokens,
    )
    # The row that is there already, where it is the same: tables then compare by identity.
    return known if known == row and known is not None else row


def _serves(now: float, wish: Wish, view: View, *, stays: bool, opens: bool) -> bool:
    """A live route is not cut because a busy runtime missed a probe, or because a change
    cannot be carried out yet: once open, the door closes only when the instance ended or is
    about to begin anew."""
    if wish.intent is not Intent.RUN:
        return False
    running = [one for one in view.agents if one.running]
    if not running:
        return False
    was_open = view.open_route is True
    if wish.blocked:
        return was_open
    healthy = all(one.healthy for one in running)
    if _begins_anew(now, wish, view, running):
        return was_open and stays and healthy
    return was_open or (opens and healthy)


def _begins_anew(now: float, wish: Wish, view: View, running: list[Judged]) -> bool:
    # Nothing of a cabin is up while its disks are rewritten, also where a service is the reason.
    if rewrites(wish, view.place):
        return True
    if view.small and grows(now, wish, view.inventory, wish.spec):
        return True
    return any(not one.current or one.begins_anew for one in running)
