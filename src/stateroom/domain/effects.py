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
        told.append("its disk is copied first")
    return Effect(cost, f"{_sentence(told)}.")


def _changes(before: Wish, after: Wish) -> Iterator[tuple[Cost, str]]:
    assert after.spec is not None and after.content is not None
    yield from _spec_changes(before.spec, after.spec)
    sizes = {volume.name: volume.size_mb for volume in before.volumes}
    if any(v.size_mb > sizes.get(v.name, v.size_mb) for v in after.volumes):
        yield Cost.RESTARTED, "its disk grows"
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


def _sentence(told: list[str]) -> str:
    joined = told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}"
    return joined[0].upper() + joined[1:]
