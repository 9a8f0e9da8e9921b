"""volume: the tenant's own disk with a hard quota. It only grows, and outlives its containers."""

from __future__ import annotations

from stateroom.domain.blocks.draft import Draft, Placed
from stateroom.domain.blocks.kind import Kind, Options, Owned
from stateroom.domain.blocks.option import Option, Type, Unique
from stateroom.domain.runtime import Volume

DATA = "/data"
AGENTS_DISK = "data"
"""The name of the agent's own disk, whatever its block is called."""
MOST_OF_A_SERVICE = 4

# Below these lie what the kernel shows, what every container has of its own, and our content.
_NOT_BELOW = r"(proc|sys|dev|run|var/run|var/lock|tmp|etc|\.stateroom)"
_PART = r"(?!\.{1,2}(/|$))[A-Za-z0-9._-]+"
PATH = rf"^(?!/{_NOT_BELOW}(/|$))(/{_PART})+$(?!\n)"


def _add(draft: Draft, options: Options, place: Placed) -> Draft:
    user = draft.service(place.owner).user if place.owner else 0
    name = place.id if place.owner else AGENTS_DISK
    disk = Volume(name, options.text("path"), options.whole("size_mb"), user)
    return draft.with_volume(place.owner, disk)


VOLUME = Kind(
    name="volume",
    title="Volume",
    help="The tenant's own disk. Full, it hurts that tenant only.",
    links_from=("openclaw", "service"),
    at_least=1,
    add=_add,
    most_owners=1,
    owned=(
        Owned(owner="openclaw", at_least=1, at_most=1, fixed=(("path", DATA),)),
        Owned(owner="service", at_most=MOST_OF_A_SERVICE, reserved_ids=(AGENTS_DISK,)),
    ),
    options=(
        Option(
            name="path",
            type=Type.TEXT,
            title="Path",
            help="Where it appears inside. The agent's is /data; a service's where it keeps data.",
            default=DATA,
            max_length=200,
            pattern=PATH,
            rule="An absolute path, such as /var/lib/postgresql, outside of the system's own.",
            form="path",
            per_tenant=False,
            unique=Unique.OWNER,
        ),
        Option(
            name="size_mb",
            type=Type.INTEGER,
            title="Size (MiB)",
            help="A hard quota. It can be raised later, not lowered.",
            default=2048,
            minimum=64,
            maximum=4_194_304,
            limit="disk_mb",
        ),
    ),
)
