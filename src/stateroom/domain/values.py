"""Values: what one blueprint lets each tenant decide, as a JSON Schema and as a checker.

The schema is for others: forms, documentation, clients in other languages. Our own check needs
no library and tells every problem with a pointer and a hint; a property test proves that both
accept the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from stateroom.domain import environment
from stateroom.domain.blocks import KINDS
from stateroom.domain.blueprint import Blueprint
from stateroom.domain.limits import Limits, check_limits, effective_limits
from stateroom.domain.names import near, shown
from stateroom.domain.per_tenant import Value, declared
from stateroom.domain.pointer import pointer
from stateroom.domain.resolve import missing
from stateroom.errors import Invalid, Problem

__all__ = [
    "Limits", "check_apart", "check_limits", "check_tenant", "check_values", "declared_values",
    "effective_limits", "merge_patch", "values_schema",
]

DEEPEST_PATCH = 32
MOST_VALUES = 500


def declared_values(blueprint: Blueprint) -> dict[str, Value]:
    """Every value that the blueprint leaves open, by name, in the order of names."""
    found: dict[str, Value] = {}
    for block in sorted(blueprint.blocks, key=lambda block: block.id):
        for _, value in declared(KINDS[block.kind], block.options):
            found.setdefault(value.name, value)
    return dict(sorted(found.items()))


def values_schema(blueprint: Blueprint) -> dict[str, object]:
    """JSON Schema (2020-12) of a tenant's values; `x-set-by` says who may change each."""
    values = declared_values(blueprint)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Values of a tenant of {blueprint.name}",
        "type": "object",
        "properties": {name: _property(value) for name, value in values.items()},
        "required": [name for name, value in values.items() if value.required],
        "additionalProperties": False,
    }


def _property(value: Value) -> dict[str, object]:
    default = value.option.default if value.default is None else value.default
    shape = value.option.schema() | {"x-set-by": value.set_by}
    if value.help:
        shape["description"] = value.help
    return shape if default is None else shape | {"default": default}


def check_values(blueprint: Blueprint, values: Mapping[str, object]) -> tuple[Problem, ...]:
    """What is wrong with a tenant's values, each with its pointer ``/values/NAME``. A merge
    patch must have been applied: null is no value."""
    return tuple(_value_problems(declared_values(blueprint), values))


def _value_problems(
    known: Mapping[str, Value], values: Mapping[str, object]
) -> Iterator[Problem]:
    if len(values) > MOST_VALUES:
        detail = f"These are more than {MOST_VALUES} values."
        yield Problem("/values", "too_many", detail, near("", known, "values"))
        return
    for name, given in values.items():
        at = pointer("values", name)
        if name not in known:
            hint = near(name, known, "values")
            yield Problem(at, "unknown_value", f"There is no value {shown(name)}.", hint)
        elif problem := replace(known[name].option, name=name).problem(given, at):
            yield problem
    for name, value in known.items():
        if value.required and name not in values:
            yield missing(name, pointer("values", name))


def check_apart(
    limits: Mapping[str, object],
    variables: Mapping[str, object],
    secrets: Mapping[str, object],
) -> tuple[Problem, ...]:
    """What of a tenant's own would be wrong under every blueprint."""
    return (
        *check_limits(limits),
        *environment.check_variables(variables),
        *environment.check_secrets(secrets),
    )


def check_tenant(
    blueprint: Blueprint,
    values: Mapping[str, object],
    limits: Mapping[str, object],
    variables: Mapping[str, object],
    secrets: Mapping[str, object],
) -> tuple[Problem, ...]:
    """Everything that is wrong with what a tenant would be under this blueprint. secrets:
    name -> value; no value is ever part of a problem."""
    problems = [
        *check_values(blueprint, values),
        *check_apart(limits, variables, secrets),
        *environment.check_clashes(blueprint, variables, secrets),
    ]
    if not problems:
        texts = {name: str(text) for name, text in variables.items()}
        sealed = {name: str(value) for name, value in secrets.items()}
        problems += environment.check_size(blueprint, values, texts, sealed)
    return tuple(problems)


def merge_patch(target: object, patch: object) -> Any:
    """RFC 7396: `target` with `patch` applied; null removes. Neither is changed. Raises
    Invalid when the patch is nested deeper than DEEPEST_PATCH."""
    return _merged(target, patch, 0)


def _merged(target: object, patch: object, depth: int) -> Any:
    if not isinstance(patch, Mapping):
        return patch
    if depth > DEEPEST_PATCH:
        raise Invalid([Problem("", "too_deep", "This is nested too deeply.", "Send less.")])
    result = dict(target) if isinstance(target, Mapping) else {}
    for key, change in patch.items():
        if change is None:
            result.pop(key, None)
        else:
            result[key] = _merged(result.get(key), change, depth + 1)
    return result
