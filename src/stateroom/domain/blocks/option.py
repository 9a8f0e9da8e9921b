"""An option of a block: one description that checks a value, becomes a JSON Schema, and draws
a form. The checker and the schema must never disagree; a property test holds them together."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from stateroom.domain.names import environment_problem, kind_of, near, shown
from stateroom.errors import Problem

TEXT = r"^[^\u0000\ud800-\udfff]*$(?!\n)"
"""Any text that can be stored as UTF-8 and put into an environment."""


class Type(StrEnum):
    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    MAP = "map"  # environment name -> one value described by `item`
    LIST = "list"  # entries in an order, each described by `item`


class Unique(StrEnum):
    """Among which blocks of its kind an option is given to one only."""

    NO = ""
    OWNER = "owner"  # those that one block links to
    BLUEPRINT = "blueprint"


_JSON = {
    Type.TEXT: "string", Type.INTEGER: "integer", Type.NUMBER: "number",
    Type.BOOLEAN: "boolean", Type.MAP: "object", Type.LIST: "array",
}
_WORDS = {
    Type.TEXT: "text", Type.INTEGER: "a whole number", Type.NUMBER: "a number",
    Type.BOOLEAN: "true or false", Type.MAP: "an object of names and values",
    Type.LIST: "a list",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """name: as in the document. title, help: for people. default: what holds when neither the
    blueprint nor the tenant says anything; None for nothing. required: must be given.
    minimum, maximum, choices, pattern, min_length, max_length (characters): as in JSON Schema.
    rule: the pattern in words. hint: what to do about a refused value.
    form: how a form shows it ("duration", "multiline", "environment", "path", "").
    per_tenant: whether it may be a value of each tenant. expands: whether ${tenant.*} is
    replaced in it. limit: the tenant's limit that goes before it. item: what a MAP or a LIST
    holds, min_length, max_length: how many. distinct: no entry of a LIST stands there twice.
    unique: whether other blocks may say the same. taken: what nobody may say, and who has it.
    needs: other options that must be given, by choice of this one. only_for: another option and
    the choice of it without which this one does nothing.
    """

    name: str
    type: Type
    title: str
    help: str
    default: object = None
    required: bool = False
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    pattern: str = ""
    min_length: int | None = None
    max_length: int | None = None
    rule: str = ""
    hint: str = ""
    form: str = ""
    per_tenant: bool = True
    expands: bool = False
    limit: str = ""
    item: Option | None = None
    distinct: bool = False
    unique: Unique = Unique.NO
    taken: tuple[tuple[object, str], ...] = ()
    needs: tuple[tuple[str, str], ...] = ()
    only_for: tuple[str, str] | None = None

    def schema(self) -> dict[str, object]:
        """The JSON Schema (2020-12) of one value, with what a form needs."""
        found: dict[str, object] = {
            "title": self.title, "description": self.help, "type": _JSON[self.type],
        }
        if self.choices:
            found["enum"] = list(self.choices)
        limits = {
            "minimum": self.minimum, "maximum": self.maximum, "pattern": self.pattern or None,
            self._counted("min"): self.min_length, self._counted("max"): self.max_length,
            "uniqueItems": self.distinct or None,
            "items": self.item.schema() if self.item and self.type is Type.LIST else None,
        }
        found |= {key: limit for key, limit in limits.items() if limit is not None}
        if self.form:
            found["x-form"] = self.form
        return found

    def _counted(self, end: str) -> str:
        return f"{end}Items" if self.type is Type.LIST else f"{end}Length"

    def describe(self) -> dict[str, object]:
        """Everything about it as JSON, for the console's forms."""
        return {
            "name": self.name, "kind": self.type.value, "schema": self.schema(),
            "default": self.default, "required": self.required, "per_tenant": self.per_tenant,
            "expands": self.expands, "limit": self.limit,
            "hint": self.hint, "rule": self.rule,
            "item": self.item.describe() if self.item else None,
            "unique": self.unique.value, "taken": [list(pair) for pair in self.taken],
            "needs": [list(pair) for pair in self.needs],
            "only_for": list(self.only_for) if self.only_for else None,
        }

    def problem(self, value: object, at: str) -> Problem | None:
        """What is wrong with `value`, or None. Entries of a MAP or a LIST are looked at by the
        caller: each of them has a place of its own."""
        if not _fits(self.type, value):
            return self._wrong_type(value, at)
        if isinstance(value, str):
            return self._text_problem(value, at)
        if isinstance(value, int | float):
            return self._number_problem(value, at)
        return None

    def _wrong_type(self, value: object, at: str) -> Problem:
        hint = self.hint
        if self.type is Type.TEXT and isinstance(value, bool | int | float):
            # YAML reads off as false and 2026.9 as a number.
            hint = "Put it in quotes."
        # "A whole number, not a number" says nothing to whoever sent 1.5.
        sent = shown(value) if isinstance(value, float) else kind_of(value)
        detail = f"{self.label} must be {_WORDS[self.type]}, not {sent}."
        return Problem(at, "wrong_type", detail, hint)

    def _text_problem(self, value: str, at: str) -> Problem | None:
        if self.choices and value not in self.choices:
            detail = f"{self.label} cannot be {shown(value)}."
            return Problem(at, "unknown_choice", detail, near(value, self.choices, "choices"))
        if self.min_length is not None and len(value) < self.min_length:
            return Problem(at, "too_short", f"{self.label} is empty.", self.hint)
        if self.max_length is not None and len(value) > self.max_length:
            detail = f"{self.label} is longer than {self.max_length} characters."
            return Problem(at, "too_long", detail, self.hint or "Shorten it.")
        if self.pattern and not re.search(self.pattern, value):
            detail = f"{self.label} cannot be {shown(value)}."
            return Problem(at, "bad_format", detail, self.rule or self.hint)
        return environment_problem(value, at) if self.form == "environment" else None

    def _number_problem(self, value: float, at: str) -> Problem | None:
        low, high = self.minimum, self.maximum
        if (low is None or value >= low) and (high is None or value <= high):
            return None
        allowed = f"from {low:g} to {high:.12g}" if low is not None and high is not None else ""
        detail = f"{self.label} must be {allowed}, not {shown(value)}."
        return Problem(at, "out_of_range", detail, self.hint)

    @property
    def label(self) -> str:
        return self.name or "The value"


def _fits(type_: Type, value: object) -> bool:
    """JSON's types: true is no number, 2.0 is a whole one, NaN is nothing."""
    match type_:
        case Type.TEXT:
            return isinstance(value, str)
        case Type.BOOLEAN:
            return isinstance(value, bool)
        case Type.MAP:
            return isinstance(value, Mapping)
        case Type.LIST:
            return isinstance(value, list | tuple)
        case _ if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        case Type.NUMBER:
            return isinstance(value, int) or not math.isnan(value)
        case Type.INTEGER:
            return isinstance(value, int) or value.is_integer()
