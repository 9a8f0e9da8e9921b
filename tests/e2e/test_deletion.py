"""Deleting a tenant: `keep` keeps a disk that can be revived, `erase` leaves nothing, and a slug
given away again gives nothing of before. Begins with the tenant that changes left."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.cabins import Agent, agent_of, cabin_of, traces
from tests.e2e.installation import Stateroom, docker, eventually
from tests.e2e.test_changes import PERSON, SLUG


def test_kept_revived_erased_and_the_slug_used_again(stateroom: Stateroom) -> None:
    """The whole story of one slug and three tenants: kept and revived with its data under new
    credentials, erased without a trace, and given to a stranger who finds nothing."""
    first = stateroom.lodger(SLUG, secrets={"CRM_API_KEY": "first-owners-secret-9d2"})
    agent = agent_of(stateroom, SLUG)
    assert "CRM_API_KEY" in agent.environment()
    agent.sh("echo treasure > /data/treasure.txt")
    old = stateroom.access(SLUG)
    cookie = session_cookie(stateroom, old["open_url"])

    stateroom.remove(SLUG, data="keep")
    assert unknown_host(stateroom, old["api_token"])
    volume = kept(stateroom, first["id"])
    assert agent.disk.exists()
    assert agent.names() == []

    revived = revive(stateroom, volume)
    assert revived.cabin == agent.cabin
    assert revived.sh("cat /data/treasure.txt") == "treasure"
    assert "CRM_API_KEY" not in revived.environment()
    refused_at_the_door(stateroom, old["api_token"], cookie)
    assert kept(stateroom, first["id"]) == ""

    second = stateroom.access(SLUG)["api_token"]
    stateroom.cli("tenants", "delete", SLUG, "--data", "erase", "--yes", "--wait")
    eventually(lambda: traces(stateroom, agent.cabin) == [], 60)
    assert kept(stateroom, first["id"]) == ""
    assert unknown_host(stateroom, second)

    stranger(stateroom, agent, (old["api_token"], second), cookie)


def revive(stateroom: Stateroom, volume: str) -> Agent:
    """By the command line, under the same slug: another tenant in the same cabin."""
    stateroom.cli(
        "tenants", "create", SLUG, "-b", "small-agent", "--restore-volume", volume, "--wait"
    )
    return agent_of(stateroom, SLUG)


def stranger(
    stateroom: Stateroom, before: Agent, tokens: tuple[str, ...], cookie: str
) -> None:
    """A new tenant of the slug: an id, cabin, disk and keys of its own; the old ones are refused;
    not a line of the former tenant's logs, and no event of the former tenant's."""
    tenant = stateroom.create(SLUG)
    stateroom.ready(SLUG)
    agent = agent_of(stateroom, SLUG)
    assert agent.cabin != before.cabin
    assert agent.sh("cat /data/treasure.txt 2>/dev/null || echo none") == "none"
    assert agent.sh("ls /run/stateroom/secrets 2>/dev/null || true") == ""
    assert "CRM_API_KEY" not in agent.environment()
    for token in tokens:
        refused_at_the_door(stateroom, token, cookie)
    assert stateroom.api("GET", f"/tenants/{SLUG}/secrets").json()["items"] == []
    logs = stateroom.api("GET", f"/tenants/{SLUG}/logs", tail=10_000).text
    assert before.cabin not in logs
    born = tenant["created_at"]
    assert all(line[:19] >= born[:19] for line in logs.splitlines() if line[:2] == "20")
    events = stateroom.api("GET", f"/tenants/{SLUG}/events", tail=1000).json()["items"]
    assert {event["tenant_id"] for event in events} == {tenant["id"]}


def session_cookie(stateroom: Stateroom, link: str) -> str:
    with stateroom.door(SLUG, "") as door:
        entered = door.http.get(link, headers=PERSON)
        assert entered.status_code == 303, entered.text
        value = entered.cookies["__Host-stateroom"]
        assert door.get("/", headers=PERSON).status_code == 200
    stateroom.revealed["session cookie"] = value
    return str(value)


def refused_at_the_door(stateroom: Stateroom, token: str, cookie: str) -> None:
    with stateroom.door(SLUG, token) as door:
        assert door.models().status_code == 401
    with stateroom.door(SLUG, "") as door:
        headers = {"Cookie": f"__Host-stateroom={cookie}"}
        assert door.get("/v1/models", headers=headers).status_code == 401


def unknown_host(stateroom: Stateroom, token: str) -> bool:
    with stateroom.door(SLUG, token) as door:
        return door.models().status_code == 404


def kept(stateroom: Stateroom, tenant: str) -> str:
    """Id of the volume that this tenant left, "" for none."""
    volumes = stateroom.api("GET", "/volumes").json()["items"]
    return next((v["id"] for v in volumes if v["tenant_id"] == tenant), "")


def test_a_tenant_deleted_while_it_is_made_leaves_nothing(stateroom: Stateroom) -> None:
    """Created and erased in the same breath, before it ever ran: it is gone without a trace."""
    tenant = stateroom.create("hasty")
    cabin = cabin_of(stateroom, tenant["id"])
    stateroom.remove("hasty")
    eventually(lambda: traces(stateroom, cabin) == [], 60)


def test_a_kept_disk_is_erased_by_name(stateroom: Stateroom) -> None:
    """`volumes delete` of a kept disk removes its file for good."""
    tenant = stateroom.create("brief")
    cabin = cabin_of(stateroom, tenant["id"])
    disk = stateroom.home / "disks" / f"{stateroom.prefix}-{cabin}-data.img"
    eventually(disk.exists)
    stateroom.remove("brief", data="keep")
    assert disk.exists()
    assert not Path(f"/dev/stateroom/{disk.stem}").exists()
    stateroom.cli("volumes", "delete", kept(stateroom, tenant["id"]), "--yes")
    eventually(lambda: not disk.exists())
    assert disk.stem not in docker("volume", "ls", "-q")
