"""A database's URL: every form that people write, and no word of a wrong one in a message."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stateroom.settings import Settings, load
from stateroom.store.address import Address

GOOD = {
    "postgresql://u:p@db.example.com/x": ("", "db.example.com", 5432, "require"),
    "postgres://u@db:6000/x": ("", "db", 6000, "require"),
    "postgresql+psycopg://u@[2001:db8::1]:6000/x": ("", "2001:db8::1", 6000, "require"),
    "postgresql://u@127.0.0.1/x": ("", "127.0.0.1", 5432, "disable"),
    "postgresql://u@localhost/x": ("", "localhost", 5432, "disable"),
    "postgresql://u@db/x?sslmode=disable": ("", "db", 5432, "disable"),
    "postgresql://u@/x": ("/var/run/postgresql", "", 5432, None),
    "postgresql://u@/x?host=/run/pg&port=6000": ("/run/pg", "", 6000, None),
    "postgresql://u@:6000/x?host=/run/pg": ("/run/pg", "", 6000, None),
    "postgresql://u@%2Frun%2FPg/x": ("/run/Pg", "", 5432, None),
}


@pytest.mark.parametrize("url", GOOD)
def test_good_addresses(url: str) -> None:
    """Where the server is, and that what leaves the machine is encrypted unless said otherwise."""
    made = Address.of(url)
    mode = dict(made.options).get("sslmode")
    assert (made.folder, made.host, made.port, mode) == GOOD[url]
    assert (made.user, made.name) == ("u", "x")


BAD = [
    "postgresql://u:hunter2@db:hunter2/x",
    "postgresql://u:hunter2/more@db/x",
    "postgresql://u:hunter2#more@db/x",
    "postgresql://u:hunter2@[db/x",
    "postgresql://:hunter2@db/x",
    "postgresql://u:hunter2@db",
    "postgresql://u:hunter2@db/x/y",
    "postgresql://u:hunter2@one,two/x",
    "postgresql://u:hunter2@db/x?sslmode=prefer",
    "postgresql://u:hunter2@db/x?sslmode=verify-full",
    "postgresql://u:hunter2@db/x?sslrootcert=/ca.pem",
    "postgresql://u:hunter2@db/x?sslmode=verify-full&sslrootcert=ca.pem",
    "postgresql://u@db/x?password=hunter2",
    "postgresql://u:hunter2@/x?host=/run/pg&port=hunter2",
    "postgresql+asyncpg://u:hunter2@db/x",
    "mysql://u:hunter2@db/x",
    "hunter2",
    "sqlite:///hunter2",
    "sqlite+aiosqlite://",
    "sqlite+aiosqlite:///:memory:",
]


@pytest.mark.parametrize("url", BAD)
def test_bad_addresses(url: str) -> None:
    """Each is refused with a sentence that says what to write, and repeats nothing of it."""
    with pytest.raises(ValueError, match="database") as refusal:
        Address.of(url)
    assert "hunter2" not in str(refusal.value)
    assert refusal.value.__cause__ is None


@given(st.text(max_size=30), st.text(max_size=8))
def test_a_password_is_never_shown(password: str, rest: str) -> None:
    """Whatever was typed: taken or refused, neither the refusal nor the value shows it."""
    shown = ""
    try:
        made = Address.of(f"postgresql://u:Hunter2{password}@db{rest}/x")
    except ValueError as error:
        shown = str(error)
    else:
        if "unter2" in made.password:
            shown = repr(made) + made.shown
    assert "unter2" not in shown


def test_the_address_may_lie_in_a_file(tmp_path: Path) -> None:
    """So its password stands in no environment; a file that the environment names goes before the
    table of settings, and a missing one is told by its name."""
    (tmp_path / "settings.toml").write_text('database = "postgresql://of@the/table"\n')
    file = tmp_path / "url"
    environ = {"STATEROOM_HOME": str(tmp_path), "STATEROOM_DATABASE_FILE": str(file)}
    with pytest.raises(ValueError, match=str(file)):
        _ = load(environ).database_url
    file.write_text("postgresql://u:hunter2@db/x\n")
    found = load(environ)
    assert found.database_url == "postgresql://u:hunter2@db/x"
    assert "hunter2" not in repr(found)
    assert "hunter2" not in repr(Settings(home=tmp_path, database=found.database_url))
