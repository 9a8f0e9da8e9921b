"""Pinning: a revision's abstract image references become image ids, once and for all."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from stateroom.domain import blueprint as blueprints
from stateroom.domain.compile import PinnedImage, image_references
from stateroom.errors import Absent, Permanent, StateroomError
from stateroom.store.records import RevisionRecord
from stateroom.store.steward import StewardStore

log = logging.getLogger(__name__)


class Pins(Protocol):
    async def pin(self, reference: str) -> PinnedImage:
        """What a local reference is now. Raises EngineError where there is no such image."""
        ...


@dataclass(frozen=True, slots=True)
class Pinned:
    """How many revisions were pinned. missed: of how many it was not known before that an image
    is not here, or why one cannot run. problems: of all that could not be pinned, a sentence
    each, by the id that a revision has in the store."""

    done: int = 0
    missed: int = 0
    problems: Mapping[int, str] = field(default_factory=dict)


async def pin_new_revisions(
    store: StewardStore,
    engine: Pins,
    local: Callable[[str], str],
    known: Mapping[int, str] | None = None,
) -> Pinned:
    """local: abstract reference (``openclaw:2026.9.6``) -> the reference on this engine. known:
    the problems of the time before, which are not logged again. A revision that cannot be pinned
    holds up no other; its tenants say so, and this is tried again."""
    known = known or {}
    done = missed = 0
    problems: dict[int, str] = {}
    for revision in await store.unpinned_revisions():
        try:
            await _pin(store, engine, local, revision)
            done += 1
        except StateroomError as error:
            if isinstance(error, Permanent):
                unfit = "" if isinstance(error, Absent) else error.message
                missed += await store.miss_images(revision.id, unfit)
            problems[revision.id] = error.message
            if known.get(revision.id) != error.message:
                log.warning(
                    "revision %s of %s is not pinned: %s",
                    revision.number, revision.blueprint, error.message,
                    extra={"action": "not_pinned"},
                )  # fmt: skip
    return Pinned(done, missed, problems)


async def _pin(
    store: StewardStore, engine: Pins, local: Callable[[str], str], revision: RevisionRecord
) -> None:
    """Raises StateroomError."""
    found: dict[str, dict[str, object]] = {}
    for reference in image_references(blueprints.parse(revision.document)):
        pin = await engine.pin(local(reference))
        found[reference] = pin.row()
    await store.pin_revision(revision.id, found)
