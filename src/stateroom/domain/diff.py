"""Diff: what one blueprint says differently from another, in sentences for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from stateroom.domain.blocks import KINDS
from stateroom.domain.blueprint import Block, Blueprint
from stateroom.domain.per_tenant import is_value

LONGEST_SHOWN = 60
MOST_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Change:
    """kind: "added" | "removed" (a block), "changed" (an option, or the name), "linked" |
    "unlinked". block: its id; of a link, where it begins; "" for the blueprint itself.
    option: its name, ``values.NAME`` inside a map; of a link, where it leads. before, after: as
    in the document, None where nothing stood. text: all of it as a sentence."""

    kind: str
    block: str
    option: str
    before: object
    after: object
    text: str


def changes(old: Blueprint, new: Blueprint) -> tuple[Change, ...]:
    """Everything that differs in meaning, blocks by id, then links. Layout is no meaning."""
    found = []
    if old.name != new.name:
        text = f"The blueprint is now called {new.name} (was {old.name})."
        found.append(Change("changed", "", "name", old.name, new.name, text))
    return (*found, *_block_changes(old, new), *_link_changes(old, new))


def _block_changes(old: Blueprint, new: Blueprint) -> Iterator[Change]:
    before = {block.id: block for block in old.blocks}
    after = {block.id: block for block in new.blocks}
    for name in sorted(before.keys() | after.keys()):
        was, now = before.get(name), after.get(name)
        if was is not None and now is not None and was.kind == now.kind:
            yield from _option_changes(was, now)
            continue
        # Another kind under the same id is another block.
        if was is not None:
            yield _whole(was, "removed", before=dict(was.options), after=None)
        if now is not None:
            yield _whole(now, "added", before=None, after=dict(now.options))


def _whole(block: Block, kind: str, *, before: object, after: object) -> Change:
    text = f"The block {block.id} ({block.kind}) is {kind}."
    return Change(kind, block.id, "", before, after, text)


def _option_changes(old: Block, new: Block) -> Iterator[Change]:
    before, after = _flat(old.options), _flat(new.options)
    for option in sorted(before.keys() | after.keys()):
        was, now = before.get(option), after.get(option)
        if was != now or type(was) is not type(now):
            text = f"{new.id}: {option} is {_said(new, option, now)}"
            text += f" (was {_said(old, option, was)})."
            yield Change("changed", new.id, option, was, now, text)


def _flat(options: Mapping[str, object]) -> dict[str, object]:
    """Options by name; a map's entries one by one, so that one flag is one change."""
    found: dict[str, object] = {}
    for name, given in options.items():
        if isinstance(given, Mapping) and not is_value(given):
            found |= {f"{name}.{key}": entry for key, entry in given.items()}
        else:
            found[name] = given
    return found


def _said(block: Block, option: str, given: object) -> str:
    if given is None:
        known = KINDS[block.kind].option(option)
        has_default = known is not None and known.default is not None
        return f"its default, {_shown(known.default)}" if known and has_default else "not there"
    if isinstance(given, Mapping) and is_value(given):
        default = given.get("default")
        ends = "" if default is None else f", else {_shown(default)}"
        return f"each tenant's {given['per_tenant']}{ends}"
    return _shown(given)


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        entries = ", ".join(_shown(entry) for entry in value[:MOST_SHOWN])
        return f"[{entries}, …]" if len(value) > MOST_SHOWN else f"[{entries}]"
    if not isinstance(value, str):
        return f"{value}"
    line = " ".join(value.split())
    return f'"{line}"' if len(line) <= LONGEST_SHOWN else f'"{line[:LONGEST_SHOWN]}…"'


def _link_changes(old: Blueprint, new: Blueprint) -> Iterator[Change]:
    for link in sorted(set(old.links) - set(new.links)):
        text = f"{link[0]} is no longer linked with {link[1]}."
        yield Change("unlinked", link[0], link[1], list(link), None, text)
    for link in sorted(set(new.links) - set(old.links)):
        yield Change("linked", *link, None, list(link), f"{link[0]} is linked with {link[1]}.")
