"""Reading a blueprint's document block by block: what can be understood, and what cannot.

A reader stops at nothing: an unknown kind that is surely a typing error is read as the kind
that was meant, so that one wrong letter does not hide the other problems or invent new ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from stateroom.domain import per_tenant
from stateroom.domain.blocks import KINDS
from stateroom.domain.blocks.kind import Kind
from stateroom.domain.document import REFUSED
from stateroom.domain.names import BLOCK, SLUG, kind_of, near, nearest, shown
from stateroom.domain.pointer import pointer
from stateroom.errors import Problem

MOST_BLOCKS = 100
MOST_LINKS = 300
_KEYS = ("name", "blocks", "links", "layout")
_BLOCK_KEYS = ("id", "kind", "options")


@dataclass(frozen=True, slots=True)
class Found:
    """A block as far as it could be read. id: "" where it has none that can be used.
    kind: "" where nothing is near what was written. at: its pointer."""

    at: str
    id: str
    kind: str
    options: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class FoundLink:
    at: str
    source: str
    target: str

    @property
    def pair(self) -> tuple[str, str]:
        return (self.source, self.target)


@dataclass(frozen=True, slots=True)
class Reading:
    """problems: what is wrong with single blocks, options and links."""

    name: str
    blocks: tuple[Found, ...]
    links: tuple[FoundLink, ...]
    problems: tuple[Problem, ...]


def read_blueprint(document: object) -> Reading:
    """`document` is a safe copy, as `document.read` makes it."""
    if not isinstance(document, Mapping):
        if document is REFUSED:
            return Reading("", (), (), ())
        detail = f"A blueprint is an object with name, blocks and links, not {kind_of(document)}."
        return Reading("", (), (), (Problem("", "wrong_type", detail),))
    problems = [*_unknown_keys(document, _KEYS, ""), *_name_problems(document)]
    blocks = _read_blocks(document, problems)
    links = _read_links(document, problems)
    layout = document.get("layout", {})
    if layout is not REFUSED and not isinstance(layout, Mapping):
        problems.append(Problem("/layout", "wrong_type", "layout is an object, or left out."))
    return Reading(str(document.get("name")), blocks, links, tuple(problems))


def _unknown_keys(given: Mapping[str, object], keys: tuple[str, ...], at: str) -> list[Problem]:
    return [
        Problem(
            at + pointer(key), "unknown_key", f"{shown(key)} means nothing here.",
            near(key, keys, "keys"),
        )
        for key in given
        if key not in keys
    ]


def _name_problems(document: Mapping[str, object]) -> Iterator[Problem]:
    name = document.get("name")
    hint = "Use 1 to 40 of a-z, 0-9 and hyphens; begin with a letter."
    if name is REFUSED:
        return
    if name is None:
        yield Problem("/name", "missing", "The blueprint has no name.", hint)
    elif not isinstance(name, str):
        yield Problem("/name", "wrong_type", f"A name is text, not {kind_of(name)}.", hint)
    elif not re.search(SLUG, name):
        yield Problem("/name", "bad_name", f"{shown(name)} cannot name a blueprint.", hint)


def _read_list(
    document: Mapping[str, object], key: str, most: int, problems: list[Problem]
) -> list[object]:
    """The list under `key`; an empty one, and a problem, where there is none to go through."""
    given = document.get(key)
    at = pointer(key)
    if given is None:
        problems.append(Problem(at, "missing", f"The blueprint has no {key}.", f"Add {key}: []."))
    elif isinstance(given, list):
        if len(given) <= most:
            return given
        problems.append(Problem(at, "too_many", f"More than {most} {key}.", "Leave some out."))
    elif given is not REFUSED:
        detail = f"{key} is a list, not {kind_of(given)}."
        problems.append(Problem(at, "wrong_type", detail))
    return []


def _read_blocks(document: Mapping[str, object], problems: list[Problem]) -> tuple[Found, ...]:
    found = []
    for index, given in enumerate(_read_list(document, "blocks", MOST_BLOCKS, problems)):
        at = pointer("blocks", index)
        if isinstance(given, Mapping):
            block, wrong = _read_block(given, at)
            named = block.id or None
            problems.extend(replace(p, block=named) for p in wrong)
            found.append(block)
        elif given is not REFUSED:
            detail = f"A block is an object with id, kind and options, not {kind_of(given)}."
            problems.append(Problem(at, "wrong_type", detail))
    return tuple(found)


def _read_block(given: Mapping[str, object], at: str) -> tuple[Found, list[Problem]]:
    problems = _unknown_keys(given, _BLOCK_KEYS, at)
    name, wrong = _read_id(given.get("id"), at + "/id")
    kind, not_known = _read_kind(given.get("kind"), at + "/kind")
    problems += [p for p in (wrong, not_known) if p]
    options = given.get("options", {})
    if isinstance(options, Mapping):
        if kind is not None:
            problems.extend(_option_problems(kind, options, at + "/options"))
    elif options is not REFUSED:
        detail = f"options is an object, not {kind_of(options)}."
        problems.append(Problem(at + "/options", "wrong_type", detail))
    usable = options if isinstance(options, Mapping) else {}
    return Found(at, name, kind.name if kind else "", usable), problems


def _read_id(given: object, at: str) -> tuple[str, Problem | None]:
    hint = "Use 1 to 40 of a-z, 0-9, - and _; begin with a letter."
    if given is REFUSED:
        return "", None
    if given is None:
        return "", Problem(at, "missing", "The block has no id.", hint)
    if not isinstance(given, str):
        return "", Problem(at, "wrong_type", f"An id is text, not {kind_of(given)}.", hint)
    if not re.search(BLOCK, given):
        return "", Problem(at, "bad_name", f"{shown(given)} cannot be a block's id.", hint)
    return given, None


def _read_kind(given: object, at: str) -> tuple[Kind | None, Problem | None]:
    known = f"Known kinds: {', '.join(sorted(KINDS))}."
    if given is REFUSED:
        return None, None
    if given is None:
        return None, Problem(at, "missing", "The block has no kind.", known)
    if not isinstance(given, str):
        return None, Problem(at, "wrong_type", f"A kind is text, not {kind_of(given)}.", known)
    if given in KINDS:
        return KINDS[given], None
    meant = nearest(given, KINDS, 0.8)
    detail = f"There is no kind {shown(given)}."
    problem = Problem(at, "unknown_kind", detail, near(given, KINDS, "kinds"))
    return (KINDS[meant] if meant else None), problem


def _option_problems(kind: Kind, options: Mapping[str, object], at: str) -> Iterator[Problem]:
    names = [option.name for option in kind.options]
    for name in options:
        if name not in names:
            detail = f"{shown(name)} is no option of {kind.name}."
            hint = near(name, names, "options")
            yield Problem(at + pointer(name), "unknown_option", detail, hint)
    for option in kind.options:
        place = at + pointer(option.name)
        if option.name in options:
            yield from per_tenant.problems(option, options[option.name], place)
        elif option.required:
            detail = f"{kind.name} needs the option {option.name}."
            yield Problem(place, "missing_option", detail, option.hint)
    yield from _need_problems(kind, options, at)


def _need_problems(kind: Kind, options: Mapping[str, object], at: str) -> Iterator[Problem]:
    """Options that another one's choice calls for."""
    for option in kind.options:
        for choice, name in option.needs:
            if options.get(option.name) == choice and name not in options:
                detail = f"With {option.name}: {choice} the option {name} must be given."
                needed = kind.option(name)
                hint = needed.hint if needed else ""
                yield Problem(at + pointer(name), "missing_option", detail, hint)


def of_link(link: FoundLink, code: str, detail: str, hint: str) -> Problem:
    return Problem(link.at, code, detail, hint, link=link.pair)


def _read_links(document: Mapping[str, object], problems: list[Problem]) -> tuple[FoundLink, ...]:
    found = []
    for index, given in enumerate(_read_list(document, "links", MOST_LINKS, problems)):
        at = pointer("links", index)
        match given:
            case [str(source), str(target)]:
                found.append(FoundLink(at, source, target))
            case _ if given is not REFUSED:
                hint = "Write [door, agent]: the block that it begins at, the one it leads to."
                problems.append(Problem(at, "bad_link", "A link is a pair of block ids.", hint))
    return tuple(found)
