"""Roll-outs on the real OpenClaw: a revision for two tenants, a new version that is good, and one
that dies at boot, which goes back with the disk as it was and keeps what it wrote.

A version is an image, so other versions are made here from the one that is on the machine.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.cabins import Agent, agent_of
from tests.e2e.installation import BLUEPRINT, Said, Stateroom, docker, eventually
from tests.e2e.talk import must

NAME = "rolled-out"
HERE = "2026.9.6"
GOOD, BROKEN = "2099.1.1", "2099.1.2"
DIES = "echo ruined > /data/note; echo new > /data/ruins; echo it cannot start; exit 1"


@pytest.fixture(scope="module")
def pair(stateroom: Stateroom, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Two tenants of a blueprint of their own, with something on their disks. Yields a folder."""
    folder = tmp_path_factory.mktemp("rolled-out")
    apply(stateroom, folder)
    for slug in ("rosa", "rudi"):
        stateroom.create(slug, blueprint=NAME)
    for slug in ("rosa", "rudi"):
        stateroom.ready(slug)
        agent_of(stateroom, slug).sh(f"echo {slug} > /data/note")
    make_version(GOOD, "")
    make_version(BROKEN, json.dumps(["sh", "-c", DIES]))
    yield folder
    for slug in ("rosa", "rudi"):
        stateroom.remove(slug)
    for version in (GOOD, BROKEN):
        docker("rmi", "--force", f"stateroom/openclaw:{version}", ok=False)


def make_version(version: str, entry: str) -> None:
    """Of the image that is here: another id, and another program where `entry` says one."""
    name = f"stateroom-e2e-{version}"
    image = f"stateroom/openclaw:{HERE}"
    docker("create", "--name", name, "--label", "stateroom.test=rollouts", image)
    changes = ["--change", f"LABEL stateroom.test={version}"]
    if entry:
        changes += ["--change", f"ENTRYPOINT {entry}", "--change", "CMD []"]
    docker("commit", *changes, name, f"stateroom/openclaw:{version}")
    docker("rm", "--force", name)


def apply(stateroom: Stateroom, folder: Path, **agent: Any) -> None:
    document = yaml.safe_load(BLUEPRINT.read_text()) | {"name": NAME}
    for block in document["blocks"]:
        if block["kind"] == "openclaw":
            block["options"] |= agent
    file = folder / "blueprint.yaml"
    file.write_text(yaml.safe_dump(document))
    stateroom.cli("blueprints", "apply", str(file))


def deploy(stateroom: Stateroom, *more: str, ok: bool = True) -> Said:
    return stateroom.cli("blueprints", "deploy", NAME, "--wait", *more, ok=ok)


def newest(stateroom: Stateroom) -> dict[str, Any]:
    answer = must(stateroom.api("GET", "/deployments", blueprint=NAME, limit=1)).json()
    return dict(answer["items"][0])


def copies_of(agent: Agent) -> list[str]:
    folder = agent.stateroom.home / "disks"
    return sorted(f.suffix for f in folder.glob(f"{agent.disk.stem}.*") if f != agent.disk)


def test_a_change_for_both(stateroom: Stateroom, pair: Path) -> None:
    """One first, then the other; a limit costs neither a boot nor a copy, and it is told how it
    goes."""
    agents = [agent_of(stateroom, slug) for slug in ("rosa", "rudi")]
    before = [agent.started for agent in agents]
    apply(stateroom, pair, pids=500)
    said = deploy(stateroom, "--canary", "10%")
    assert "running, canary first (1 pending, 1 running)" in said.err
    assert "done (2 done)" in said.err
    assert [agent.started for agent in agents] == before
    assert newest(stateroom)["state"] == "done"
    assert stateroom.tenant("rudi")["limits"]["pids"] == 500


def test_a_new_version(stateroom: Stateroom, pair: Path) -> None:
    """Both run it, on their own disks, and answer; the copies are gone again."""
    apply(stateroom, pair, version=GOOD)
    said = deploy(stateroom, "--canary", "1")
    assert "rosa: started" in said.err and "rosa: done" in said.err
    for slug in ("rosa", "rudi"):
        tenant = stateroom.tenant(slug)
        assert tenant["status"]["phase"] == "ready"
        assert all(tenant["status"]["steps"].values())
        agent = agent_of(stateroom, slug)
        assert agent.inspect()["Config"]["Labels"]["stateroom.test"] == GOOD
        assert agent.sh("cat /data/note") == slug
        eventually(lambda agent=agent: copies_of(agent) == [])
        with stateroom.door(slug) as door:
            assert door.is_there()


def test_a_broken_version_goes_back(stateroom: Stateroom, pair: Path) -> None:
    """The first of the two dies at boot: exit code 1 with its last words, its disk as it was, what
    was written meanwhile kept and listed, and the other one never noticed."""
    other = agent_of(stateroom, "rudi").started
    apply(stateroom, pair, version=BROKEN)
    said = deploy(stateroom, "--canary", "1", ok=False)
    assert said.code == 1
    assert "it cannot start" in said.err and "its runtime ended 3 times in a row" in said.err
    found = newest(stateroom)
    assert (found["state"], found["stage"]) == ("rolled_back", "canary")
    assert any(line.endswith("it cannot start") for line in found["log"])
    rosa = agent_of(stateroom, "rosa")
    assert stateroom.ready("rosa")["target_revision"] == found["previous_revision"]
    assert rosa.inspect()["Config"]["Labels"]["stateroom.test"] == GOOD
    assert rosa.sh("cat /data/note; ls /data/ruins 2>/dev/null; true") == "rosa"
    with stateroom.door("rosa") as door:
        assert "Model asked for" in door.chat("are you there")
    assert agent_of(stateroom, "rudi").started == other
    assert agent_of(stateroom, "rudi").sh("cat /data/note") == "rudi"

    (volume,) = [
        v for v in must(stateroom.api("GET", "/volumes")).json()["items"] if v["slug"] == "rosa"
    ]
    note = next(t["note"] for t in found["tenants"] if t["slug"] == "rosa")
    assert volume["id"] in note and found["id"] in volume["reason"]
    aside = rosa.stateroom.home / "disks" / f"{rosa.disk.stem}.{volume['id']}.aside"
    assert read_in(stateroom, aside, "note") == "ruined"
    must(stateroom.api("DELETE", f"/volumes/{volume['id']}"))
    eventually(lambda: copies_of(rosa) == [])


def read_in(stateroom: Stateroom, disk: Path, file: str) -> str:
    image = docker("inspect", "-f", "{{.Image}}", f"{stateroom.prefix}-steward")
    return docker(
        "run", "--rm", "--network", "none", "--label",
        f"stateroom.installation={stateroom.prefix}", "--volume", f"{disk}:/disk:ro",
        "--entrypoint", "debugfs", image, "-R", f"cat {file}", "/disk",
    )  # fmt: skip


def test_a_missing_secret_stops_nobody(stateroom: Stateroom, pair: Path) -> None:
    """A revision that needs what nobody has set: said at once, and the runtimes go on."""
    before = [agent_of(stateroom, slug).started for slug in ("rosa", "rudi")]
    document = yaml.safe_load(BLUEPRINT.read_text()) | {"name": NAME}
    for block in document["blocks"]:
        if block["id"] == "crm":
            block["options"]["required"] = True
        if block["kind"] == "openclaw":
            block["options"] |= {"version": GOOD}
    file = pair / "needy.yaml"
    file.write_text(yaml.safe_dump(document))
    stateroom.cli("blueprints", "apply", str(file))
    said = deploy(stateroom, ok=False)
    assert said.code == 1
    assert "stateroom secrets set rosa CRM_API_KEY" in said.err
    assert [agent_of(stateroom, slug).started for slug in ("rosa", "rudi")] == before
    for slug in ("rosa", "rudi"):
        stateroom.ready(slug)


def test_stopped_half_way(stateroom: Stateroom, pair: Path) -> None:
    """Whoever was moved is put back, disk included, and is told that it was stopped."""
    apply(stateroom, pair, version=HERE)
    begun = must(stateroom.api("POST", f"/blueprints/{NAME}/deploy", {"canary": 1})).json()
    stateroom.cli("blueprints", "stop", begun["id"])
    eventually(lambda: newest(stateroom)["finished_at"] is not None, 180)
    found = newest(stateroom)
    assert (found["state"], found["reason"]) == ("rolled_back", "It was stopped.")
    for slug in ("rosa", "rudi"):
        assert stateroom.ready(slug)["target_revision"] == begun["previous_revision"]
        assert agent_of(stateroom, slug).sh("cat /data/note") == slug
