"""An installation whose state is in PostgreSQL: by the server's Unix socket, then by network, with
one real tenant that notices none of it. In the order in which it stands here."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.cabins import containers
from tests.e2e.installation import (
    BASE,
    BLUEPRINT,
    Said,
    Stateroom,
    docker,
    eventually,
    run,
    sweep,
    sweep_engine,
)
from tests.postgresql import PASSWORD, QUOTED, Cluster, cluster

PORTS = (28643, 28280, 28270, 28271)
SECRETS = (PASSWORD, QUOTED, "hunter2", "hunter3")


@dataclass
class Place:
    """file: holds the database's address."""

    it: Stateroom
    server: Cluster
    file: Path

    def address(self, url: str) -> None:
        self.file.write_text(f"{url}\n")

    def up(self, ok: bool = True) -> Said:
        return self.it.cli("up", "--empty", ok=ok)

    def parts(self) -> dict[str, str]:
        """Part -> its container's id, of those that run."""
        label = f"label=stateroom.installation={self.it.prefix}"
        listed = docker(
            "ps", "--filter", label, "--filter", "label=stateroom.part",
            "--format", '{{.Label "stateroom.part"}} {{.ID}}',
        )  # fmt: skip
        return dict(line.split() for line in listed.splitlines())


    def runtime(self) -> str:
        """Of the one tenant: which container it is, and since when it runs."""
        (name,) = containers(self.it, "stateroom.role=agent")
        return docker("inspect", "-f", "{{.Id}} {{.State.StartedAt}}", name)


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    """Not yet up. A lock keeps two runs on one machine apart."""
    with (Path(tempfile.gettempdir()) / "stateroom-e2e-database.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder = Path(tempfile.mkdtemp(prefix="stateroom-url-"))
        more = {"STATEROOM_DATABASE_FILE": str(folder / "url")}
        it = Stateroom(BASE / "database", PORTS, "10.217.0.0/24", more)
        sweep(it)
        with cluster() as server:
            server.new("stateroom")
            try:
                yield Place(it, server, folder / "url")
            finally:
                sweep(it)
                shutil.rmtree(folder)


def test_what_cannot_work_is_told_before_anything_is_started(place: Place) -> None:
    """A wrong password, an address with a typo: `up` says which,
    starts no part and shows no password."""
    for url, told in (
        (place.server.url("stateroom", password="hunter3"), "Correct the password"),
        (place.server.url("stateroom").replace("postgresql:", "postgersql:"), "unknown form"),
    ):
        place.address(url)
        said = place.up(ok=False)
        assert said.code != 0
        assert told in " ".join(said.err.split())
        assert not any(secret in said.out + said.err for secret in SECRETS)
        if (place.it.home / "installation.json").exists():
            assert place.parts() == {}


def test_a_tenant_lives_on_it(place: Place) -> None:
    """Up by the server's Unix socket: a tenant is created, ready and answers; neither part has
    SQLite's files or, the api, a network."""
    place.address(place.server.url("stateroom"))
    place.up()
    assert "relay" not in place.parts()
    place.it.cli("blueprints", "apply", str(BLUEPRINT))
    place.it.create("acme", name="Acme", secrets={"CRM_API_KEY": "the-one-that-must-not-leak"})
    place.it.ready("acme")
    with place.it.door("acme") as door:
        assert "You help the customers of Acme." in door.chat("hello")
    assert place.server.sql("SELECT slug FROM tenants", database="stateroom") == "acme"
    assert not (place.it.home / "store" / "stateroom.db").exists()
    api = json.loads(docker("inspect", f"{place.it.prefix}-api"))[0]
    assert api["HostConfig"]["NetworkMode"] == "none"


def test_a_restart_of_the_server_is_noticed_by_nobody_but_callers(place: Place) -> None:
    """While it is away the API says 503 and when to come back, and the tenant's own URL answers;
    afterwards a change is applied, with nobody's help."""
    before = place.runtime()
    door = place.it.door("acme")
    place.server.stop()
    answer = place.it.api("GET", "/tenants/acme")
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    with door:
        assert "You help the customers of Acme." in door.chat("hello")
    doctor = place.it.cli("doctor", ok=False)
    assert "cannot be used" in " ".join(doctor.out.split())
    assert "hunter2" not in doctor.out + doctor.err
    place.server.start()
    place.it.insist("PATCH", "/tenants/acme", {"values": {"prompt": "Answer like a pirate."}})
    place.it.ready("acme")
    with place.it.door("acme") as door:
        assert "Answer like a pirate." in door.chat("hello")
    assert place.runtime() == before


def test_a_move_to_the_network_moves_only_api_and_steward(place: Place) -> None:
    """The same database by host and port: the api goes through the relay and has no network
    still, the tenant's runtime runs on, and a killed relay is back by itself."""
    runtime, before = place.runtime(), place.parts()
    place.address(place.server.url("stateroom", host="127.0.0.1"))
    place.up()
    after = place.parts()
    assert {name for name in after if before.get(name) != after[name]} == {
        "api", "steward", "relay",
    }  # fmt: skip
    api = json.loads(docker("inspect", f"{place.it.prefix}-api"))[0]
    assert api["HostConfig"]["NetworkMode"] == "none"
    run("kill", "-9", docker("inspect", "-f", "{{.State.Pid}}", f"{place.it.prefix}-relay"))
    eventually(lambda: place.it.api("GET", "/tenants/acme").status_code == 200)
    assert place.runtime() == runtime
    place.it.cli("doctor")
    place.up()
    assert place.parts() == after


def test_the_relay_is_the_apis_alone(place: Place) -> None:
    """A broken-into broker or edge, of the group that parts share, cannot open its socket."""
    path = place.it.home / "run" / "relay" / "database.sock"
    for part, may in (("api", True), ("broker", False), ("edge", False), ("steward", False)):
        shown = json.loads(docker("inspect", f"{place.it.prefix}-{part}"))[0]
        uid, _, gid = shown["Config"]["User"].partition(":")
        groups = [int(group) for group in shown["HostConfig"]["GroupAdd"] or []]
        assert _may_open(path, int(uid), int(gid), groups) is may, part


def _may_open(path: Path, uid: int, gid: int, groups: list[int]) -> bool:
    """A process of that user connects to the socket."""
    child = os.fork()
    if child == 0:
        code = 1
        with suppress(OSError):
            os.setgroups(groups)
            os.setgid(gid)
            os.setuid(uid)
            socket.socket(socket.AF_UNIX).connect(str(path))
            code = 0
        os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_the_password_is_shown_nowhere(place: Place) -> None:
    """Neither by the engine nor in a log, a command line or what people ask for; the two copies
    of the address are their part's alone."""
    label = f"label=stateroom.installation={place.it.prefix}"
    names = docker("ps", "-aq", "--filter", label).split()
    shown = docker("inspect", *names)
    logs = [Path(docker("inspect", "-f", "{{.LogPath}}", name)).read_text() for name in names]
    lines = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(place.it.home) in (line := file.read_bytes().decode(errors="replace")):
                lines.append(line)
        except OSError:
            continue
    asked = [place.it.cli(*words).out for words in (("status",), ("doctor",), ("plan",))]
    asked.append(place.it.api("GET", "/status").text)
    kept = [file for file in place.it.home.rglob("*") if file.is_file() and _holds(file)]
    everything = "\n".join((shown, *logs, *lines, *asked))
    assert "STATEROOM_DATABASE_FILE" in everything
    assert not any(secret in everything for secret in SECRETS)
    assert sorted(kept) == [place.it.home / part / "database.url" for part in ("api", "steward")]
    assert {oct(file.stat().st_mode & 0o777) for file in kept} == {"0o400"}
    assert len({file.stat().st_uid for file in kept}) == 2


def _holds(file: Path) -> bool:
    data = file.read_bytes() if file.stat().st_size < 2**20 else b""
    return any(secret.encode() in data for secret in SECRETS)


def test_another_database_by_mistake_changes_nothing(place: Place) -> None:
    """An empty one, by a typo or a forgotten setting, is refused; what runs goes on, also when its
    parts die."""
    before = place.parts()
    place.server.new("typo")
    place.address(place.server.url("typo"))
    said = place.up(ok=False)
    assert "has had another database" in " ".join(said.err.split())
    place.it.more.clear()
    said = place.up(ok=False)
    assert "keeps its state in PostgreSQL" in " ".join(said.err.split())
    assert place.parts() == before
    for part in ("api", "steward"):
        run("kill", "-9", docker("inspect", "-f", "{{.State.Pid}}", f"{place.it.prefix}-{part}"))
    eventually(lambda: place.it.insist("GET", "/tenants/acme").status_code == 200)
    assert place.it.ready("acme")["slug"] == "acme"


def test_purge_leaves_the_server_alone(place: Place) -> None:
    """`down --purge` removes the relay with the rest; the database is its owner's to drop."""
    prefix = place.it.prefix
    place.it.cli("down", "--purge", "--keep-images", "--yes")
    label = f"label=stateroom.installation={prefix}"
    try:
        assert docker("ps", "-aq", "--filter", label) == ""
        assert not place.it.home.exists()
        assert place.server.sql("SELECT count(*) FROM tenants", database="stateroom") == "1"
    finally:
        sweep_engine(prefix)
