"""A blueprint: what was drawn, as blocks and links.

`check` tells every problem of a document at once; `parse` gives the blueprint of one that has
none. `meaning` is the canonical document of what it says: moving a box, reordering blocks or
writing 1.0 for 1 changes nothing in it, so it decides whether there is a new revision.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain, islice

from stateroom.domain.document import read
from stateroom.domain.reading import Reading, read_blueprint
from stateroom.domain.runtime import stable_digest
from stateroom.domain.topology import topology_problems
from stateroom.errors import Invalid, Problem

MOST_PROBLEMS = 200


@dataclass(frozen=True, slots=True)
class Block:
    """id: unique in the blueprint. options: as given, checked; defaults are not filled in."""

    id: str
    kind: str
    options: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Blueprint:
    """links: pairs of block ids, from and to."""

    name: str
    blocks: tuple[Block, ...]
    links: tuple[tuple[str, str], ...]

    def block(self, block_id: str) -> Block | None:
        return next((block for block in self.blocks if block.id == block_id), None)

    def of_kind(self, kind: str) -> tuple[Block, ...]:
        return tuple(block for block in self.blocks if block.kind == kind)

    def service_of(self, block_id: str) -> str:
        """The id of the service that a block belongs to; "" where it is the agent's."""
        services = {block.id for block in self.of_kind("service")}
        owners = (source for source, target in self.links if target == block_id)
        return next((owner for owner in owners if owner in services), "")


def check(document: object) -> tuple[Problem, ...]:
    """Everything that is wrong with a document, single blocks first, then the whole; at most
    MOST_PROBLEMS. Never raises, whatever was sent."""
    return _examine(document)[1]


def parse(document: object) -> Blueprint:
    """The blueprint that a document describes. Raises Invalid with every problem."""
    reading, problems = _examine(document)
    if problems:
        raise Invalid(problems)
    blocks = tuple(Block(block.id, block.kind, block.options) for block in reading.blocks)
    return Blueprint(reading.name, blocks, tuple(link.pair for link in reading.links))


def _examine(document: object) -> tuple[Reading, tuple[Problem, ...]]:
    copy, refused = read(document)
    reading = read_blueprint(copy)
    whole = topology_problems(reading) if isinstance(copy, Mapping) else ()
    return reading, tuple(islice(chain(refused, reading.problems, whole), MOST_PROBLEMS))


def meaning(blueprint: Blueprint) -> dict[str, object]:
    """The canonical document: JSON-able, without layout, blocks by id, links in order,
    defaults not filled in. `parse` takes it back."""
    blocks = sorted(blueprint.blocks, key=lambda block: block.id)
    return {
        "name": blueprint.name,
        "blocks": [
            {"id": block.id, "kind": block.kind, "options": dict(block.options)}
            for block in blocks
        ],
        "links": [list(link) for link in sorted(blueprint.links)],
    }


def digest(blueprint: Blueprint) -> str:
    """SHA-256 (hex) of the meaning."""
    return stable_digest(meaning(blueprint))
