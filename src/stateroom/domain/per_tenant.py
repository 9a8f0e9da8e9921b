"""Values: an option written ``{per_tenant: NAME, ...}`` is left open for each tenant to fill.

The same name may stand in several options, if they want the same of it: it is one value then.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from stateroom.domain.blocks.kind import Kind
from stateroom.domain.blocks.option import Option, Type
from stateroom.domain.document import REFUSED
from stateroom.domain.expansion import placeholder_problem
from stateroom.domain.names import VALUE, environment_problem, kind_of, near, shown
from stateroom.domain.pointer import pointer
from stateroom.errors import Problem

OPERATOR = "operator"
TENANT = "tenant"
SETTERS = (OPERATOR, TENANT)
_KEYS = ("per_tenant", "default", "required", "set_by", "help")
LONGEST_HELP = 300
_EXAMPLE = "Write {per_tenant: NAME, default: ..., required: ..., set_by: operator}."


@dataclass(frozen=True, slots=True)
class Value:
    """default: None for none (null is no default). required: a tenant must give it; never with
    a default. set_by: who may change it; an operator always may. help: for whoever fills it in,
    "" for the option's own."""

    name: str
    option: Option
    default: object
    required: bool
    set_by: str
    help: str = ""

    @property
    def demands(self) -> object:
        """What two options must agree on to share one value: all that is not for reading."""
        schema = self.option.schema()
        for text in ("title", "description", "x-form"):
            schema.pop(text, None)
        return (schema, self.default, self.required, self.set_by)


def is_value(given: object) -> bool:
    return isinstance(given, Mapping) and "per_tenant" in given


def value_of(option: Option, given: Mapping[str, object]) -> Value:
    """The value that a checked ``{per_tenant: ...}`` declares."""
    default = given.get("default")
    needed = given.get("required", option.required and option.default is None)
    return Value(
        name=str(given["per_tenant"]),
        option=option,
        default=default,
        required=needed is True and default is None,
        set_by=str(given.get("set_by", OPERATOR)),
        help=str(given.get("help", "")),
    )


def declared(kind: Kind, options: Mapping[str, object]) -> Iterator[tuple[str, Value]]:
    """Every value that a block's options declare, each with its pointer inside the options."""
    for option in kind.options:
        given = options.get(option.name)
        if option.type is Type.MAP and option.item and isinstance(given, Mapping):
            for name, entry in given.items():
                if is_value(entry):
                    item = replace(option.item, title=name)
                    yield pointer(option.name, name), value_of(item, entry)
        elif isinstance(given, Mapping) and is_value(given) and option.per_tenant:
            yield pointer(option.name), value_of(option, given)


def problems(option: Option, given: object, at: str) -> Iterator[Problem]:
    """What is wrong with an option as the blueprint gives it: plain, per tenant, a map or a
    list."""
    if given is REFUSED:
        return
    if option.type is Type.MAP:
        yield from _map_problems(option, given, at)
    elif isinstance(given, Mapping):
        yield from _value_problems(option, given, at)
    elif option.type is Type.LIST:
        yield from _list_problems(option, given, at)
    else:
        yield from plain_problems(option, given, at)


def plain_problems(option: Option, given: object, at: str) -> Iterator[Problem]:
    """The same for a value that is simply there."""
    problem = option.problem(given, at)
    if problem is None and option.expands:
        problem = placeholder_problem(str(given), at)
    if problem is not None:
        yield problem


def _map_problems(option: Option, given: object, at: str) -> Iterator[Problem]:
    assert option.item is not None
    if not isinstance(given, Mapping):
        if problem := option.problem(given, at):
            yield problem
    elif "per_tenant" in given:
        hint = "Let each entry be a value: {NAME: {per_tenant: ...}}."
        yield Problem(at, "not_per_tenant", f"{option.name} as a whole cannot be a value.", hint)
    elif option.max_length is not None and len(given) > option.max_length:
        detail = f"{option.name} holds more than {option.max_length} names."
        yield Problem(at, "too_many", detail)
    else:
        for name, entry in given.items():
            if problem := environment_problem(name, at + pointer(name)):
                yield problem
            yield from problems(replace(option.item, name=name), entry, at + pointer(name))


def _list_problems(option: Option, given: object, at: str) -> Iterator[Problem]:
    assert option.item is not None
    if problem := option.problem(given, at):
        yield problem
        return
    assert isinstance(given, list | tuple)
    if option.min_length is not None and len(given) < option.min_length:
        yield Problem(at, "too_short", f"{option.name} is empty.", option.hint)
    elif option.max_length is not None and len(given) > option.max_length:
        detail = f"{option.name} has more than {option.max_length} entries."
        yield Problem(at, "too_many", detail, "Leave some out.")
    else:
        for index, entry in enumerate(given):
            place = at + pointer(index)
            item = replace(option.item, name=f"Entry {index + 1} of {option.name}")
            yield from problems(item, entry, place)
            if option.distinct and isinstance(entry, str) and entry in given[:index]:
                detail = f"{shown(entry)} stands here twice."
                yield Problem(place, "duplicate_entry", detail, "Remove one of them.")


def _value_problems(option: Option, given: Mapping[str, object], at: str) -> Iterator[Problem]:
    if not option.per_tenant:
        detail = f"{option.label} cannot differ between tenants."
        yield Problem(at, "not_per_tenant", detail, "Give it a value for all of them.")
        return
    for key in given:
        if key not in _KEYS:
            detail = f"{shown(key)} means nothing in a value."
            yield Problem(at + pointer(key), "unknown_key", detail, near(key, _KEYS, "keys"))
    yield from _name_problems(given.get("per_tenant"), at)
    yield from _need_problems(option, given, at)
    yield from _help_problems(given.get("help", ""), at)
    if "default" in given and given["default"] is not REFUSED:
        yield from plain_problems(option, given["default"], at + "/default")


def _name_problems(name: object, at: str) -> Iterator[Problem]:
    if name is REFUSED:
        return
    if name is None:
        yield Problem(at + "/per_tenant", "missing", "The value has no name.", _EXAMPLE)
    elif not isinstance(name, str) or not re.search(VALUE, name):
        hint = "Use 1 to 64 letters, digits and _; begin with a letter."
        yield Problem(
            at + "/per_tenant", "bad_name", f"{shown(name)} cannot name a value.", hint
        )


def _help_problems(text: object, at: str) -> Iterator[Problem]:
    if text is REFUSED:
        return
    if not isinstance(text, str):
        yield Problem(at + "/help", "wrong_type", f"help is text, not {kind_of(text)}.")
    elif len(text) > LONGEST_HELP:
        detail = f"help is longer than {LONGEST_HELP} characters."
        yield Problem(at + "/help", "too_long", detail, "One or two sentences are read.")


def _need_problems(option: Option, given: Mapping[str, object], at: str) -> Iterator[Problem]:
    required = given.get("required", True)
    if required is not REFUSED and not isinstance(required, bool):
        detail = f"required is true or false, not {shown(required)}."
        yield Problem(at + "/required", "wrong_type", detail)
    if required is False and option.required and "default" not in given:
        detail = f"{option.label} must come from somewhere."
        hint = "Give a default, or let the tenant have to set it (required: true)."
        yield Problem(at + "/required", "needs_default", detail, hint)
    setter = given.get("set_by", OPERATOR)
    if setter is not REFUSED and setter not in SETTERS:
        detail = f"set_by cannot be {shown(setter)}."
        hint = near(setter, SETTERS, "choices") if isinstance(setter, str) else ""
        yield Problem(at + "/set_by", "unknown_choice", detail, hint)
