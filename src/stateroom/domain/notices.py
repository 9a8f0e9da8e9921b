"""What is worth knowing about a document that is not wrong: told with the problems, and no reason
to refuse it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stateroom.domain.blocks import KINDS
from stateroom.domain.pointer import pointer
from stateroom.errors import Problem


def notices(document: object) -> tuple[Problem, ...]:
    """In the form of problems. Never raises, whatever was sent."""
    blocks = document.get("blocks") if isinstance(document, Mapping) else None
    if not isinstance(blocks, list):
        return ()
    return tuple(notice for index, block in enumerate(blocks) for notice in _of(index, block))


def _of(index: int, block: object) -> Iterator[Problem]:
    if not isinstance(block, Mapping):
        return
    name, kind = block.get("id"), block.get("kind")
    known = KINDS.get(kind) if isinstance(kind, str) else None
    if known and (notice := known.notice):
        yield Problem(
            pointer("blocks", index), notice.code, notice.detail, notice.hint,
            block=name if isinstance(name, str) else None,
        )  # fmt: skip
