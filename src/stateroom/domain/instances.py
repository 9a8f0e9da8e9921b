"""What one look at an instance tells, against its wish: is it the right one, does it answer,
must it begin anew? Plan, routes and status ask the same questions and get the same answers."""

from __future__ import annotations

from dataclasses import replace

from stateroom.domain.inventory import Health, Installed, Instance, Inventory, State
from stateroom.domain.moments import latest_placed
from stateroom.domain.runtime import AGENT, Resources, RuntimeSpec
from stateroom.domain.wish import Wish

BOOT_DEADLINE = 240.0
"""Seconds that an instance may run without ever answering before it is ended and tried again.
A cold OpenClaw on a busy two-core machine was seen to need 60."""


BOOST = 45.0
"""Seconds after its start that an instance may use `boot_cpu` cores: booting and the first
chat are all CPU (18 s on one core, 9 on two), and both come before anybody is served."""


REFUSED_AFTER = 60.0
"""Seconds after which a change that a healthy runtime has not taken over is called refused.
OpenClaw needs one on a quiet machine, and was seen to need 31 beside eight busy processes of its
own cabin. Taking it over later still counts: this is about what people are told meanwhile."""


INSTALL_TAKES = 5.0
"""Seconds after which a content counts as put into /data by an entry point that does not tell:
one of an older Stateroom, that still runs. It was never seen to need more than 0.3."""


def spec_of(wish: Wish, role: str) -> RuntimeSpec | None:
    """What the wish asks for in this role."""
    if role == AGENT:
        return wish.spec
    return next((spec for spec in wish.services if spec.role == role), None)


def is_current(instance: Instance, wish: Wish, inventory: Inventory) -> bool:
    """The instance is what the wish asks for, in today's namespace, with today's content
    store. One that is not must go, whatever its state."""
    place, spec = inventory.places.get(wish.cabin.id), spec_of(wish, instance.role)
    return (
        spec is not None
        and instance.name == spec.name
        and instance.state is not State.BROKEN
        and place is not None
        and instance.holder == place.holder
        # Where today's content store is unknown, nobody is judged by it.
        and inventory.content_store in ("", instance.content_store)
    )


def is_healthy(instance: Instance, inventory: Inventory) -> bool:
    health = _verdict(instance, inventory)
    return health is not None and health.healthy


def acts_on_content(now: float, instance: Instance, inventory: Inventory) -> bool:
    """The runtime itself says that it works by what lies in its cabin's folder now, and what it
    reads anew for every answer, the prompt, was put into /data."""
    health, content = _verdict(instance, inventory), inventory.content.get(instance.cabin)
    return (
        health is not None
        and content is not None
        and health.content == content.version.mark
        and (content.installed is Installed.YES or 0 < installed_at(instance, inventory) <= now)
    )


def installed_at(instance: Instance, inventory: Inventory) -> float:
    """When a content of which nothing is told counts as installed; 0 where that is known."""
    content = inventory.content.get(instance.cabin)
    if content is None or content.installed is not Installed.UNTOLD:
        return 0.0
    return max(content.written_at, instance.started_at) + INSTALL_TAKES


def refused_at(instance: Instance, inventory: Inventory) -> float:
    """When a runtime that answers has had all the time that a change may take; 0 where that
    cannot be said. One that was just woken has only begun to read."""
    health, content = _verdict(instance, inventory), inventory.content.get(instance.cabin)
    if health is None or content is None or not health.healthy:
        return 0.0
    return max(content.written_at, instance.started_at, health.since) + REFUSED_AFTER


def _verdict(instance: Instance, inventory: Inventory) -> Health | None:
    """A verdict about an earlier start of it would open the route to one that boots."""
    health = inventory.health.get(instance.name)
    return health if health is not None and health.started_at == instance.started_at else None


def boosted(wish: Wish) -> RuntimeSpec:
    """The spec to begin with."""
    assert wish.spec is not None
    return replace(wish.spec, resources=_with_boost(wish.spec.resources, wish.boot_cpu))


def resources_now(now: float, wish: Wish, instance: Instance) -> Resources:
    """What the instance should have at this moment: one that does not run yet is about to boot."""
    assert wish.spec is not None
    if instance.state is State.RUNNING and now >= boost_ends(instance):
        return wish.spec.resources
    return _with_boost(wish.spec.resources, wish.boot_cpu)


def boost_ends(instance: Instance) -> float:
    return instance.started_at + BOOST


def _with_boost(resources: Resources, boot_cpu: float) -> Resources:
    return resources if resources.cpu >= boot_cpu else replace(resources, cpu=boot_cpu)


def outdated(now: float, wish: Wish, current: Instance, inventory: Inventory) -> str:
    """What came after a running instance of whatever role began and only a new beginning takes
    over, "" for nothing. What cannot be placed is nothing: by it, whatever begins now would have
    to begin anew at once."""
    if current.started_at < latest_placed(now, wish.restart_at):
        return "a restart was asked for"
    applied = inventory.content.get(wish.cabin.id)
    if applied is not None and current.started_at < latest_placed(
        now, applied.environment_of(current.role)
    ):
        return "its environment changed"
    return ""


def restart_reason(now: float, wish: Wish, current: Instance, inventory: Inventory) -> str:
    """Why a running agent must begin anew, "" when it need not."""
    if reason := outdated(now, wish, current, inventory):
        return reason
    if never_answered(now, current, inventory):
        return f"it did not answer within {BOOT_DEADLINE:.0f} s of its start"
    return ""


def never_answered(now: float, current: Instance, inventory: Inventory) -> bool:
    health = _verdict(current, inventory)
    if health is None or health.healthy:
        return False
    return min(now - current.started_at, now - health.since) > BOOT_DEADLINE
