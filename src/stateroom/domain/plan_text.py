"""The plan as text: what `stateroom plan` prints, what golden files hold, what the canvas shows."""

from __future__ import annotations

from collections.abc import Mapping

from stateroom.domain import actions as a
from stateroom.domain.plan import Plan
from stateroom.domain.routes import Door, Route, RouteTable


def render(plan: Plan, slugs: Mapping[str, str], before: RouteTable | None = None) -> str:
    """slugs: by cabin id, for people. before: the edge's table now, to say what changes."""
    lines = [f"broker: {sentence(provider)}" for provider in plan.providers]
    if plan.publish is not None:
        lines += [f"edge: {change}" for change in route_changes(before, plan.publish.table)]
    for cabin, todo in plan.cabins.items():
        lines.append(f"{slugs.get(cabin) or '-'} ({cabin}):")
        lines += [f"  {number}. {sentence(step)}" for number, step in enumerate(todo, 1)]
    for wait in plan.waiting:
        lines.append(f"{slugs.get(wait.cabin) or '-'} ({wait.cabin}) waits: {wait.reason}")
    lines += [f"{slugs.get(cabin) or '-'} ({cabin}): nothing is left of it" for cabin in plan.gone]
    return "\n".join(lines or ["nothing to do"]) + "\n"


def sentence(action: a.Action) -> str:
    """One action in words, without anything secret."""
    match action:
        case a.Prepare(_, volumes):
            disks = ", ".join(f"{v.name} {v.size_mb} MiB" for v in volumes)
            return f"prepare namespace, network and disk ({disks})"
        case a.Grow(_, volumes):
            return f"grow {', '.join(f'{v.name} to {v.size_mb} MiB' for v in volumes)}"
        case a.Configure(_, version):
            return f"write content of generation {version.generation}"
        case a.Create(spec):
            r = spec.resources
            return f"create {spec.name} (cpu {r.cpu:g}, {r.memory_mb} MiB, {r.pids} pids)"
        case a.Resize(name, r):
            return f"resize {name} (cpu {r.cpu:g}, {r.memory_mb} MiB, {r.pids} pids)"
        case a.Start(name) | a.Remove(name):
            return f"{type(action).__name__.lower()} {name}"
        case a.Stop(name, seconds):
            return f"stop {name} (within {seconds} s)"
        case _:
            return _elsewhere(action)


def _elsewhere(action: a.Action) -> str:
    match action:
        case a.CopyDisk(_, volumes, _):
            return f"copy {', '.join(volumes)}, so that it can be put back"
        case a.PutBack(_, volumes, _):
            return f"put {', '.join(volumes)} back, and keep what was written meanwhile"
        case a.DropCopy(_, name):
            return f"drop the copy {name}"
        case a.Release(_):
            return "release everything but the disk's data"
        case a.EraseData(_):
            return "erase the disk's data for good"
        case a.Grant(_, _, digest):
            return f"let it ask for models (grant {digest[:8]})"
        case a.Revoke(_):
            return "take its model access away"
        case a.PutProvider(name, _):
            # The digest stands for the provider's key, too: it is shown to nobody.
            return f"tell of the provider {name}"
        case a.DropProvider(name):
            return f"forget the provider {name}"
        case _:
            return type(action).__name__.lower()


def route_changes(before: RouteTable | None, after: RouteTable) -> list[str]:
    known = {route.host: route for route in before.routes} if before else {}
    lines = [_route(known.get(route.host), route) for route in after.routes]
    hosts = {route.host for route in after.routes}
    lines += [f"forget {host}" for host in sorted(known) if host not in hosts]
    return [line for line in lines if line]


def _route(known: Route | None, route: Route) -> str:
    if known == route:
        return ""
    if known is None:
        return f"add {route.host} ({route.door.value})"
    if known.door is not route.door:
        verb = "open" if route.door is Door.OPEN else "close"
        return f"{verb} {route.host}"
    return f"change {route.host}"
