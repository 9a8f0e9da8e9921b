"""A cabin that is to be less than it is: its tenant leaves, or is put away for a while."""

from __future__ import annotations

from dataclasses import replace

from stateroom.domain.actions import CabinAction, EraseData, Release, Revoke, Stop
from stateroom.domain.inventory import Place
from stateroom.domain.plan_checkpoint import rewriting
from stateroom.domain.plan_step import (
    UP,
    Step,
    Waiting,
    route_waits,
    stop_seconds,
    take_away,
)
from stateroom.domain.views import View
from stateroom.domain.wish import Intent, Wish


def plan_leaving(wish: Wish, view: View) -> Step:
    cabin = wish.cabin.id
    if view.open_route is not False:
        return Step(waiting=(route_waits(cabin, view),))
    actions: list[CabinAction] = []
    for instance in view.instances:
        actions.extend(take_away(instance, stop_seconds(wish)))
    grants = view.inventory.grants
    if wish.grant and grants is None:
        reason = "the broker's grants cannot be read, so its model access cannot be taken away"
        return Step(waiting=(Waiting(cabin, "broker", reason),))
    if wish.grant and grants is not None and wish.grant.key in grants:
        actions.append(Revoke(wish.grant.key))
    place = view.place
    if view.instances or view.content is not None or (place and stands(place)):
        actions.append(Release(cabin))
    if wish.intent is Intent.ERASE and (
        place is not None and (place.kept or place.disks or place.copies)
    ):
        actions.append(EraseData(cabin))
    return Step(tuple(actions), gone=not actions)


def plan_suspended(wish: Wish, view: View) -> Step:
    up = [i for i in view.instances if i.state in UP]
    if not up:
        # A disk that is to be put back is, whoever sleeps: nobody mounts it.
        return Step(rewriting(_without_copying(wish), view.place))
    if view.open_route is not False:
        return Step(waiting=(route_waits(wish.cabin.id, view),))
    return Step(tuple(Stop(i.name, stop_seconds(wish)) for i in up))


def stands(place: Place) -> bool:
    """Something of it is left that is more than data at rest."""
    return place.network or bool(place.holder) or bool(place.disks)


def _without_copying(wish: Wish) -> Wish:
    """A copy is made before something starts, and nothing does."""
    return replace(wish, checkpoint=replace(wish.checkpoint, make=""))
