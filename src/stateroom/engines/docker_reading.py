"""Readers: what Docker's listing says, as values of ours. Pure.

The listing of containers is one call however many there are, but it lacks when a container
started, how it ended and what its limits are. `inspect` has them, one call each. Docker's own
status text ("Up 3 minutes", "Exited (137) 2 hours ago") follows from those times, so it tells
whether what was inspected earlier still holds: see `still_holds`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from stateroom.domain.cabin import Cabin
from stateroom.domain.inventory import Instance, State
from stateroom.engines import docker_objects as objects
from stateroom.engines.docker_health import condition_in

_STATES = {
    "created": State.CREATED,
    "running": State.RUNNING,
    "paused": State.PAUSED,
    "exited": State.EXITED,
}
_EXITED = re.compile(r"Exited \((?P<code>-?\d+)\) (?P<age>.+) ago")
_MOMENT = re.compile(r"(?P<whole>[^.]{19})(?:\.(?P<fraction>\d+))?(?P<zone>Z|[+-]\d\d:\d\d)")
_UP = re.compile(r"Up (?P<age>.+?)(?: \(Paused\))?(?: \([a-z: ]+\))?")


@dataclass(frozen=True, slots=True)
class Details:
    """What only `inspect` tells of one container. looked_at: when it was asked."""

    state: State
    started_at: float
    finished_at: float
    exit_code: int
    oom_killed: bool
    host: Mapping[str, Any]
    looked_at: float


def state_of(entry: Mapping[str, Any]) -> State:
    return _STATES.get(entry["State"], State.BROKEN)


def name_of(entry: Mapping[str, Any]) -> str:
    return str(entry["Names"][0]).lstrip("/") if entry.get("Names") else ""


def label(entry: Mapping[str, Any], key: str) -> str:
    return str((entry.get("Labels") or {}).get(key, ""))


def holder_identity(
    container: str, status: str, networks: Mapping[str, Any], network: str
) -> str:
    """The namespace of a holder: its container and its endpoint on the cabin's network, "" while
    it does not run.

    The endpoint is another one after every start, as the namespace is, so a holder that
    somebody restarted counts as another one, though its container's id stayed. It alone says
    nothing: of one that was started while the engine was ending, Docker keeps the endpoint.
    """
    if status != "running":
        return ""
    endpoint = (networks.get(network) or {}).get("EndpointID", "")
    return f"{container}.{endpoint[:12]}" if endpoint else ""


def is_network_of(cabin: Cabin, found: Mapping[str, Any]) -> bool:
    """Whether a network that exists is the one that the cabin asks for.

    Only what we set is compared: Docker 29 tells an empty IPRange beside it, and a daemon's
    `default-network-opts` add options of their own."""
    wanted = objects.network_body(cabin)
    addresses = found["IPAM"].get("Config") or []
    return (
        len(addresses) == 1
        and _holds(addresses[0], wanted["IPAM"]["Config"][0])
        and not addresses[0].get("IPRange")
        and all(found[key] == wanted[key] for key in ("Name", "Driver", "Internal"))
        and not found.get("EnableIPv6")
        and all(_holds(found.get(key) or {}, wanted[key]) for key in ("Options", "Labels"))
    )


def _holds(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return all(found.get(key) == value for key, value in wanted.items())


def details_of(inspected: Mapping[str, Any], now: float) -> Details:
    state = inspected["State"]
    return Details(
        state=_STATES.get(state["Status"], State.BROKEN),
        started_at=seconds(state["StartedAt"]),
        finished_at=seconds(state["FinishedAt"]),
        exit_code=state["ExitCode"],
        oom_killed=state["OOMKilled"],
        host=inspected["HostConfig"],
        looked_at=now,
    )


def instance_of(entry: Mapping[str, Any], details: Details) -> Instance:
    return Instance(
        name=name_of(entry),
        cabin=label(entry, objects.CABIN),
        role=label(entry, objects.ROLE),
        state=details.state,
        resources=objects.resources_of(details.host),
        started_at=details.started_at,
        finished_at=details.finished_at,
        exit_code=details.exit_code,
        oom_killed=details.oom_killed,
        content_store=label(entry, objects.CONTENT),
        holder=label(entry, objects.HOLDER),
        created_at=float(entry["Created"]),
        condition=condition_in(str(entry["Status"])),
    )


def still_holds(details: Details, entry: Mapping[str, Any], now: float, longest: float) -> bool:
    """Whether details that were read earlier agree with today's listing.

    Docker says an age in its own coarse words; ages of a second more or less are tried too,
    since the clock was read at another moment. Nothing is trusted for more than `longest`
    seconds: limits can be changed behind our back without any trace in the listing.
    """
    if details.state is not state_of(entry) or now - details.looked_at > longest:
        return False
    status = str(entry["Status"])
    if details.state is State.CREATED:
        return status == "Created"
    if details.state is State.EXITED:
        told = _EXITED.fullmatch(status)
        return (
            told is not None
            and int(told["code"]) == details.exit_code
            and told["age"] in _ages(now - details.finished_at)
        )
    told = _UP.fullmatch(status)
    return told is not None and told["age"] in _ages(now - details.started_at)


def seconds(text: str) -> float:
    """RFC 3339, to the nanosecond -> seconds since the epoch; Docker's "never" is 0."""
    told = _MOMENT.fullmatch(text)
    if told is None or text.startswith("0001-"):
        return 0.0
    whole = datetime.fromisoformat(told["whole"] + told["zone"]).timestamp()
    return whole + float(f"0.{told['fraction'] or 0}")


def _ages(age: float) -> set[str]:
    return {age_in_words(age + shift) for shift in (-2, -1, 0, 1, 2)}


def age_in_words(age: float) -> str:
    """An age as Docker's listing says it."""
    whole = int(age)
    minutes, hours = whole // 60, int(age / 3600 + 0.5)
    for limit, words in (
        (1, "Less than a second"),
        (2, "1 second"),
        (60, f"{whole} seconds"),
        (120, "About a minute"),
        (3600, f"{minutes} minutes"),
    ):
        if whole < limit:
            return words
    if hours == 1:
        return "About an hour"
    for limit_hours, words in (
        (48, f"{hours} hours"),
        (24 * 7 * 2, f"{hours // 24} days"),
        (24 * 30 * 2, f"{hours // 24 // 7} weeks"),
        (24 * 365 * 2, f"{hours // 24 // 30} months"),
    ):
        if hours < limit_hours:
            return words
    return f"{int(age / 3600 / 24 / 365)} years"
