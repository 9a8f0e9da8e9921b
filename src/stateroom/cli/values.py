"""`--set k=v`: a shell knows only text, a blueprint's schema knows what the text means.

`k=v`      the schema of `k` decides: 3 is a number where it asks for one, text otherwise
`k:=json`  JSON as it stands, whatever the schema says
What the schema does not name stays text: the API says that there is no such value, and where.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from stateroom.cli.failure import usage


def needs_schema(pairs: Iterable[str]) -> bool:
    return any(not _split(pair)[1] for pair in pairs)


def values(
    pairs: Iterable[str], schema: Mapping[str, Any], option: str = "--set"
) -> dict[str, Any]:
    """Raises Failure (usage) for what is no pair, no JSON, or given twice."""
    properties = schema.get("properties")
    known = properties if isinstance(properties, Mapping) else {}
    found: dict[str, Any] = {}
    for pair in pairs:
        name, is_json, raw = _split(pair, option)
        if name in found:
            raise usage(f"{option} {name} is given twice: leave one.")
        found[name] = _json(name, raw, option) if is_json else typed(raw, known.get(name))
    return found


def limits(pairs: Iterable[str]) -> dict[str, Any]:
    """Limits are numbers. Raises Failure (usage) for everything else."""
    found = values(pairs, {}, "--limit")
    return {name: _number(name, value) for name, value in found.items()}


def typed(raw: str, schema: Any) -> Any:
    """The text as the type that the schema asks for; as text where it does not fit, so that the
    API can say what is wrong with it."""
    kinds = _kinds(schema)
    if not kinds or "string" in kinds:
        return raw
    for kind in ("integer", "number", "boolean", "array", "object", "null"):
        if kind in kinds:
            value = _parsed(raw)
            if _is_a(value, kind):
                return value
    return raw


def _kinds(schema: Any) -> set[str]:
    if not isinstance(schema, Mapping):
        return set()
    kinds = schema.get("type")
    if isinstance(kinds, str):
        return {kinds}
    if isinstance(kinds, list):
        return {str(kind) for kind in kinds}
    options = [*(schema.get("anyOf") or ()), *(schema.get("oneOf") or ())]
    return set().union(*(_kinds(option) for option in options)) if options else set()


def _is_a(value: Any, kind: str) -> bool:
    match kind:
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "boolean":
            return isinstance(value, bool)
        case "array":
            return isinstance(value, list)
        case "object":
            return isinstance(value, dict)
        case _:
            return value is None


def _parsed(raw: str) -> Any:
    try:
        return json.loads(raw, parse_constant=_no_constant)
    except ValueError:
        return raw


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _split(pair: str, option: str = "--set") -> tuple[str, bool, str]:
    name, equals, raw = pair.partition("=")
    is_json = name.endswith(":")
    name = name.removesuffix(":").strip()
    if not equals or not name:
        raise usage(f"{option} {pair!r}: write NAME=VALUE (or NAME:=JSON).")
    return name, is_json, raw


def _json(name: str, raw: str, option: str) -> Any:
    try:
        return json.loads(raw, parse_constant=_no_constant)
    except ValueError as error:
        raise usage(f"{option} {name}:= takes JSON, and this is none ({error}).") from error


def _number(name: str, value: Any) -> Any:
    number = _parsed(value) if isinstance(value, str) else value
    if number is None or _is_a(number, "number"):
        return number
    raise usage(f"--limit {name}: a limit is a number, for example memory_mb=2048.")
