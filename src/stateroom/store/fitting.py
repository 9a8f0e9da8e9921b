"""Whether what a tenant has fits a revision: the domain's rules, and what only the store knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from stateroom.domain.blueprint import Blueprint
from stateroom.domain.names import near, shown
from stateroom.domain.pointer import pointer
from stateroom.domain.values import Limits, check_tenant, effective_limits
from stateroom.errors import Problem
from stateroom.store import lookups

MOST_SECRETS = 200


@dataclass(frozen=True, slots=True)
class Belongings:
    """What is a tenant's own. secrets: name -> kind."""

    values: Mapping[str, Any]
    limits: Mapping[str, Any]
    variables: Mapping[str, Any]
    secrets: Mapping[str, str]


async def problems(
    connection: AsyncConnection, blueprint: Blueprint, own: Belongings
) -> tuple[Problem, ...]:
    """Everything that does not fit, at once."""
    found = list(
        check_tenant(blueprint, own.values, own.limits, own.variables, own.secrets)
    )
    if len(own.secrets) > MOST_SECRETS:
        found.append(
            Problem("/secrets", "too_many", f"A tenant has at most {MOST_SECRETS} secrets.")
        )
    if not found and (problem := await _provider_problem(connection, blueprint, own)):
        found.append(problem)
    return tuple(found)


def limits(blueprint: Blueprint, own: Belongings) -> Limits:
    """The limits that are in force. Only of what `problems` found nothing wrong with."""
    return effective_limits(blueprint, own.values, own.limits)


async def _provider_problem(
    connection: AsyncConnection, blueprint: Blueprint, own: Belongings
) -> Problem | None:
    name, at = provider_of(blueprint, own.values)
    known = await lookups.provider_names(connection)
    if name in known:
        return None
    return Problem(
        at,
        "unknown_provider",
        f"There is no model provider {shown(name)}.",
        f"{near(str(name), known, 'providers')} Or add it: PUT /providers/NAME.",
    )


def provider_of(blueprint: Blueprint, values: Mapping[str, Any]) -> tuple[str, str]:
    """The model provider that a tenant with these values uses, and what names it."""
    for block in blueprint.blocks:
        if block.kind == "model":
            option = block.options.get("provider", "demo")
            if isinstance(option, Mapping):
                value = str(option["per_tenant"])
                return str(values.get(value, option.get("default", "demo"))), pointer(
                    "values", value
                )
            return str(option), "/blueprint"
    return "demo", "/blueprint"
