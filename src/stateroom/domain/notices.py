"""What is worth knowing about a document that is not wrong: told with the problems, and no reason
to refuse it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from stateroom.domain.blocks import KINDS
from stateroom.domain.blocks.kind import Kind
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
    name, kind, options = block.get("id"), block.get("kind"), block.get("options")
    known = KINDS.get(kind) if isinstance(kind, str) else None
    if known is None:
        return
    at, whose = pointer("blocks", index), name if isinstance(name, str) else None
    if notice := known.notice:
        yield Problem(at, notice.code, notice.detail, notice.hint, block=whose)
    if isinstance(options, Mapping):
        for idle in _idle(known, options, at + pointer("options")):
            yield replace(idle, block=whose)


def _idle(kind: Kind, options: Mapping[str, object], at: str) -> Iterator[Problem]:
    """Options that are given and do nothing, since another one says so. No problems: documents
    that were accepted with them go on being accepted."""
    for option in kind.options:
        if option.only_for is None or option.name not in options:
            continue
        name, choice = option.only_for
        other = kind.option(name)
        if options.get(name, other.default if other else None) != choice:
            detail = f"{option.name} does nothing while {name} is not {choice}."
            hint = f"Say {name}: {choice}, or leave {option.name} out."
            yield Problem(at + pointer(option.name), "without_effect", detail, hint)
