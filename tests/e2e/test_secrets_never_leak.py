"""Not one secret value of this whole run stands where people or programs look. Run last in its
folder, it looks for every token, ticket, key and secret that the tests before it knew."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.cabins import agent_of, containers
from tests.e2e.installation import Stateroom, docker
from tests.e2e.test_going_down import LAST

PARTS = ("api", "steward", "broker", "edge", "guard", "holder")


@pytest.fixture(scope="module")
def secrets(stateroom: Stateroom) -> dict[str, bytes]:
    """Word -> value. What the installation itself keeps is added to what was given and shown."""
    if "CRM_API_KEY" not in agent_of(stateroom, "acme").environment():
        stateroom.secret("acme", "CRM_API_KEY", LAST)
        stateroom.ready("acme")
    assert LAST in stateroom.revealed.values()
    for slug in ("acme", "globex"):
        stateroom.access(slug)
        key = agent_of(stateroom, slug).environment()["STATEROOM_BROKER_KEY"]
        stateroom.revealed[f"broker key of {slug}"] = key
    found = {word: value.encode() for word, value in stateroom.revealed.items()}
    for name in ("seal.key", "digest.key"):
        found[name] = (stateroom.home / "steward" / name).read_bytes()
    lines = (stateroom.home / "steward" / "sign.pem").read_text().splitlines()
    found["sign.pem"] = lines[1].encode()
    assert all(len(value) >= 16 for value in found.values())
    return found


def leaks(text: bytes | str, secrets: dict[str, bytes]) -> list[str]:
    """Words of the secrets that stand in `text`; never their values, which would be printed."""
    raw = text.encode() if isinstance(text, str) else text
    return [word for word, value in secrets.items() if value in raw]


def test_the_search_itself_finds(secrets: dict[str, bytes]) -> None:
    """A search that finds nothing anywhere would prove nothing."""
    assert leaks(b"--" + secrets["admin key"] + b"--", secrets) == ["admin key"]


def test_docker_shows_no_secret(stateroom: Stateroom, secrets: dict[str, bytes]) -> None:
    """Neither `docker inspect` of every container, network and volume of ours nor the engine's
    events since this run began."""
    label = f"label=stateroom.installation={stateroom.prefix}"
    names = containers(stateroom)
    assert leaks(docker("inspect", *names), secrets) == []
    for kind in ("network", "volume"):
        found = docker(kind, "ls", "-q", "--filter", label).split()
        assert leaks(docker(kind, "inspect", *found), secrets) == []
    events = stateroom.events.read_text()
    assert stateroom.prefix in events
    assert leaks(events, secrets) == []


@pytest.mark.parametrize("part", PARTS)
def test_logs_of_our_parts_hold_no_secret(
    stateroom: Stateroom, secrets: dict[str, bytes], part: str
) -> None:
    """Whatever a part wrote since it was made."""
    log = docker("inspect", "-f", "{{.LogPath}}", f"{stateroom.prefix}-{part}")
    for path in Path(log).parent.glob("*.log*"):
        assert leaks(path.read_bytes(), secrets) == [], path.name


def test_command_lines_and_kept_files_hold_no_secret(
    stateroom: Stateroom, secrets: dict[str, bytes]
) -> None:
    """No process of this machine was given a secret as an argument; the database, the edge's
    maps, the kept logs and the disks' folder hold none in clear text."""
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            assert leaks(line.read_bytes(), secrets) == []
        except OSError:
            continue
    for folder in ("store", "edge", "logs", "guard", "broker"):
        for path in (stateroom.home / folder).rglob("*"):
            if path.is_file():
                assert leaks(path.read_bytes(), secrets) == [], path


def test_no_answer_of_the_api_shows_one(
    stateroom: Stateroom, secrets: dict[str, bytes]
) -> None:
    """Every call that reads, for a tenant with secrets of both kinds: only `access` shows what
    it is for."""
    paths = [
        "/tenants", "/tenants/acme", "/tenants/acme/secrets", "/tenants/acme/events?tail=1000",
        "/tenants/acme/logs?tail=10000", "/tenants/acme/usage", "/events?tail=1000", "/plan",
        "/status", "/metrics", "/providers", "/blueprints/support-agent", "/volumes",
    ]  # fmt: skip
    for path in paths:
        answer = stateroom.api("GET", path)
        assert answer.status_code == 200, path
        assert leaks(answer.content, secrets) == [], path
    recorded = stateroom.api("GET", "/events?tail=1000").json()["items"]
    assert any(event["kind"] == "audit" for event in recorded), json.dumps(recorded[:3])
