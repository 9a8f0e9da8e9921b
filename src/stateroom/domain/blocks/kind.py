"""A kind of block: its options, which blocks may link to it, and what it adds to a draft."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from stateroom.domain.blocks.draft import Draft, Placed
from stateroom.domain.blocks.option import Option, Unique


@dataclass(frozen=True, slots=True)
class Options:
    """One block's options, checked, with tenants' values and defaults filled in. What has
    neither is not there. JSON's 2.0 is a whole number: here it becomes one."""

    given: Mapping[str, object]

    def text(self, name: str) -> str:
        return str(self.given[name])

    def whole(self, name: str) -> int:
        return int(self.number(name))

    def number(self, name: str) -> float:
        value = self.given[name]
        assert isinstance(value, int | float)
        return float(value)

    def flag(self, name: str) -> bool:
        return self.given[name] is True

    def texts(self, name: str) -> Mapping[str, str]:
        value = self.given[name]
        assert isinstance(value, Mapping)
        return value

    def entries(self, name: str) -> tuple[str, ...]:
        """A list's texts; none where there is no such list."""
        value = self.given.get(name, ())
        assert isinstance(value, list | tuple)
        return tuple(map(str, value))

    def __contains__(self, name: str) -> bool:
        return name in self.given


def no_names(_: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned:
    """What holds for the blocks of a kind that one block of the kind `owner` links to.
    at_least, at_most: how many. fixed: options that say exactly this. reserved_ids: ids that
    they cannot have."""

    owner: str
    at_least: int = 0
    at_most: int | None = None
    fixed: tuple[tuple[str, object], ...] = ()
    reserved_ids: tuple[str, ...] = ()

    def describe(self) -> dict[str, object]:
        return {
            "owner": self.owner, "at_least": self.at_least, "at_most": self.at_most,
            "fixed": [list(pair) for pair in self.fixed],
            "reserved_ids": list(self.reserved_ids),
        }


@dataclass(frozen=True, slots=True)
class Notice:
    """What is worth knowing about every block of a kind, and is not wrong."""

    code: str
    detail: str
    hint: str

    def describe(self) -> dict[str, object]:
        return {"code": self.code, "detail": self.detail, "hint": self.hint}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """links_from: kinds whose blocks link to one of this kind. at_least, at_most: how many of
    it a blueprint has. add: its part of the draft. names: environment names that a block with
    these options (as sent) defines, each with its pointer inside the options; names_unique:
    among which blocks. most_owners: how many blocks link to one. owned: by kind of owner.
    reserved_ids: ids that none of them can have."""

    name: str
    title: str
    help: str
    options: tuple[Option, ...]
    add: Callable[[Draft, Options, Placed], Draft]
    links_from: tuple[str, ...] = ("openclaw",)
    at_least: int = 0
    at_most: int | None = None
    names: Callable[[Mapping[str, object]], tuple[tuple[str, str], ...]] = no_names
    names_unique: Unique = Unique.OWNER
    most_owners: int | None = None
    owned: tuple[Owned, ...] = ()
    reserved_ids: tuple[str, ...] = ()
    notice: Notice | None = None

    def option(self, name: str) -> Option | None:
        return next((option for option in self.options if option.name == name), None)

    def owned_by(self, owner: str) -> Owned | None:
        return next((rule for rule in self.owned if rule.owner == owner), None)

    def describe(self) -> dict[str, object]:
        """All of it as JSON, for the canvas."""
        return {
            "name": self.name, "title": self.title, "help": self.help,
            "links_from": list(self.links_from),
            "at_least": self.at_least, "at_most": self.at_most,
            "names_unique": self.names_unique.value,
            "most_owners": self.most_owners,
            "owned": [rule.describe() for rule in self.owned],
            "reserved_ids": list(self.reserved_ids),
            "notice": self.notice.describe() if self.notice else None,
            "options": [option.describe() for option in self.options],
        }
