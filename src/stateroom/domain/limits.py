"""Limits: what one tenant may use up. Each is an option of a block that an operator can set
for one tenant alone, within the option's own range."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from stateroom.domain.blocks import KINDS
from stateroom.domain.blocks.option import Option
from stateroom.domain.blueprint import Blueprint
from stateroom.domain.names import near, shown
from stateroom.domain.pointer import pointer
from stateroom.domain.resolve import resolve
from stateroom.domain.runtime import in_hundredths
from stateroom.errors import Problem

LIMITS: dict[str, Option] = {
    option.limit: replace(option, name=option.limit)
    for kind in KINDS.values()
    for option in kind.options
    if option.limit
}
"""Every limit by its name in the API."""


@dataclass(frozen=True, slots=True)
class Limits:
    """cpu in cores, to the hundredth; memory_mb and disk_mb in MiB; pids counts processes and
    threads."""

    cpu: float
    memory_mb: int
    pids: int
    disk_mb: int
    requests_per_minute: int


def check_limits(limits: Mapping[str, object]) -> tuple[Problem, ...]:
    """What is wrong with a tenant's own limits, each with its pointer ``/limits/NAME``."""
    found = []
    for name, value in limits.items():
        at = pointer("limits", name)
        option = LIMITS.get(name)
        if option is None:
            hint = near(name, LIMITS, "limits")
            found.append(Problem(at, "unknown_limit", f"There is no limit {shown(name)}.", hint))
        elif problem := option.problem(value, at):
            found.append(problem)
    return tuple(found)


def effective_limits(
    blueprint: Blueprint, values: Mapping[str, object], limits: Mapping[str, object]
) -> Limits:
    """What holds for a tenant's agent. Raises Invalid where values or limits do not fit."""
    found: dict[str, float] = {}
    for block in blueprint.blocks:
        if blueprint.service_of(block.id):
            continue
        options = None
        for option in KINDS[block.kind].options:
            if option.limit:
                options = options or resolve(block, values, limits)
                found[option.limit] = options.number(option.name)
    return Limits(
        cpu=in_hundredths(found["cpu"]),
        memory_mb=int(found["memory_mb"]),
        pids=int(found["pids"]),
        disk_mb=int(found["disk_mb"]),
        requests_per_minute=int(found["requests_per_minute"]),
    )


def limits_total(
    blueprint: Blueprint, values: Mapping[str, object], limits: Mapping[str, object]
) -> Limits:
    """The same for the whole cabin: what the services beside the agent may use up is added.
    Raises Invalid where values or limits do not fit."""
    return with_services(blueprint, values, effective_limits(blueprint, values, limits))


def with_services(blueprint: Blueprint, values: Mapping[str, object], agents: Limits) -> Limits:
    """agents: the agent's own. Raises Invalid where values do not fit."""
    total = agents
    for block in blueprint.of_kind("service"):
        options = resolve(block, values, {})
        total = replace(
            total,
            cpu=in_hundredths(total.cpu + options.number("cpu")),
            memory_mb=total.memory_mb + options.whole("memory_mb"),
            pids=total.pids + options.whole("pids"),
        )
    for block in blueprint.of_kind("volume"):
        if blueprint.service_of(block.id):
            size = resolve(block, values, {}).whole("size_mb")
            total = replace(total, disk_mb=total.disk_mb + size)
    return total
