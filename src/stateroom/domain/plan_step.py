"""What planning one cabin yields: a step of the plan, and the pieces that its rules share."""

from __future__ import annotations

from dataclasses import dataclass

from stateroom.domain.actions import CabinAction, Grow, Remove, Resize, Stop
from stateroom.domain.growth import grows, too_small
from stateroom.domain.inventory import Instance, State
from stateroom.domain.runtime import Resources, RuntimeSpec
from stateroom.domain.views import View
from stateroom.domain.wish import Wish

UP = (State.RUNNING, State.PAUSED)
STOP_SECONDS = 20
"""Given to an instance to end, where no spec says how long it may take."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Why something is not done yet. until: when it is looked at again, 0 when something else
    must happen first. code: a stable word: working, blocked, backoff, route, broker, firewall,
    turn, disk, copy, orphan."""

    cabin: str
    code: str
    reason: str
    until: float = 0.0


@dataclass(frozen=True, slots=True)
class Step:
    """What one cabin's planning yields. turn: it is about to boot, so it takes one of the boots
    at once. held: it cannot begin anew yet, so its door stays open while it answers."""

    actions: tuple[CabinAction, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    gone: bool = False
    turn: bool = False
    held: bool = False


NOTHING = Step()


def route_waits(cabin: str, view: View) -> Waiting:
    if view.open_route is None:
        return Waiting(cabin, "route", "the edge does not answer, so its route cannot be closed")
    return Waiting(cabin, "route", "its route is being closed first")


def firewall_waits(now: float, wish: Wish) -> Waiting:
    reason = "the firewall is not known to be in place"
    return Waiting(wish.cabin.id, "firewall", reason, now + 1.0)


def start_waits(now: float, wish: Wish, view: View, *, turn: bool) -> Waiting | None:
    """Why nothing of the cabin may start now, whatever its own story is; None when it may. turn:
    the cabin may boot."""
    if not view.inventory.firewall:
        return firewall_waits(now, wish)
    if not turn:
        reason = "other cabins are booting; its turn comes"
        return Waiting(wish.cabin.id, "turn", reason, now + 1.0)
    return None


def resizing(current: Instance, wanted: Resources) -> tuple[CabinAction, ...]:
    return () if current.resources == wanted else (Resize(current.name, wanted),)


def growing(
    now: float, wish: Wish, view: View, spec: RuntimeSpec
) -> tuple[CabinAction, ...]:
    """For when nothing mounts the disks of this one: nobody else does."""
    if not grows(now, wish, view.inventory, spec):
        return ()
    return (Grow(wish.cabin, too_small(wish, view.inventory, spec)),)


def take_away(instance: Instance, seconds: int = STOP_SECONDS) -> list[CabinAction]:
    steps: list[CabinAction] = []
    if instance.state in UP:
        steps.append(Stop(instance.name, seconds))
    steps.append(Remove(instance.name))
    return steps


def stop_seconds(wish: Wish) -> int:
    return wish.spec.stop_seconds if wish.spec else STOP_SECONDS
