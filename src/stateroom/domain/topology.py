"""Topology: which blocks a blueprint must have, and which may be linked with which.

These rules look at the drawing as a whole. One mistake is told once: a link that leads nowhere
is reported, and not a second time as a block that nothing is linked with.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

from stateroom.domain import per_tenant
from stateroom.domain.blocks import KINDS, ROOT
from stateroom.domain.blocks.option import Unique
from stateroom.domain.names import near, nearest, shown
from stateroom.domain.ownership import Owning, allowed, ownership_problems, ownings
from stateroom.domain.reading import Found, FoundLink, Reading, of_link
from stateroom.errors import Problem


def topology_problems(reading: Reading) -> Iterator[Problem]:
    """Every problem of the whole that single blocks do not show."""
    yield from _id_problems(reading.blocks)
    yield from _count_problems(reading.blocks)
    wrong_links = list(_link_problems(reading))
    yield from wrong_links
    owning = ownings(reading)
    yield from _loose_blocks(reading, wrong_links, owning)
    yield from ownership_problems(reading, owning)
    yield from _name_clashes(reading.blocks, owning)
    yield from _value_clashes(reading.blocks)


def _id_problems(blocks: tuple[Found, ...]) -> Iterator[Problem]:
    seen: set[str] = set()
    for block in blocks:
        if block.id and block.id in seen:
            detail = f"Another block has the id {block.id} already."
            yield Problem(f"{block.at}/id", "duplicate_id", detail, "Rename one.", block.id)
        seen.add(block.id)


def _count_problems(blocks: tuple[Found, ...]) -> Iterator[Problem]:
    counts: Counter[str] = Counter()
    for block in blocks:
        counts[block.kind] += 1
        kind = KINDS.get(block.kind)
        if kind and kind.at_most is not None and counts[kind.name] > kind.at_most:
            detail = f"A blueprint has at most {kind.at_most} block of kind {kind.name}."
            yield Problem(block.at, "too_many_blocks", detail, "Remove it.", block.id or None)
    for kind in KINDS.values():
        if counts[kind.name] < kind.at_least:
            detail = f"There is no block of kind {kind.name}."
            yield Problem("/blocks", "missing_block", detail, f"Add one. {kind.help}")


def _link_problems(reading: Reading) -> Iterator[Problem]:
    by_id = {block.id: block for block in reading.blocks if block.id}
    seen: set[tuple[str, str]] = set()
    for link in reading.links:
        dangling = list(_dangling(link, by_id))
        if dangling:
            yield from dangling
        elif link.source == link.target:
            detail = f"{link.source} is linked with itself."
            yield of_link(link, "self_link", detail, "Remove the link.")
        elif link.pair in seen:
            detail = f"{link.source} and {link.target} are linked twice."
            yield of_link(link, "duplicate_link", detail, "Remove one of the links.")
        else:
            yield from _wrong_way(link, by_id[link.source], by_id[link.target])
        seen.add(link.pair)


def _dangling(link: FoundLink, by_id: Mapping[str, Found]) -> Iterator[Problem]:
    for end, name in enumerate(link.pair):
        if name not in by_id:
            hint = near(name, by_id, "blocks")
            problem = of_link(link, "dangling_link", f"There is no block {shown(name)}.", hint)
            yield replace(problem, pointer=f"{link.at}/{end}", link=_short(link))


def _short(link: FoundLink) -> tuple[str, str]:
    # Its ends name no block, so they can be anything that somebody sent.
    return (link.source[:40], link.target[:40])


def _wrong_way(link: FoundLink, source: Found, target: Found) -> Iterator[Problem]:
    if not source.kind or not target.kind or allowed(source, target):
        return
    detail = f"{_a(source.kind)} cannot lead to {_a(target.kind)}."
    if allowed(target, source):
        hint = f"Turn it round: [{target.id}, {source.id}]."
    else:
        hint = f"Links go from a url to the {ROOT.name}, and from there to what belongs to it."
    yield of_link(link, "wrong_link", f"{detail[0].upper()}{detail[1:]}", hint)


def _a(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeio" else f"a {kind}"


def _loose_blocks(
    reading: Reading, wrong_links: list[Problem], owning: tuple[Owning, ...]
) -> Iterator[Problem]:
    roots = [block for block in reading.blocks if block.kind == ROOT.name]
    # The links cannot be judged without the one block that all of them go to, nor while some
    # of them could not be read at all.
    if len(roots) != 1 or not roots[0].id or any(p.code == "bad_link" for p in reading.problems):
        return
    root = roots[0].id
    kinds = {block.kind for block in reading.blocks}
    linked = _linked(reading, owning) | _meant(wrong_links, reading)
    for block in reading.blocks:
        if not block.id or not block.kind or block.kind == ROOT.name:
            continue
        if block.id not in linked:
            pair = f"[{block.id}, {root}]" if block.kind == "url" else f"[{root}, {block.id}]"
            others = (kind for kind in KINDS[block.kind].links_from if kind != ROOT.name)
            other = next((kind for kind in others if kind in kinds), None)
            detail = f"{block.id} is not linked with {root}."
            hint = f"Add the link {pair}" + (f", or one from a {other}." if other else ".")
            yield Problem(block.at, "unlinked", detail, hint, block.id)


def _linked(reading: Reading, owning: tuple[Owning, ...]) -> set[str]:
    """Blocks with a place in the drawing: something leads to them, or they are what begins it. A
    link that is wrong is told as such, so both of its ends count."""
    right = {one.link.at: one for one in owning}
    found: set[str] = set()
    for link in reading.links:
        one = right.get(link.at)
        begins = one is None or not KINDS[one.owner.kind].links_from
        found |= {link.source, link.target} if begins else {link.target}
    return found


def _meant(wrong_links: list[Problem], reading: Reading) -> set[str]:
    """Blocks that a link with a mistyped end was surely meant for."""
    ids = [block.id for block in reading.blocks]
    ends = {end for problem in wrong_links for end in problem.link or ()} - set(ids)
    return {meant for end in ends if (meant := nearest(end, ids))}


def _name_clashes(blocks: tuple[Found, ...], owning: tuple[Owning, ...]) -> Iterator[Problem]:
    """Names that one environment would have twice, or that two blocks of a kind share which
    may not."""
    environment = {one.owned.at: one.owner.id for one in reversed(owning)}
    first: dict[tuple[str, str], str] = {}
    for block in blocks:
        if not block.kind:
            continue
        kind = KINDS[block.kind]
        among = [f"of {environment.get(block.at, '')}"]
        if kind.names_unique is Unique.BLUEPRINT:
            among.append(f"every {kind.name}")
        for name, place in kind.names(block.options):
            if by := next((first[a, name] for a in among if (a, name) in first), None):
                detail = f"{shown(name)} is defined by {by} already."
                at = f"{block.at}/options{place}"
                hint = "An environment has each name once; rename one."
                yield Problem(at, "duplicate_name", detail, hint, block.id or None)
            for a in among:
                first.setdefault((a, name), block.id or "another block")


def _value_clashes(blocks: tuple[Found, ...]) -> Iterator[Problem]:
    first: dict[str, tuple[str, object]] = {}
    for block in blocks:
        if not block.kind:
            continue
        for place, value in per_tenant.declared(KINDS[block.kind], block.options):
            owner, demands = first.setdefault(value.name, (block.id, value.demands))
            if demands != value.demands:
                detail = f"The value {shown(value.name)} of {owner or 'another block'} is not this."
                hint = "Give it another name, or the same default, required and set_by."
                at = f"{block.at}/options{place}"
                yield Problem(at, "value_conflict", detail, hint, block.id or None)
