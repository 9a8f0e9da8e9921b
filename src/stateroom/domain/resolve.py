"""Precedence: the tenant's limit goes before the tenant's value, that before the blueprint's
default, that before the option's own. This file is the only place that knows the order."""

from __future__ import annotations

from collections.abc import Mapping

from stateroom.domain.blocks import KINDS
from stateroom.domain.blocks.kind import Options
from stateroom.domain.blocks.option import Option, Type
from stateroom.domain.blueprint import Block
from stateroom.domain.per_tenant import is_value, value_of
from stateroom.domain.pointer import pointer
from stateroom.errors import Invalid, Problem

Values = Mapping[str, object]


def resolve(block: Block, values: Values, limits: Values) -> Options:
    """One block's options for one tenant. Raises Invalid where a value or limit of the tenant
    does not fit this blueprint (a revision may ask for other ones than the last did)."""
    found: dict[str, object] = {}
    for option in KINDS[block.kind].options:
        chosen = _choose(option, block.options.get(option.name), values, limits)
        if chosen is not None:
            found[option.name] = chosen
    return Options(found)


def _choose(option: Option, given: object, values: Values, limits: Values) -> object:
    if option.limit in limits:
        return _checked(option, limits[option.limit], pointer("limits", option.limit))
    if given is None:
        return option.default
    if option.type is Type.MAP and option.item and isinstance(given, Mapping):
        entries = {name: _choose(option.item, entry, values, {}) for name, entry in given.items()}
        return {name: entry for name, entry in entries.items() if entry is not None}
    if isinstance(given, Mapping) and is_value(given):
        return _of_tenant(option, given, values)
    return given


def _of_tenant(option: Option, given: Mapping[str, object], values: Values) -> object:
    value = value_of(option, given)
    at = pointer("values", value.name)
    if value.name in values:
        return _checked(option, values[value.name], at)
    if value.required:
        raise Invalid([missing(value.name, at)])
    return option.default if value.default is None else value.default


def missing(name: str, at: str) -> Problem:
    detail = f"This blueprint needs the value {name}."
    return Problem(at, "missing_value", detail, f"Set it: {name}=...")


def _checked(option: Option, chosen: object, at: str) -> object:
    if problem := option.problem(chosen, at):
        raise Invalid([problem])
    return chosen
