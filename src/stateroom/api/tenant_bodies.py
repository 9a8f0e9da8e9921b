"""What was sent of a tenant, and everything that is wrong with it at once: shape and meaning."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from stateroom.api.bodies import as_model
from stateroom.api.dependencies import ApiDependencies
from stateroom.api.sent import SecretIn, TenantIn
from stateroom.domain.environment import secret_value_problem
from stateroom.domain.pointer import pointer
from stateroom.errors import Conflict, Denied, Invalid, NotFound, Problem
from stateroom.store.sealing import Redacted
from stateroom.store.tenant_change import Change
from stateroom.store.tenant_create import NewSecret, NewTenant


async def more_problems(
    slug: str, wish: Change, shape: Invalid, deps: ApiDependencies
) -> tuple[Problem, ...]:
    """What is wrong in the fields whose shape is good. Whatever else stands in the way of the
    change, such as that there is no such tenant, is told once every shape is."""
    told = {problem.pointer for problem in shape.problems}
    good = {name: value for name, value in wish.patch.items() if pointer(name) not in told}
    try:
        return await deps.repository.changes.problems(slug, replace(wish, patch=good))
    except (NotFound, Conflict, Denied):
        return ()


async def new_tenant(body: dict[str, Any], deps: ApiDependencies) -> NewTenant:
    """Raises Invalid with the problems of shape and of meaning together, each place once."""
    secrets, found = _secrets(_object(body, "secrets"))
    try:
        as_model(body, TenantIn)
    except Invalid as error:
        found = (*error.problems, *found)
    new = NewTenant(
        slug=body.get("slug"),
        blueprint=body.get("blueprint"),
        name=body.get("name"),
        values=_object(body, "values"),
        limits=_object(body, "limits"),
        variables=_object(body, "variables"),
        secrets=secrets,
        volume=body.get("restore_volume"),
    )
    if found:
        told = {problem.pointer for problem in found}
        more = await deps.repository.creation.problems(new)
        raise Invalid((*found, *(p for p in more if p.pointer not in told)))
    return new


def _object(body: dict[str, Any], name: str) -> dict[str, Any]:
    value = body.get(name)
    return value if isinstance(value, dict) else {}


def _secrets(given: dict[str, Any]) -> tuple[dict[str, NewSecret], tuple[Problem, ...]]:
    """Those that can be read, and what is wrong with the others."""
    read: dict[str, NewSecret] = {}
    found: list[Problem] = []
    for name, entry in given.items():
        at = pointer("secrets", name)
        value, kind = entry, None
        if isinstance(entry, dict):
            try:
                sent = as_model(entry, SecretIn)
            except Invalid as error:
                found += [replace(p, pointer=at + p.pointer) for p in error.problems]
                continue
            value, kind = sent.value, sent.as_
        if problem := secret_value_problem(name, value, at):
            found.append(problem)
        else:
            read[name] = NewSecret(Redacted(value), kind)
    return read, tuple(found)
