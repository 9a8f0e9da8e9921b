"""Ownership: a block belongs to the one that links to it, a disk or a secret to the agent or to one
of the services beside it. These rules look at what each of them owns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from stateroom.domain.blocks import KINDS
from stateroom.domain.blocks.kind import Owned
from stateroom.domain.blocks.option import Option, Unique
from stateroom.domain.names import near, shown
from stateroom.domain.reading import Found, FoundLink, Reading, of_link
from stateroom.errors import Problem


@dataclass(frozen=True, slots=True)
class Owning:
    """A link that may be: both ends are there, once, and the one may lead to the other."""

    link: FoundLink
    owner: Found
    owned: Found


def allowed(source: Found, target: Found) -> bool:
    kind = KINDS.get(target.kind)
    return kind is not None and source.kind in kind.links_from


def ownings(reading: Reading) -> tuple[Owning, ...]:
    """Every link that may be, in the order of the document."""
    by_id = {block.id: block for block in reading.blocks if block.id}
    found: dict[tuple[str, str], Owning] = {}
    for link in reading.links:
        source, target = by_id.get(link.source), by_id.get(link.target)
        if source and target and source is not target and allowed(source, target):
            found.setdefault(link.pair, Owning(link, source, target))
    return tuple(found.values())


def ownership_problems(reading: Reading, owning: tuple[Owning, ...]) -> Iterator[Problem]:
    yield from _link_problems(owning)
    yield from _missing(reading, owning)
    # Who links to a block first has it, whoever else would.
    settled = {one.owned.at: one for one in reversed(owning)}
    yield from _id_problems(reading, settled)
    yield from _option_problems(settled)
    yield from _same_values(reading, settled)


def rule(one: Owning) -> Owned | None:
    return KINDS[one.owned.kind].owned_by(one.owner.kind)


def _link_problems(owning: tuple[Owning, ...]) -> Iterator[Problem]:
    """Links that are one too many: for who is owned, or else for who owns."""
    owners: Counter[str] = Counter()
    first: dict[str, str] = {}
    owned: Counter[tuple[str, str]] = Counter()
    for one in owning:
        kind, own = KINDS[one.owned.kind], rule(one)
        owners[one.owned.id] += 1
        has = first.setdefault(one.owned.id, one.owner.id)
        if kind.most_owners is not None and owners[one.owned.id] > kind.most_owners:
            detail = f"{one.owned.id} belongs to {has} already."
            hint = f"Remove this link, or add another {kind.name}."
            yield of_link(one.link, "too_many_owners", detail, hint)
            continue
        owned[one.owner.id, kind.name] += 1
        if own and own.at_most is not None and owned[one.owner.id, kind.name] > own.at_most:
            detail = f"{one.owner.id} has at most {own.at_most} of kind {kind.name}."
            yield of_link(one.link, "too_many_links", detail, "Link it from another block.")


def _missing(reading: Reading, owning: tuple[Owning, ...]) -> Iterator[Problem]:
    """Blocks without what they must own. Where some block of that kind has no owner at all, or
    none is there, that is told already."""
    owned = {one.owned.at for one in owning}
    counts = Counter((one.owner.at, one.owned.kind) for one in owning)
    for kind in KINDS.values():
        of_kind = [block for block in reading.blocks if block.kind == kind.name]
        if len(of_kind) < max(1, kind.at_least) or any(b.at not in owned for b in of_kind):
            continue
        for own in kind.owned:
            owners = [block for block in reading.blocks if block.kind == own.owner and block.id]
            # A second runtime is told as such.
            for block in owners[: KINDS[own.owner].at_most]:
                if counts[block.at, kind.name] < own.at_least:
                    detail = f"{block.id} has no {kind.name} of its own."
                    hint = f"Add one, and a link from {block.id} to it."
                    yield Problem(block.at, "missing_link", detail, hint, block.id)


def _id_problems(reading: Reading, settled: Mapping[str, Owning]) -> Iterator[Problem]:
    reserved = {at: own.reserved_ids for at, one in settled.items() if (own := rule(one))}
    for block in reading.blocks:
        of_kind = KINDS[block.kind].reserved_ids if block.kind else ()
        if block.id and block.id in (*of_kind, *reserved.get(block.at, ())):
            detail = f"The id {block.id} is taken by a part of the cabin."
            hint = f"Choose another one, for example {block.id}-1."
            yield Problem(f"{block.at}/id", "reserved_id", detail, hint, block.id)


def _option_problems(settled: Mapping[str, Owning]) -> Iterator[Problem]:
    """Options that must be what their owner wants."""
    for one in settled.values():
        own = rule(one)
        for name, wanted in own.fixed if own else ():
            option = KINDS[one.owned.kind].option(name)
            given = _given(one.owned, option) if option else None
            if given is not None and given != wanted:
                detail = f"{name} cannot be {shown(given)} for {one.owner.id}."
                hint = near("", [str(wanted)], "choices")
                at = f"{one.owned.at}/options/{name}"
                yield Problem(at, "unknown_choice", detail, hint, one.owned.id)


def _given(block: Found, option: Option) -> object:
    """What holds for an option; None where that is nothing, or not what could hold."""
    given = block.options.get(option.name, option.default)
    return None if given is None or option.problem(given, "") else given


def _same_values(reading: Reading, settled: Mapping[str, Owning]) -> Iterator[Problem]:
    said: dict[tuple[str, str, str], list[tuple[object, str]]] = {}
    for block in reading.blocks:
        for option in KINDS[block.kind].options if block.kind else ():
            given = _given(block, option) if option.unique or option.taken else None
            if given is None:
                continue
            among = ""
            if option.unique is Unique.OWNER:
                if block.at not in settled:
                    continue
                among = settled[block.at].owner.at
            others = said.setdefault((block.kind, option.name, among), list(option.taken))
            if by := next((by for value, by in others if _same(option, value, given)), None):
                yield _taken(block, option, given, by)
            others.append((given, block.id or "another block"))


def _same(option: Option, one: object, other: object) -> bool:
    """Of paths also one below the other: a disk would hide what lies on the disk above it."""
    if option.form != "path":
        return one == other
    first, second = f"{one}/", f"{other}/"
    return first.startswith(second) or second.startswith(first)


def _taken(block: Found, option: Option, given: object, by: str) -> Problem:
    at = f"{block.at}/options/{option.name}"
    if option.form == "path":
        detail = f"{shown(given)} and the path of {by} are the same, or one lies below the other."
        return Problem(at, "duplicate_path", detail, "Mount each disk beside the others.", block.id)
    detail = f"The {option.name} {shown(given)} is that of {by} already."
    return Problem(at, "duplicate_value", detail, option.hint or "Give another one.", block.id)
