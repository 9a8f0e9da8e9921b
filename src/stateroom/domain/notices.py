"""What is worth knowing about a document that is not wrong: told with the problems, and no reason
to refuse it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stateroom.domain.pointer import pointer
from stateroom.errors import Problem


def notices(document: object) -> tuple[Problem, ...]:
    """In the form of problems. Never raises, whatever was sent."""
    blocks = document.get("blocks") if isinstance(document, Mapping) else None
    if not isinstance(blocks, list):
        return ()
    return tuple(notice for index, block in enumerate(blocks) for notice in _of(index, block))


def _of(index: int, block: object) -> Iterator[Problem]:
    if isinstance(block, Mapping) and block.get("kind") == "egress":
        name = block.get("id")
        yield Problem(
            pointer("blocks", index),
            "not_enforced",
            "The list of addresses is kept and shown, but nothing opens them yet: the agent reaches"
            " no address outside of its cabin.",
            "Deploy it all the same; the list comes into force with a later version.",
            block=name if isinstance(name, str) else None,
        )
