"""A cabin's disks on both sides of a change that they may not survive: copied before it, put back
should it fail. A copy lies beside its disk, so making one and putting it back are done while
nothing of the cabin is up, and whoever looks can tell how far it is.
"""

from __future__ import annotations

from collections.abc import Collection

from stateroom.domain.actions import CabinAction, CopyDisk, DropCopy, PutBack
from stateroom.domain.growth import KEEP_FREE_MB, size_now
from stateroom.domain.inventory import CopyKind, Inventory, Place
from stateroom.domain.plan_step import Waiting
from stateroom.domain.wish import Wish


def rewrites(wish: Wish, place: Place | None) -> bool:
    """Its disks are to be copied or put back, so nothing of it may be up."""
    return bool(to_put_back(wish, place) or to_copy(wish, place))


def to_copy(wish: Wish, place: Place | None) -> tuple[str, ...]:
    """Volumes without the copy that is wished for."""
    name = wish.checkpoint.make
    if not name:
        return ()
    there = _volumes_with(name, place, (CopyKind.WHOLE,))
    return tuple(v.name for v in wish.volumes if v.name not in there)


def to_put_back(wish: Wish, place: Place | None) -> tuple[str, ...]:
    """Volumes beside which the copy still lies, be it one that was never finished: that disk is
    as it was, and has only to be rid of it."""
    name = wish.checkpoint.back
    if not name:
        return ()
    return tuple(sorted(_volumes_with(name, place, (CopyKind.WHOLE, CopyKind.HALF))))


def rewriting(wish: Wish, place: Place | None) -> tuple[CabinAction, ...]:
    """For when nothing is up. What has to be put back comes before what is copied."""
    actions: list[CabinAction] = []
    if back := to_put_back(wish, place):
        actions.append(PutBack(wish.cabin, back, wish.checkpoint.back))
    if copied := to_copy(wish, place):
        actions.append(CopyDisk(wish.cabin, copied, wish.checkpoint.make))
    return tuple(actions)


def copy_waits(wish: Wish, inventory: Inventory, *, turn: bool) -> Waiting | None:
    """Why its disk cannot be copied now, before anything is stopped for it; None where it can, or
    has not to be. turn: no other's is being copied."""
    place = inventory.places.get(wish.cabin.id)
    missing = set(to_copy(wish, place))
    if (wait := _no_room_to_copy(wish, missing, inventory)) is not None or not missing or turn:
        return wait
    reason = "another tenant's disk is being copied; its turn comes"
    return Waiting(wish.cabin.id, "turn", reason)


def started_later(wish: Wish) -> Waiting:
    """A copy takes long, so what comes after it is planned by what is seen then."""
    return Waiting(wish.cabin.id, "turn", "its disk is copied first")


def _no_room_to_copy(
    wish: Wish, missing: Collection[str], inventory: Inventory
) -> Waiting | None:
    place = inventory.places.get(wish.cabin.id)
    volumes = [v for v in wish.volumes if v.name in missing]
    needed = sum(v.size_mb if place is None else size_now(place, v) for v in volumes)
    if not needed or inventory.room_mb is None or inventory.room_mb >= needed + KEEP_FREE_MB:
        return None
    reason = (
        f"its disk is copied before this change, and the host's disk has not {needed} MiB to"
        " spare; free some, then deploy again"
    )
    return Waiting(wish.cabin.id, "copy", reason)


def dropping(cabin: str, place: Place | None, names: Collection[str]) -> tuple[CabinAction, ...]:
    if place is None or not names:
        return ()
    there = {copy.name for copy in place.copies}
    return tuple(DropCopy(cabin, name) for name in sorted(there.intersection(names)))


def is_copied(name: str, volumes: Collection[str], place: Place | None) -> bool:
    """Each of the volumes has its copy."""
    return bool(volumes) and set(volumes) <= _volumes_with(name, place, (CopyKind.WHOLE,))


def is_back(name: str, place: Place | None) -> bool:
    """Nothing of the copy is left to put back, nor being made."""
    return not _volumes_with(name, place, (CopyKind.WHOLE, CopyKind.HALF))


def kept_aside(name: str, place: Place | None) -> bool:
    return bool(_volumes_with(name, place, (CopyKind.ASIDE,)))


def is_gone(name: str, place: Place | None) -> bool:
    return not _volumes_with(name, place, tuple(CopyKind))


def _volumes_with(name: str, place: Place | None, kinds: Collection[CopyKind]) -> set[str]:
    if place is None or not name:
        return set()
    return {c.volume for c in place.copies if c.name == name and c.kind in kinds}
