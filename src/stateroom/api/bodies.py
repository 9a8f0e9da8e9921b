"""Bodies of requests: bounded, of a declared type, read safely, and checked against a model.

The models are for the OpenAPI document and for shapes; what their library says about a wrong
value is turned into our problems, without the value.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from stateroom.api.dependencies import dependencies_of
from stateroom.api.documents import LARGEST, read_json
from stateroom.api.errors import WrongMedia
from stateroom.domain.names import kind_of, near, shown
from stateroom.domain.pointer import pointer
from stateroom.errors import Invalid, Problem

Model = TypeVar("Model", bound=BaseModel)

JSON_TYPES = ("application/json", "application/merge-patch+json")
YAML_TYPES = ("application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml")
IN_A_THREAD_FROM = 64 * 1024
"""Bytes; reading more than that at once would hold up every other request."""


async def json_object(request: Request, largest: int = LARGEST) -> dict[str, Any]:
    """The body as a JSON object; an absent one is empty. Raises Invalid, TooLarge, TooSlow,
    Crowded, WrongMedia."""
    async with _body(request, largest) as body:
        if not body:
            return {}
        _require(request, JSON_TYPES)
        value = await _parse(read_json, body)
    if not isinstance(value, dict):
        detail = f"The body is an object, not {kind_of(value)}."
        raise Invalid([Problem("", "wrong_type", detail, "Send {...}.")])
    return value


async def document(request: Request) -> Any:
    """A blueprint's document, JSON or YAML as the Content-Type says."""
    async with _body(request, LARGEST) as body:
        media = _require(request, (*JSON_TYPES[:1], *YAML_TYPES))
        if media in YAML_TYPES:
            # Loaded with the first document: most calls carry none.
            from stateroom.api.yaml_documents import read_yaml

            return await _parse(read_yaml, body)
        return await _parse(read_json, body)


def _body(request: Request, largest: int) -> AbstractAsyncContextManager[bytes]:
    return dependencies_of(request).intake.body(request, largest)


async def model_of(request: Request, model: type[Model], largest: int = LARGEST) -> Model:
    """The body as a model. Raises Invalid with every problem of its shape."""
    return as_model(await json_object(request, largest), model)


def as_model(body: Mapping[str, Any], model: type[Model]) -> Model:
    try:
        return model.model_validate(body)
    except ValidationError as error:
        raise Invalid(shape_problems(error.errors(include_input=False), model)) from None


def shape_problems(
    errors: Iterable[Any], model: type[BaseModel] | None = None
) -> tuple[Problem, ...]:
    """The library's errors as ours. They never hold what was sent."""
    return tuple(_problem(error, model) for error in errors)


def accepts(model: type[BaseModel], *, required: bool = True) -> dict[str, Any]:
    """`openapi_extra` of a call that reads such a body itself; `$defs` that it holds are moved to
    their place by openapi.py."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    return {
        "requestBody": {
            "required": required,
            "content": {"application/json": {"schema": schema}},
        }
    }


def _problem(error: Any, model: type[BaseModel] | None) -> Problem:
    kind, where = str(error["type"]), tuple(error["loc"])
    at = pointer(*where)
    if kind == "extra_forbidden":
        known = model.model_fields.keys() if model is not None and len(where) == 1 else ()
        names = [_alias(model, name) for name in known] if model is not None else []
        hint = near(str(where[-1]), names, "fields") if names else "Leave it out."
        return Problem(at, "unknown_field", f"There is no field {shown(where[-1])}.", hint)
    if kind == "missing":
        return Problem(at, "missing", f"{where[-1]} is missing.", "Send it.")
    code = "wrong_type" if kind.endswith(("_type", "_parsing")) else "bad_value"
    said = str(error["msg"]).replace("Input should", "should", 1)
    said = said.replace("valid dictionary", "object").replace("be a object", "be an object")
    said = said.partition(" or instance of ")[0]
    joint = " " if said.startswith("should") else ": "
    hint = "The shape of every call is in /api/v1/openapi.json."
    return Problem(at, code, f"{_named(where)}{joint}{said}.", hint)


def _named(where: tuple[Any, ...]) -> str:
    """A field as people call it: an entry of a list goes by its list."""
    *before, last = where
    return f"{before[-1]}[{last}]" if isinstance(last, int) and before else str(last)


def _alias(model: type[BaseModel] | None, name: str) -> str:
    assert model is not None
    return model.model_fields[name].alias or name


def _require(request: Request, allowed: tuple[str, ...]) -> str:
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not media:
        return allowed[0]
    if media not in allowed:
        raise WrongMedia(
            f"this call takes {' or '.join(allowed)}, not {shown(media)}; set the Content-Type"
            " header"
        )
    return media


async def _parse(read: Any, body: bytes) -> Any:
    if len(body) < IN_A_THREAD_FROM:
        return read(body)
    return await asyncio.to_thread(read, body)
