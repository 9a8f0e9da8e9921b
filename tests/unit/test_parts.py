"""Our own parts: each has what it needs, and no more."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from stateroom.domain.cabin import Installation
from stateroom.installation.bring_up import settings_environment
from stateroom.installation.parts import Ground, container, parts
from stateroom.settings import Settings
from stateroom.store.address import Address

DATABASE = "postgresql://stateroom:hunter2@db.example.com/stateroom"
SETTINGS = Settings(home=Path("/srv/stateroom"), database=DATABASE, https_port=9443)
GROUND = Ground(
    settings=SETTINGS,
    installation=Installation("3f"),
    image="sha256:1",
    entry_point="/srv/stateroom/bin/cabin-init",
    docker_group=998,
    content_mount="/var/lib/docker/volumes/st3f-content/_data",
    environment=settings_environment(SETTINGS),
    database=Address.of(DATABASE),
    database_key="key-of-hunter2",
    edge_files="one",
)


def bodies(ground: Ground) -> dict[str, dict[str, object]]:
    return {part.name: container(ground, part) for part in parts(ground)}


def on(url: str, key: str = "key") -> Ground:
    return replace(GROUND, database=Address.of(url), database_key=key)


def binds(ground: Ground) -> dict[str, tuple[str, ...]]:
    return {part.name: part.binds for part in parts(ground)}


def test_a_databases_password_is_in_no_container() -> None:
    """Not even in those of api and steward, which alone know the file that it stands in; the
    other settings reach every part."""
    found = bodies(GROUND)
    assert "hunter2@" not in str(found)
    knowing = {name for name, body in found.items() if "database.url" in str(body)}
    assert knowing == {"api", "steward"}
    assert all("STATEROOM_HTTPS_PORT=9443" in str(body["Env"]) for body in found.values())


def test_another_password_makes_another_api_and_steward() -> None:
    """And nothing else: a running one reads it once."""
    before, after = bodies(GROUND), bodies(replace(GROUND, database_key="another"))
    assert {name for name in before if before[name] != after[name]} == {"api", "steward"}


def test_a_database_on_the_network_is_reached_by_a_relay() -> None:
    """The api still has none: it has the relay's socket, and the relay one host and one port and
    no way to the password."""
    made = {part.name: part for part in parts(GROUND)}
    assert made["api"].network == "none"
    socket = "/srv/stateroom/run/relay"
    assert {name for name, part in made.items() if socket in str(part.binds)} == {"api", "relay"}
    assert made["relay"].binds == (f"{socket}:{socket}:rw",)
    assert made["relay"].command[-4:] == ("--host", "db.example.com", "--port", "5432")
    assert made["relay"].groups == ()
    assert f"{socket}/database.sock" in dict(made["api"].environment)["STATEROOM_DATABASE_RELAY"]


def test_a_database_behind_a_socket_needs_no_relay() -> None:
    """Its folder is mounted into those two, and nothing of SQLite's is."""
    found = binds(on("postgresql://stateroom@/stateroom?host=/run/pg"))
    assert "relay" not in found
    assert {name for name, b in found.items() if "/run/pg:/run/pg:ro" in b} == {"api", "steward"}
    assert not any("/srv/stateroom/store" in str(b) for b in found.values())


def test_the_authority_of_the_servers_certificate_is_seen() -> None:
    """By those who check it."""
    found = binds(
        on("postgresql://u:p@db/x?sslmode=verify-full&sslrootcert=/etc/ssl/company.pem")
    )
    mounted = "/etc/ssl/company.pem:/etc/ssl/company.pem:ro"
    assert {name for name, b in found.items() if mounted in b} == {"api", "steward"}


def test_sqlite_stays_in_the_home() -> None:
    """Without a server there is no relay, no file with an address, and the store is shared."""
    ground = on("sqlite+aiosqlite:////srv/stateroom/store/stateroom.db")
    store = "/srv/stateroom/store:/srv/stateroom/store:rw"
    found = binds(ground)
    assert {name for name, b in found.items() if store in b} == {"api", "steward"}
    assert "relay" not in found
    assert "STATEROOM_DATABASE" not in str(bodies(ground))


def test_other_files_make_another_edge_and_nothing_else() -> None:
    """A renewed certificate is in force after the next `up`."""
    before, after = bodies(GROUND), bodies(replace(GROUND, edge_files="two"))
    assert {name for name in before if before[name] != after[name]} == {"edge"}


def test_nobody_but_the_guard_has_a_capability() -> None:
    """And nobody but the steward has the engine's socket."""
    made = {part.name: part for part in parts(GROUND)}
    assert {name: part.capabilities for name, part in made.items() if part.capabilities} == {
        "guard": ("NET_ADMIN",)
    }
    assert {n for n, p in made.items() if any("docker.sock" in b for b in p.binds)} == {"steward"}


def test_every_part_may_have_as_many_files_open_as_a_cabin() -> None:
    """An engine's own limit may be 1024: a few busy cabins would use up edge and broker."""
    limit = {"Name": "nofile", "Soft": 20_000, "Hard": 20_000}
    for body in bodies(GROUND).values():
        made = body["HostConfig"]
        assert isinstance(made, dict) and made["Ulimits"] == [limit]
