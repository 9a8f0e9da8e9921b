"""Pinning: a revision's abstract image references become image ids, once and for all."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from stateroom.domain import blueprint as blueprints
from stateroom.domain.compile import PinnedImage, image_references
from stateroom.errors import EngineError
from stateroom.store.steward import StewardStore

log = logging.getLogger(__name__)


class Pins(Protocol):
    async def pin(self, reference: str) -> PinnedImage:
        """What a local reference is now. Raises EngineError where there is no such image."""
        ...


@dataclass(frozen=True, slots=True)
class Pinned:
    """How many revisions were pinned, and how many could not be."""

    done: int = 0
    left: int = 0


async def pin_new_revisions(
    store: StewardStore, engine: Pins, local: Callable[[str], str]
) -> Pinned:
    """local: abstract reference (``openclaw:2026.9.6``) -> the reference on this engine. A
    revision whose image is missing stays unpinned; its tenants say so, and this is tried again."""
    done = left = 0
    for revision in await store.unpinned_revisions():
        found: dict[str, dict[str, object]] = {}
        try:
            for reference in image_references(blueprints.parse(revision.document)):
                pin = await engine.pin(local(reference))
                found[reference] = {"id": pin.id, "command": list(pin.command)}
        except EngineError as error:
            log.warning(
                "revision %s of %s is not pinned: %s", revision.number, revision.blueprint, error,
                extra={"action": "not_pinned"},
            )
            left += 1
            continue
        await store.pin_revision(revision.id, found)
        done += 1
    return Pinned(done, left)
