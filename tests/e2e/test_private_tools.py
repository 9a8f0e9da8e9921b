"""A service beside the agent: the template `private-tools` on real OpenClaw and real PostgreSQL.

One tenant is created here and changed by one test after the other; each leaves it ready.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.cabins import Agent, agent_of, containers, traces
from tests.e2e.installation import Stateroom, docker, eventually
from tests.e2e.talk import must

SLUG = "dora"
BLUEPRINT = "private-tools"

# As much of PostgreSQL's own protocol as one question needs; ends when it is ready for a second.
ASK = r"""
const [, where, sql] = process.argv;
const line = require("net").connect(5432, where);
const text = (words) => Buffer.from(words + "\0");
const sized = (kind, body) => {
  const size = Buffer.alloc(4);
  size.writeInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from(kind), size, body]);
};
const hello = Buffer.concat([Buffer.from([0, 3, 0, 0]), text("user"), text("postgres"), text("")]);
line.write(sized("", hello));
line.write(sized("Q", text(sql)));
line.setTimeout(5000, () => process.exit(2));
line.on("error", () => process.exit(1));
let said = "";
line.on("data", (piece) => {
  said += piece.toString("latin1");
  if ((said.match(/Z\0\0\0\5I/g) ?? []).length < 2) return;
  process.stdout.write(said);
  process.exit(0);
});
"""


@dataclass(frozen=True)
class Service:
    """The database's container that is there when it is looked at."""

    agent: Agent

    @property
    def name(self) -> str:
        stateroom = self.agent.stateroom
        found = containers(stateroom, f"stateroom.cabin={self.agent.cabin}", "stateroom.role=db")
        assert len(found) == 1, f"{self.agent.slug} has {found}"
        return found[0]

    @property
    def started(self) -> tuple[str, str]:
        shown = json.loads(docker("inspect", self.name))[0]
        return shown["Id"], shown["State"]["StartedAt"]

    def sql(self, text: str) -> str:
        words = ("psql", "--host", "127.0.0.1", "--username", "postgres", "-qtA", "-c", text)
        return docker("exec", self.name, *words)

    def sh(self, script: str, ok: bool = True) -> str:
        return docker("exec", self.name, "sh", "-c", script, ok=ok)


@pytest.fixture(scope="module")
def drawing() -> dict[str, Any]:
    """The template, as a document to be changed."""
    text = files("stateroom").joinpath(f"templates/{BLUEPRINT}.yaml").read_text()
    return dict(yaml.safe_load(text))


@pytest.fixture(scope="module")
def dora(stateroom: Stateroom, drawing: dict[str, Any]) -> Iterator[Agent]:
    """Made by the command line, as the guide says."""
    stateroom.cli("images", "build", "postgresql")
    deploy(stateroom, drawing)
    stateroom.cli("tenants", "create", SLUG, "--blueprint", BLUEPRINT, "--wait")
    yield agent_of(stateroom, SLUG)
    if stateroom.api("GET", f"/tenants/{SLUG}").status_code == 200:
        stateroom.remove(SLUG)


@pytest.fixture(scope="module")
def db(dora: Agent) -> Service:
    service = Service(dora)
    service.sql("CREATE TABLE notes (words text)")
    service.sql("INSERT INTO notes VALUES ('kept')")
    return service


def deploy(stateroom: Stateroom, document: dict[str, Any]) -> None:
    """A new revision, and everybody is on it, if there is anybody."""
    must(stateroom.api("PUT", f"/blueprints/{BLUEPRINT}", document))
    stateroom.cli("blueprints", "deploy", BLUEPRINT, "--wait")


def changed(document: dict[str, Any], block: str, **options: Any) -> dict[str, Any]:
    new = copy.deepcopy(document)
    next(b for b in new["blocks"] if b["id"] == block)["options"].update(options)
    return new


def asked(agent: Agent, where: str, sql: str) -> tuple[int, str]:
    said = agent.run("node", "-e", ASK, where, sql)
    return said.code, said.out


def answers(db: Service) -> bool:
    said = db.sh("psql --host 127.0.0.1 --username postgres -qtA -c 'SELECT 1'", ok=False)
    return said == "1"


def notes(db: Service) -> list[str]:
    return db.sql("SELECT words FROM notes").splitlines()


def test_the_agent_reaches_its_database_and_no_neighbour_does(
    stateroom: Stateroom, dora: Agent, db: Service
) -> None:
    """Over localhost, by the address that its environment names; from another cabin neither its
    own localhost nor this cabin's address answers."""
    assert dora.environment()["DATABASE_URL"].startswith("postgresql://postgres@127.0.0.1:5432/")
    code, said = asked(dora, "127.0.0.1", "SELECT words FROM notes")
    assert code == 0 and "kept" in said
    neighbour = agent_of(stateroom, "acme")
    assert asked(neighbour, "127.0.0.1", "SELECT 1")[0] == 1
    assert asked(neighbour, dora.address, "SELECT 1")[0] in (1, 2)


def test_it_runs_as_a_user_of_its_own_and_sees_its_own_disk_alone(dora: Agent, db: Service) -> None:
    """Neither can read what the other keeps, though they share a network."""
    assert int(db.sh("id -u")) == int(dora.sh("id -u")) + 1
    assert db.sh("ls -d /data", ok=False) == ""
    assert dora.sh("ls -d /var/lib/postgresql", ok=False) == ""
    assert db.sh("touch /anything && echo written", ok=False) == ""
    assert db.sh("ls /run/stateroom").split() == ["env", "version"]


def test_a_row_survives_a_kill_and_the_agent_never_notices(
    stateroom: Stateroom, dora: Agent, db: Service
) -> None:
    """Killed from outside it is started again by itself, on the same disk, and alone."""
    agent, before = dora.started, db.started
    docker("kill", "--signal", "KILL", db.name)
    eventually(lambda: db.started != before, 60)
    stateroom.ready(SLUG)
    assert notes(db) == ["kept"]
    assert dora.started == agent


def test_a_restart_begins_all_of_it_anew(stateroom: Stateroom, dora: Agent, db: Service) -> None:
    """And the database was told in time: it comes up without having to recover."""
    agent, before = dora.started, db.started
    stateroom.cli("tenants", "restart", SLUG)
    eventually(lambda: dora.started != agent and db.started != before, 60)
    eventually(partial(answers, db), 60)
    assert notes(db) == ["kept"]
    said = stateroom.cli("tenants", "logs", SLUG, "--service", "db").out
    assert "database system is shut down" in said
    assert "was not properly shut down" not in said.rpartition("database system is shut down")[2]


def test_a_tenant_that_is_put_away_is_put_away_whole(
    stateroom: Stateroom, dora: Agent, db: Service
) -> None:
    """Suspended, in the middle of a boot, nothing of it runs; resumed, the rows are there."""
    stateroom.cli("tenants", "suspend", SLUG)
    label = f"stateroom.cabin={dora.cabin}"

    def runs(role: str) -> bool:
        words = ("--filter", f"label={label}", "--filter", f"label=stateroom.role={role}")
        return bool(docker("ps", "--quiet", *words))

    eventually(lambda: not runs("agent") and not runs("db"), 60)
    stateroom.cli("tenants", "resume", SLUG, "--wait")
    assert notes(db) == ["kept"]


def test_its_memory_is_its_own(dora: Agent, db: Service) -> None:
    """What takes more than the service may have is ended there; the agent has its own limit."""
    agent = dora.started
    code = db.sh("head -c 500m /dev/zero | tail >/dev/null; echo $?", ok=False)
    assert code.splitlines()[-1] != "0"
    assert dora.started == agent
    assert dora.sh("echo here") == "here"


def test_what_is_drawn_of_it_changes_it_alone(
    stateroom: Stateroom, dora: Agent, db: Service, drawing: dict[str, Any]
) -> None:
    """Its limits are changed in place; another shape is another container on the same disk. The
    agent is the same all the while."""
    agent, before = dora.started, db.started
    deploy(stateroom, changed(drawing, "db", pids=80))
    stateroom.ready(SLUG)
    assert db.started == before
    assert json.loads(docker("inspect", db.name))[0]["HostConfig"]["PidsLimit"] == 80
    new = changed(drawing, "db", health="port")
    del next(b for b in new["blocks"] if b["id"] == "db")["options"]["health_command"]
    deploy(stateroom, new)
    stateroom.ready(SLUG)
    assert db.started[0] != before[0]
    assert notes(db) == ["kept"]
    assert dora.started == agent


def test_its_disk_grows_and_the_agent_goes_on(
    stateroom: Stateroom, dora: Agent, db: Service, drawing: dict[str, Any]
) -> None:
    """A revision in which its volume is larger: the service stops for it, alone."""
    agent = dora.started
    before = int(db.sh("df -m --output=size /var/lib/postgresql | tail -n 1"))
    deploy(stateroom, changed(drawing, "rows", size_mb=512))
    stateroom.ready(SLUG)
    after = int(db.sh("df -m --output=size /var/lib/postgresql | tail -n 1"))
    assert before < 256 < after
    assert notes(db) == ["kept"]
    assert dora.started == agent


def test_its_secrets_are_not_the_agents(
    stateroom: Stateroom, dora: Agent, db: Service, drawing: dict[str, Any]
) -> None:
    """A secret that the drawing gives to the service is in its environment and its files, and
    nowhere in the agent; setting it begins the service anew and not the agent."""
    new = changed(drawing, "rows", size_mb=512)
    new["blocks"].append({"id": "pass", "kind": "secret", "options": {"name": "REPLICA_KEY"}})
    new["links"].append(["db", "pass"])
    deploy(stateroom, new)
    stateroom.ready(SLUG)
    agent, before = dora.started, db.started
    stateroom.secret(SLUG, "REPLICA_KEY", "only-the-database-knows")
    stateroom.ready(SLUG)
    assert db.started != before and dora.started == agent
    assert db.sh("cat /run/stateroom/secrets/REPLICA_KEY") == "only-the-database-knows"
    assert "REPLICA_KEY=only-the-database-knows" in db.sh("tr '\\0' '\\n' </run/stateroom/env")
    # read here, not searched for there: the engine's events tell the words of every command
    everything = dora.sh("grep -rah '' /run/stateroom; cat /proc/[0-9]*/environ", ok=False)
    assert dora.environment()["STATEROOM_BROKER_KEY"] in everything
    assert "only-the-database-knows" not in everything
    assert "REPLICA_KEY" not in dora.environment()


def test_a_service_that_is_not_drawn_has_no_logs(stateroom: Stateroom, dora: Agent) -> None:
    """A typing error is told, with what is there."""
    said = stateroom.cli("tenants", "logs", SLUG, "--service", "bd", ok=False)
    assert said.code == 3 and "db" in said.err


def test_what_it_uses_counts(stateroom: Stateroom, dora: Agent, db: Service) -> None:
    """The tenant's usage is that of all its programs and disks."""
    used = must(stateroom.api("GET", f"/tenants/{SLUG}/usage")).json()["now"]
    alone = int(db.sh("df -m --output=used /var/lib/postgresql | tail -n 1"))
    assert used["disk_mb"] > alone > 10
    listed = must(stateroom.api("GET", f"/tenants/{SLUG}")).json()
    assert listed["limits"]["memory_mb"] == 2048 and listed["limits"]["disk_mb"] == 2048
    assert listed["services"] == ["db"]
    assert listed["limits_total"]["memory_mb"] > 2048 < listed["limits_total"]["disk_mb"]
    assert "services" in stateroom.cli("tenants", "show", SLUG).out


def test_an_image_that_is_not_here_is_told_before_it_is_deployed(
    stateroom: Stateroom, drawing: dict[str, Any], tmp_path: Path
) -> None:
    """By the one who saves the blueprint, on its block, with what brings the image here."""
    new = changed(drawing, "db", image="stateroom-test/nobody-has-this:1")
    file = tmp_path / "elsewhere.json"
    file.write_text(json.dumps({**new, "name": "elsewhere"}))
    said = stateroom.cli("blueprints", "apply", str(file))
    assert "elsewhere: revision 1 is new." in said.out
    assert "db: The image stateroom-test/nobody-has-this:1 is not on this machine." in said.err
    assert "docker pull stateroom-test/nobody-has-this:1" in said.err


def test_erased_it_leaves_nothing(stateroom: Stateroom, dora: Agent, db: Service) -> None:
    """Both disks, both containers, both folders of content are gone."""
    stateroom.remove(SLUG)
    eventually(lambda: not traces(stateroom, dora.cabin), 60)
