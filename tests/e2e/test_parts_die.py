"""Our own parts are killed, each at an awkward moment: they come back by themselves, nothing is
lost, and while api or steward are away no tenant's request fails."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable, Iterator
from functools import partial

import httpx
import pytest

from tests.e2e.cabins import agent_of, back, containers, kill_part
from tests.e2e.installation import Stateroom, docker, eventually, run
from tests.e2e.talk import Steady, must, text_of

NEIGHBOUR = "globex"


@pytest.fixture
def neighbour(stateroom: Stateroom) -> Iterator[Steady]:
    stateroom.ready(NEIGHBOUR)
    with Steady(stateroom.door(NEIGHBOUR)) as steady:
        yield steady
    steady.never_failed()


def test_api_and_steward_die_again_and_again(stateroom: Stateroom, neighbour: Steady) -> None:
    """A tenant is created, changed and deleted while api and steward are killed in turn, at
    moments that nobody chose: every accepted change is there in the end, and the neighbour's
    requests are all answered."""
    chance = random.Random(7)
    stateroom.insist("POST", "/tenants", {"slug": "lively", "blueprint": "small-agent"})
    parts = itertools.cycle(("steward", "api"))
    for turn in range(6):
        part = next(parts)
        before = kill_part(stateroom, part)
        patched = stateroom.insist(
            "PATCH", "/tenants/lively", {"values": {"model": f"demo-{turn}"}}
        )
        assert patched.status_code == 202
        back(stateroom, part, before)
        time.sleep(chance.uniform(0, 1.5))
    eventually(lambda: stateroom.insist("GET", "/health").status_code == 200)
    tenant = stateroom.ready("lively")
    assert tenant["own_values"] == {"model": "demo-5"}
    with stateroom.door("lively") as door:
        assert "Model asked for: demo-5" in door.chat("what became of you")
    cabin = agent_of(stateroom, "lively").cabin
    for role in ("agent", "holder"):
        # A helper that a killed steward left is swept by the next one for this cabin.
        found = containers(stateroom, f"stateroom.cabin={cabin}", f"stateroom.role={role}")
        assert len(found) == 1
    stateroom.insist("DELETE", "/tenants/lively?data=erase")
    before = kill_part(stateroom, "steward")
    eventually(lambda: stateroom.insist("GET", "/tenants/lively").status_code == 404, 90)
    eventually(lambda: containers(stateroom, f"stateroom.cabin={cabin}") == [], 60)
    assert neighbour.answered


def test_without_the_steward_the_api_says_so(stateroom: Stateroom, neighbour: Steady) -> None:
    """While the steward is away: logs and access are 503 with Retry-After, everything else is
    answered, and a change made meanwhile is applied once it is back."""
    name = f"{stateroom.prefix}-steward"
    docker("stop", name)
    try:
        refused = stateroom.api("GET", f"/tenants/{NEIGHBOUR}/access")
        assert refused.status_code == 503
        assert "retry-after" in refused.headers
        assert stateroom.tenant(NEIGHBOUR)["slug"] == NEIGHBOUR
        must(stateroom.api("PATCH", f"/tenants/{NEIGHBOUR}", {"values": {"model": "demo-9"}}))
        assert stateroom.phase(NEIGHBOUR) != "ready"
    finally:
        docker("start", name)
    stateroom.ready(NEIGHBOUR)
    with stateroom.door(NEIGHBOUR) as door:
        assert "Model asked for: demo-9" in door.chat("which model")
    stateroom.change(NEIGHBOUR, {"values": {"model": None}})
    assert neighbour.answered


def test_an_edge_that_died_knows_its_routes(stateroom: Stateroom) -> None:
    """kill -9 of the edge, with the steward away so that nobody can tell it anything: it comes
    back with every route and token."""
    token = stateroom.access(NEIGHBOUR)["api_token"]
    docker("stop", f"{stateroom.prefix}-steward")
    try:
        back(stateroom, "edge", kill_part(stateroom, "edge"))
        with stateroom.door(NEIGHBOUR, token) as door, stateroom.door("acme", token) as other:
            eventually(lambda: answered(door.models) == 200)
            assert answered(other.models) == 401
    finally:
        docker("start", f"{stateroom.prefix}-steward")
    stateroom.ready(NEIGHBOUR)


def is_ready(stateroom: Stateroom, slug: str) -> bool:
    return bool(stateroom.insist("GET", f"/tenants/{slug}").json()["status"]["phase"] == "ready")


def answered(ask: Callable[[], httpx.Response]) -> int:
    """The status, 0 while nobody listens."""
    try:
        return ask().status_code
    except httpx.HTTPError:
        return 0


def test_a_broker_that_died_knows_grants_and_spending(stateroom: Stateroom) -> None:
    """kill -9 of the broker, with the steward away: the tenant's next chat is answered, and the
    count of its requests goes on from where it was."""
    with stateroom.door(NEIGHBOUR) as door:
        door.chat("count this")
        before = requests_today(stateroom)
        assert before > 0
        docker("stop", f"{stateroom.prefix}-steward")
        try:
            back(stateroom, "broker", kill_part(stateroom, "broker"))
            eventually(lambda: "demo model" in text_of(door.asked("once more")))
        finally:
            docker("start", f"{stateroom.prefix}-steward")
    eventually(lambda: requests_today(stateroom) > before, 60)


def requests_today(stateroom: Stateroom) -> int:
    answer = stateroom.insist("GET", f"/tenants/{NEIGHBOUR}/usage")
    days = answer.json()["days"]
    return int(days[-1]["requests"]) if days else 0


def test_a_firewall_that_was_removed_is_put_back(
    stateroom: Stateroom, neighbour: Steady
) -> None:
    """The table is deleted, by somebody else or while the guard is dead: it is there again, and
    nobody's connection was cut."""
    table = f"stateroom_{stateroom.prefix}"
    run("nft", "delete", "table", "inet", table)
    eventually(lambda: table in run("nft", "list", "tables"))
    before = kill_part(stateroom, "guard")
    run("nft", "delete", "table", "inet", table, ok=False)
    back(stateroom, "guard", before)
    eventually(lambda: table in run("nft", "list", "tables"))
    assert "skuid" in run("nft", "list", "table", "inet", table)
    assert neighbour.answered


def test_the_content_holder_dies(stateroom: Stateroom, neighbour: Steady) -> None:
    """kill -9 of the holder: the steward keeps the content mounted too, so nobody notices, and
    a change is still delivered."""
    before = agent_of(stateroom, NEIGHBOUR).started
    back(stateroom, "holder", kill_part(stateroom, "holder"))
    with stateroom.door(NEIGHBOUR) as door:
        stateroom.change(NEIGHBOUR, {"values": {"model": "demo-7"}})
        assert "Model asked for: demo-7" in door.chat("which model")
        stateroom.change(NEIGHBOUR, {"values": {"model": None}})
    assert agent_of(stateroom, NEIGHBOUR).started == before
    assert neighbour.answered


def test_all_parts_die_at_once(stateroom: Stateroom) -> None:
    """Every part killed in the same moment: all are back by themselves, every tenant answers
    again with its data, and a change is applied."""
    agent = agent_of(stateroom, "acme")
    agent.sh("echo here > /data/all.txt")
    parts = ("api", "steward", "broker", "edge", "guard", "holder")
    before = {part: kill_part(stateroom, part) for part in parts}
    for part, pid in before.items():
        back(stateroom, part, pid)
    eventually(lambda: stateroom.insist("GET", "/health").status_code == 200, 60)
    for slug in ("acme", NEIGHBOUR):
        eventually(partial(is_ready, stateroom, slug), 180, 0.5)
    assert agent_of(stateroom, "acme").sh("cat /data/all.txt") == "here"
    stateroom.change("acme", {"values": {"model": "demo-8"}})
    with stateroom.door("acme") as door:
        assert "Model asked for: demo-8" in door.chat("which model")
    stateroom.change("acme", {"values": {"model": None}})
