"""Whether what a tenant has fits a revision: the domain's rules, and what only the store knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from stateroom.domain.blueprint import Blueprint
from stateroom.domain.limits import limits_total
from stateroom.domain.names import near, shown
from stateroom.domain.per_tenant import is_value
from stateroom.domain.pointer import pointer
from stateroom.domain.resolve import resolve
from stateroom.domain.values import Limits, check_apart, check_tenant, effective_limits
from stateroom.errors import Problem
from stateroom.store import lookups
from stateroom.store.records import SecretRecord, TenantRecord
from stateroom.store.sealing import plain_size


@dataclass(frozen=True, slots=True)
class Belongings:
    """What is a tenant's own. secrets: name -> value, or a stand-in of the same length for one
    that is sealed already: sizes are checked, too."""

    values: Mapping[str, Any]
    limits: Mapping[str, Any]
    variables: Mapping[str, Any]
    secrets: Mapping[str, str] = field(repr=False)


def belongings(tenant: TenantRecord, secrets: tuple[SecretRecord, ...]) -> Belongings:
    """Of a tenant as it is stored."""
    stand_ins = {secret.name: "x" * plain_size(secret.sealed) for secret in secrets}
    return Belongings(tenant.values, tenant.limits, tenant.variables, stand_ins)


async def problems(
    connection: AsyncConnection, blueprint: Blueprint, own: Belongings
) -> tuple[Problem, ...]:
    """Everything that does not fit, at once."""
    found = check_tenant(blueprint, own.values, own.limits, own.variables, own.secrets)
    if found:
        return found
    name, at = provider_of(blueprint, own.values)
    known = await lookups.provider_names(connection)
    if name in known:
        return ()
    detail = f"There is no model provider {shown(name)}."
    hint = f"{near(name, known, 'providers')} Or add it: PUT /providers/NAME."
    return (Problem(at, "unknown_provider", detail, hint),)


def problems_anywhere(own: Belongings) -> tuple[Problem, ...]:
    """What would fit no blueprint at all."""
    return check_apart(own.limits, own.variables, own.secrets)


def limits(blueprint: Blueprint, own: Belongings) -> Limits:
    """What the whole cabin may use up, the services beside the agent included: what is reserved
    for it. Only of what `problems` found nothing wrong with."""
    return limits_total(blueprint, own.values, own.limits)


def services_disk_mb(blueprint: Blueprint, own: Belongings) -> int:
    """How much of that the services' disks are."""
    agents = effective_limits(blueprint, own.values, own.limits)
    return limits(blueprint, own).disk_mb - agents.disk_mb


def provider_of(blueprint: Blueprint, values: Mapping[str, Any]) -> tuple[str, str]:
    """The model provider of a tenant with these values, and a pointer to what names it."""
    for block in blueprint.of_kind("model"):
        given = block.options.get("provider")
        at = "/blueprint"
        if isinstance(given, Mapping) and is_value(given):
            at = pointer("values", str(given["per_tenant"]))
        return resolve(block, values, {}).text("provider"), at
    return "demo", "/blueprint"
