"""What a change means for one tenant, before it is made: the dearest of what would happen to its
runtime, and why, in a sentence. A pure comparison of two wishes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from stateroom.domain.inventory import Inventory
from stateroom.domain.runtime import RuntimeSpec
from stateroom.domain.wish import Intent, Wish


class Cost(StrEnum):
    """In the order of what they cost its callers."""

    NONE = "none"
    CREATED = "created"  # it has no runtime yet
    IN_PLACE = "in_place"
    RESTARTED = "restarted"
    RECREATED = "recreated"


@dataclass(frozen=True, slots=True)
class Effect:
    cost: Cost
    detail: str = ""


def effect(before: Wish, after: Wish, inventory: Inventory, *, copies: bool = False) -> Effect:
    """copies: its disk is copied first."""
    if after.blocked:
        return Effect(Cost.NONE, f"It could not go on: {after.blocked}.")
    if after.spec is None or after.content is None:
        return Effect(Cost.NONE)
    if after.intent is Intent.SUSPEND:
        return Effect(Cost.NONE, "It is suspended; it takes this over once it is resumed.")
    if not any(i.cabin == after.cabin.id for i in inventory.instances):
        return Effect(Cost.CREATED, "It has no runtime yet.")
    found = list(_changes(before, after))
    if not found:
        return Effect(Cost.NONE, "Nothing changes for it.")
    cost = max((cost for cost, _ in found), key=list(Cost).index)
    told = [detail for at, detail in found if at is cost]
    if copies:
        # For that all of it is stopped, also where a service alone is made anew.
        cost = max(cost, Cost.RESTARTED, key=list(Cost).index)
        told.append("its disk is copied first")
    return Effect(cost, f"{_sentence(told)}.")


def _changes(before: Wish, after: Wish) -> Iterator[tuple[Cost, str]]:
    assert after.spec is not None and after.content is not None
    yield from _spec_changes(before.spec, after.spec)
    sizes = {volume.name: volume.size_mb for volume in before.volumes}
    growing = [v for v in after.volumes if v.size_mb > sizes.get(v.name, v.size_mb)]
    if any(not volume.user for volume in growing):
        yield Cost.RESTARTED, "its disk grows"
    for volume in growing:
        if volume.user:
            yield Cost.IN_PLACE, f"the disk {volume.name} of a service grows while that is stopped"
    yield from _service_changes(before, after)
    if before.content is None or before.content.environment != after.content.environment:
        yield Cost.RESTARTED, "its environment changes"
    elif before.content.digest != after.content.digest:
        yield Cost.IN_PLACE, "its configuration is written anew"
    if before.grant != after.grant:
        yield Cost.IN_PLACE, "what it may ask of models changes"
    if before.doorway != after.doorway:
        yield Cost.IN_PLACE, "its door changes"


def _spec_changes(before: RuntimeSpec | None, after: RuntimeSpec) -> Iterator[tuple[Cost, str]]:
    if before is None or before.shape.image != after.shape.image:
        yield Cost.RECREATED, "its image is another"
    elif before.name != after.name:
        yield Cost.RECREATED, "its container is made anew"
    if before is not None and before.resources != after.resources:
        yield Cost.IN_PLACE, "its CPU, memory or processes change"


def _service_changes(before: Wish, after: Wish) -> Iterator[tuple[Cost, str]]:
    """Callers speak with the agent alone, which goes on meanwhile."""
    had, has = ({s.role: s for s in wish.services} for wish in (before, after))
    for role in sorted(had.keys() | has.keys()):
        if role not in has:
            yield Cost.IN_PLACE, f"its service {role} is taken away"
        elif role not in had:
            yield Cost.IN_PLACE, f"the service {role} is made beside it"
        elif had[role].name != has[role].name:
            yield Cost.IN_PLACE, f"its service {role} is made anew"
        elif had[role].resources != has[role].resources:
            yield Cost.IN_PLACE, f"CPU, memory or processes of its service {role} change"


def _sentence(told: list[str]) -> str:
    joined = told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}"
    return joined[0].upper() + joined[1:]
