"""Disks that should be larger than they are.

A disk grows only while nothing mounts it, so growing costs its tenant a stop. Therefore it is
tried only where it can be expected to go well: where the host has the room, and not soon again
after it failed. Meanwhile the runtime runs on the old size, and people are told why.
"""

from __future__ import annotations

from dataclasses import dataclass

from stateroom.domain.backoff import growth_streak
from stateroom.domain.inventory import Inventory, Place
from stateroom.domain.runtime import RuntimeSpec, Volume
from stateroom.domain.wish import Wish

KEEP_FREE_MB = 256
"""MiB of the host's disk that no growth may take: our own database and logs live there, too."""


@dataclass(frozen=True, slots=True)
class Held:
    """Why a disk does not grow now. until: when it is tried again, 0 when something else must
    happen first."""

    reason: str
    until: float = 0.0


def too_small(
    wish: Wish, inventory: Inventory, of: RuntimeSpec | None = None
) -> tuple[Volume, ...]:
    """The volumes, as wished, whose disks are there, be it at rest, and smaller. of: only those
    that this one mounts."""
    place = inventory.places.get(wish.cabin.id)
    if place is None:
        return ()
    found: tuple[Volume, ...] = ()
    for volume in wish.volumes:  # A plain loop: every pass asks this of every cabin, often.
        if size_now(place, volume) < volume.size_mb and (of is None or _mounts(of, volume)):
            found = (*found, volume)
    return found


def _mounts(spec: RuntimeSpec, volume: Volume) -> bool:
    return any(mount.volume == volume.name for mount in spec.shape.mounts)


def grows(now: float, wish: Wish, inventory: Inventory, of: RuntimeSpec | None) -> bool:
    """A disk of this one's is too small, and should grow as soon as nothing mounts it."""
    return bool(too_small(wish, inventory, of)) and held_growth(now, wish, inventory) is None


def held_growth(now: float, wish: Wish, inventory: Inventory) -> Held | None:
    """Why a disk that is too small is left as it is, None where it is not."""
    small = too_small(wish, inventory)
    if not small:
        return None
    sizes = ", ".join(f"{v.name} to {v.size_mb} MiB" for v in small)
    place = inventory.places[wish.cabin.id]
    missing = sum(v.size_mb - size_now(place, v) for v in small)
    if inventory.room_mb is not None and inventory.room_mb < missing + KEEP_FREE_MB:
        return Held(
            f"its disk cannot grow ({sizes}): the host's disk has not {missing} MiB to spare; "
            "free some and it grows by itself"
        )
    streak = growth_streak(wish, now)
    if streak.until <= now:
        return None
    assert streak.last is not None
    return Held(
        f"its disk could not grow ({sizes}): {streak.last.detail}; tried again after "
        f"{streak.pause / 60:.0f} minutes, or at once by `stateroom tenants restart {wish.slug}`",
        streak.until,
    )


def size_now(place: Place, volume: Volume) -> int:
    """One that is not there will be made as large as wished."""
    size = place.disks.get(volume.name)
    return size if size is not None else place.kept.get(volume.name, volume.size_mb)
