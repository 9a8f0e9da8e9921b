"""How an image that is not on this machine comes there, in words."""

from __future__ import annotations

from stateroom.runtimes.image_names import POSTGRESQL


def how_to_obtain(reference: str) -> str:
    """reference: as a blueprint has it, ``openclaw:VERSION`` for the agent. A clause that tells
    what to do, after which everything goes on by itself."""
    kind, _, version = reference.partition(":")
    if kind == "openclaw":
        return f"`STATEROOM_OPENCLAW_VERSION={version} stateroom up` obtains it"
    if reference == POSTGRESQL:
        return "`stateroom images build postgresql` makes it there, and it goes on by itself"
    return f"put it there (`docker pull {reference}`), and it goes on by itself"
