"""Reading Docker's answers: times, ages in words, and when an earlier look still holds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stateroom.domain.cabin import Cabin, Installation
from stateroom.domain.inventory import Condition, State
from stateroom.engines import docker_reading as reading
from stateroom.engines.docker_events import read
from stateroom.engines.docker_health import condition_in
from stateroom.engines.docker_objects import network_body
from stateroom.engines.docker_usage import cpu_cores, memory_mb, pids

NOW = 1_800_000_000.0


def details(state: State, *, at: float, code: int = 0, looked_at: float = NOW) -> reading.Details:
    return reading.Details(state, at, at, code, oom_killed=False, host={}, looked_at=looked_at)


def entry(state: str, status: str) -> dict[str, Any]:
    return {"Id": "x", "State": state, "Status": status}


@pytest.mark.parametrize(
    ("told", "condition"),
    [
        ("", Condition.UNASKED),
        (" (healthy)", Condition.HEALTHY),
        (" (unhealthy)", Condition.UNHEALTHY),
        (" (health: starting)", Condition.STARTING),
        (" (Paused)", Condition.UNASKED),
    ],
)
def test_how_a_service_is_stands_in_the_listing(told: str, condition: Condition) -> None:
    """Behind the age, and makes no earlier look at the container stale."""
    listed = entry("running", f"Up 3 minutes{told}")
    assert condition_in(listed["Status"]) is condition
    assert reading.still_holds(details(State.RUNNING, at=NOW - 181), listed, NOW, 600)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:00:01Z", 1.0),
        ("1970-01-01T00:00:01.5Z", 1.5),
        ("1970-01-01T01:00:00.123456789+01:00", 0.123456789),
        ("0001-01-01T00:00:00Z", 0.0),
    ],
)
def test_moments(text: str, seconds: float) -> None:
    """Docker's times, to the nanosecond, in any zone; "never" is zero."""
    assert reading.seconds(text) == seconds


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (0, "Less than a second"),
        (1, "1 second"),
        (59, "59 seconds"),
        (60, "About a minute"),
        (150, "2 minutes"),
        (3599, "59 minutes"),
        (3600, "About an hour"),
        (5400, "2 hours"),
        (47 * 3600, "47 hours"),
        (48 * 3600, "2 days"),
        (14 * 86400, "2 weeks"),
        (61 * 86400, "2 months"),
        (800 * 86400, "2 years"),
    ],
)
def test_ages(age: float, words: str) -> None:
    """An age in Docker's words."""
    assert reading.age_in_words(age) == words


@given(st.floats(0, 10_000_000), st.floats(-1.5, 1.5))
def test_a_life_that_goes_on_is_recognised(age: float, late: float) -> None:
    """However old, and though both clocks were read at slightly different moments."""
    status = f"Up {reading.age_in_words(age + late)}"
    known = details(State.RUNNING, at=NOW - age)
    assert reading.still_holds(known, entry("running", status), NOW, 60)
    assert reading.still_holds(
        details(State.PAUSED, at=NOW - age), entry("paused", f"{status} (Paused)"), NOW, 60
    )


@given(st.floats(10, 10_000_000))
def test_a_new_life_is_noticed(age: float) -> None:
    """A container that was restarted just now is not the one that was looked at."""
    known = details(State.RUNNING, at=NOW - age)
    assert not reading.still_holds(known, entry("running", "Up 2 seconds"), NOW, 60)


def test_another_end_is_noticed() -> None:
    """Another exit code, another time, another state."""
    known = details(State.EXITED, at=NOW - 300, code=137)
    same = entry("exited", "Exited (137) 5 minutes ago")
    assert reading.still_holds(known, same, NOW, 60)
    for status in ("Exited (1) 5 minutes ago", "Exited (137) 3 seconds ago", "Dead"):
        assert not reading.still_holds(known, entry("exited", status), NOW, 60)
    assert not reading.still_holds(known, entry("running", "Up 5 minutes"), NOW, 60)


def test_nothing_holds_for_ever() -> None:
    """Limits can be changed without a trace in the listing."""
    known = details(State.CREATED, at=0, looked_at=NOW - 61)
    assert not reading.still_holds(known, entry("created", "Created"), NOW, 60)
    assert reading.still_holds(known, entry("created", "Created"), NOW, 62)


def test_holder_identity() -> None:
    """Container and endpoint; none while it does not run or hangs on another network."""
    networks = {"n": {"EndpointID": "0123456789abcdef"}}
    assert reading.holder_identity("c", "running", networks, "n") == "c.0123456789ab"
    assert reading.holder_identity("c", "running", {"n": {"EndpointID": ""}}, "n") == ""
    assert reading.holder_identity("c", "running", networks, "other") == ""
    assert reading.holder_identity("c", "exited", networks, "n") == ""


@pytest.mark.parametrize(
    ("action", "role", "told"),
    [("die", "agent", True), ("exec_die", "agent", False), ("die", "helper", False)],
)
def test_events(action: str, role: str, told: bool) -> None:
    """Lives and ends are told, a helper's are not."""
    attributes = {"stateroom.cabin": "1a2b3c4d", "stateroom.role": role}
    event = read({"Action": action, "Actor": {"ID": "x", "Attributes": attributes}})
    assert (event is not None and event.cabin == "1a2b3c4d") is told


def test_usage_on_both_kinds_of_cgroup() -> None:
    """The file cache does not count; processor time is a share of all cores."""
    old = {"memory_stats": {"usage": 300 << 20, "stats": {"total_inactive_file": 100 << 20}}}
    new = {"memory_stats": {"usage": 300 << 20, "stats": {"inactive_file": 100 << 20}}}
    assert memory_mb(old) == memory_mb(new) == 200
    assert memory_mb({}) == 0
    before = {"cpu_usage": {"total_usage": 1_000}, "system_cpu_usage": 10_000}
    now = {"cpu_usage": {"total_usage": 2_000}, "system_cpu_usage": 14_000, "online_cpus": 2}
    assert cpu_cores({"cpu_stats": now, "precpu_stats": before}) == 0.5
    assert cpu_cores({"cpu_stats": before, "precpu_stats": now}) == 0
    assert pids({"pids_stats": {"current": 23, "limit": 512}}) == 23
    assert pids({}) == pids({"pids_stats": {}}) == 0


CABIN = Cabin(Installation("3f"), "1a2b3c4d", number=2, slot=3)


def network(address: dict[str, str] | None = None, **other: Any) -> dict[str, Any]:
    """As Docker 20.10 tells the network that it made for CABIN."""
    found = {key: value for key, value in network_body(CABIN).items() if key != "CheckDuplicate"}
    config = [found["IPAM"]["Config"][0] | (address or {})]
    found["IPAM"] = {"Driver": "default", "Options": None, "Config": config}
    return found | {"Id": "0f0f", "Scope": "local", "Attachable": False} | other


@pytest.mark.parametrize(
    "found",
    [
        network(),
        # Docker 29, with `default-network-opts` in the daemon's configuration.
        network(
            {"IPRange": ""},
            EnableIPv4=True,
            Options=network_body(CABIN)["Options"] | {"com.docker.network.driver.mtu": "1400"},
            Labels=network_body(CABIN)["Labels"] | {"added.by": "somebody"},
        ),
    ],
)
def test_a_network_is_known_again(found: dict[str, Any]) -> None:
    """What another Docker adds to what we set makes no other network of it."""
    assert reading.is_network_of(CABIN, found)


@pytest.mark.parametrize(
    "found",
    [
        network({"Subnet": "10.213.0.32/29"}),
        network({"Gateway": "10.213.0.30"}),
        network({"IPRange": "10.213.0.28/30"}),
        network(Internal=False),
        network(EnableIPv6=True),
        network(Labels={}),
        network(Options={}),
        network(Options=None),
        network(IPAM={"Driver": "default", "Config": []}),
        network(IPAM={"Driver": "default", "Config": 2 * network()["IPAM"]["Config"]}),
    ],
)
def test_another_network(found: dict[str, Any]) -> None:
    """One that differs in anything that we set is not the cabin's."""
    assert not reading.is_network_of(CABIN, found)
