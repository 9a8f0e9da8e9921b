"""Reasons: sentences of a status that say what to do, each from the one thing that it is about."""

from __future__ import annotations

from stateroom.domain.inventory import Installed, Inventory
from stateroom.domain.views import View
from stateroom.domain.wish import Wish


def full_disk(wish: Wish, view: View) -> str:
    """Of the agent's own disk, "" while it takes more; a service's is among what ails that."""
    place, spec = view.place, wish.spec
    if place is None or not place.full:
        return ""
    if spec is not None and not any(mount.volume in place.full for mount in spec.shape.mounts):
        return ""
    slug = wish.slug
    return (
        "its disk is full, so its runtime can keep nothing: give it more room, `stateroom tenants "
        f"set {slug} --limit disk_mb=MIB`, or delete files in it, which also works in safe mode: "
        f"`stateroom tenants restart {slug} --safe-mode`"
    )


def refusal(wish: Wish, view: View) -> str:
    content = view.content
    what = (
        "OpenClaw has not taken over the last change and works by what it had before"
        if content is None or content.installed is Installed.YES
        else "its prompt cannot be put into /data, and the one before is still in use"
    )
    return f"{what}; `stateroom tenants logs {wish.slug}` says why"


def away(inventory: Inventory) -> str:
    """What of ours that every tenant needs does not answer."""
    if inventory.routes is None:
        return "the edge does not answer; it comes back by itself, else see `stateroom doctor`"
    if inventory.grants is None:
        return "the broker's grants cannot be read; see `stateroom doctor`"
    return ""
