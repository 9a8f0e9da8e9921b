"""Furnishing the home: made once, put right again, and never by replacing a key unasked."""

from __future__ import annotations

import os
import stat
import time
from dataclasses import dataclass, replace
from ipaddress import IPv4Network
from pathlib import Path

import pytest
from cryptography import x509

from stateroom.domain.cabin import Installation
from stateroom.errors import Permanent
from stateroom.installation import home as module
from stateroom.installation.home import Furnisher
from stateroom.installation.machine import known_installation
from stateroom.layout import Layout
from stateroom.settings import Settings
from stateroom.store.sealing import Opener, Sealer

ID = Installation("3f", IPv4Network("10.213.0.0/24"))


@dataclass(frozen=True)
class Home:
    folder: Path

    def furnish(self, **settings: object) -> None:
        chosen = replace(Settings(home=self.folder), **settings)  # type: ignore[arg-type]
        Furnisher(chosen, ID, (os.getuid(), os.getgid()), ("127.0.0.1",), time.time()).everything()

    def files(self) -> dict[str, tuple[bytes, int, int]]:
        """Path -> what it holds, whose it is, and its mode."""
        found = {}
        for path in sorted(self.folder.rglob("*")):
            if path.is_file():
                seen = path.stat()
                name = str(path.relative_to(self.folder))
                found[name] = (path.read_bytes(), seen.st_uid, stat.S_IMODE(seen.st_mode))
        return found


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    program = tmp_path / "cabin-init"
    program.write_bytes(b"a program")
    monkeypatch.setattr(module, "ENTRY_POINT", program)
    folder = tmp_path / "home"
    folder.mkdir()
    return Home(folder)


def test_furnishing_again_changes_nothing(home: Home) -> None:
    """No key, certificate or file is another one afterwards, nor anybody else's."""
    home.furnish()
    before = home.files()
    home.furnish()
    assert home.files() == before
    assert not any(name.endswith(".new") for name in before)


def test_every_part_can_read_its_own_and_no_more(home: Home) -> None:
    """Private keys are the steward's, the authority's is root's, what seals is the api's."""
    home.furnish()
    found = {name: (uid, mode) for name, (_, uid, mode) in home.files().items()}
    uid = ID.part_uid
    assert found["steward/seal.key"] == found["steward/sign.pem"] == (uid("steward"), 0o400)
    assert found["api/seal.pub"] == (uid("api"), 0o400)
    assert found["ca/ca.key"] == (0, 0o400)
    assert found["admin.key"] == (os.getuid(), 0o600)


@pytest.mark.parametrize("at", range(1, 12))
def test_stopped_anywhere_it_goes_on(home: Home, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    """The n-th write does not happen, as where the helper is killed: the id is known, the next
    run completes it, and what was sealed and signed before still counts."""
    writes = 0
    whole = module.write

    def dies(path: Path, data: bytes, uid: int, gid: int, mode: int) -> None:
        nonlocal writes
        writes += 1
        if writes > at:
            raise KeyboardInterrupt
        whole(path, data, uid, gid, mode)

    monkeypatch.setattr(module, "write", dies)
    with pytest.raises(KeyboardInterrupt):
        home.furnish()
    assert known_installation(Layout(home.folder)) == "3f"
    before = home.files()
    monkeypatch.setattr(module, "write", whole)
    home.furnish()
    after = home.files()
    kept = ("steward/seal.key", "steward/sign.pem", "admin.key", "installation.json")
    assert {n: before[n] for n in kept if n in before} == {n: after[n] for n in kept if n in before}
    home.furnish()
    assert home.files() == after


DAMAGE = {
    "steward/seal.key": b"short",
    "steward/sign.pem": b"-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n",
    "steward/digest.key": b"",
    "admin.key": b"sk_\xff\xfe hunter2",
    "ca.pem": b"hunter2",
    "ca/ca.key": b"hunter2",
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_key_is_told_and_not_replaced(home: Home, name: str) -> None:
    """By its path, with what to do and what that costs; nothing of it is shown or written."""
    home.furnish()
    before = home.files()
    (home.folder / name).write_bytes(DAMAGE[name])
    damaged = home.files()
    with pytest.raises(Permanent) as refusal:
        home.furnish()
    assert str(home.folder / name) in refusal.value.message
    assert "backup" in refusal.value.message and "stateroom up" in refusal.value.message
    assert "hunter2" not in refusal.value.message
    assert home.files() == damaged
    (home.folder / name).write_bytes(before[name][0])
    home.furnish()
    assert home.files() == before


def test_what_the_message_says_helps(home: Home) -> None:
    """Moved away, as it says, each is made anew and the rest stays; the two of the authority go
    together, and the edge's certificate with them."""
    home.furnish()
    before = home.files()
    for name in ("steward/seal.key", "admin.key"):
        (home.folder / name).unlink()
    (home.folder / "ca.pem").unlink()
    (home.folder / "ca/ca.key").unlink()
    home.furnish()
    after = home.files()
    changed = {name for name in before if before[name][0] != after[name][0]}
    assert changed == {
        *("steward/seal.key", "api/seal.pub", "admin.key", "api/admin.sha256"),
        *("ca.pem", "ca/ca.key", "edge/tls.pem"),
    }
    sealed = Sealer(after["api/seal.pub"][0]).seal("t1", "K", b"v")
    assert Opener(after["steward/seal.key"][0]).open("t1", "K", sealed) == b"v"


@pytest.mark.parametrize("name", ["ca.pem", "ca/ca.key"])
def test_half_an_authority_is_told(home: Home, name: str) -> None:
    """One of the two alone is lost: another authority in its place would be trusted by nobody."""
    home.furnish()
    (home.folder / name).unlink()
    left = home.files()
    with pytest.raises(Permanent, match="whoever trusted the old one"):
        home.furnish()
    assert home.files() == left


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("edge/tls.pem", b"half a certif"),
        ("edge/tls.pem", b""),
        ("edge/sign.pub", b"x"),
        ("api/seal.pub", b"x"),
        ("api/sign.pub", b""),
        ("api/admin.sha256", b"0\n"),
        ("edge/haproxy.cfg", b""),
    ],
)
def test_what_can_be_made_anew_is(home: Home, name: str, data: bytes) -> None:
    """Damaged or deleted: the next run puts it right without a word."""
    home.furnish()
    before = home.files()
    (home.folder / name).write_bytes(data)
    home.furnish()
    same = name != "edge/tls.pem"
    assert (home.files() == before) is same
    (home.folder / name).unlink()
    home.furnish()
    assert home.files()[name][1:] == before[name][1:]
    x509.load_pem_x509_certificates(home.files()["edge/tls.pem"][0])


def test_an_empty_admin_key_is_none(home: Home) -> None:
    """Nobody can hold it, so a new one harms nobody."""
    home.furnish()
    (home.folder / "admin.key").write_bytes(b"\n")
    home.furnish()
    assert home.files()["admin.key"][0].startswith(b"sk_")


def test_another_owner_is_put_right(home: Home) -> None:
    """A copy of a home, made by somebody else, belongs to the parts again, what they have written
    themselves too."""
    home.furnish()
    database, ledger = home.folder / "store/stateroom.db", home.folder / "broker/ledger.db"
    database.touch()
    ledger.touch()
    before = home.files()
    for path in home.folder.rglob("*"):
        os.chown(path, 4711, 4711)
    home.furnish()
    parts = ("steward/", "api/", "edge/", "ca/")
    mine = {n: f for n, f in home.files().items() if n.startswith(parts)}
    assert mine == {n: before[n] for n in mine}
    assert (database.stat().st_uid, database.stat().st_gid) == (ID.part_uid("steward"), ID.group)
    assert ledger.stat().st_uid == ID.part_uid("broker")


def test_an_authority_of_other_names_is_told(home: Home) -> None:
    """Another domain in the settings needs another authority, and says so."""
    home.furnish()
    with pytest.raises(Permanent, match=r"other names than \*\.agents\.example"):
        home.furnish(tenant_domain="agents.example")


@pytest.mark.parametrize("data", [b"{", b"[]", b"{}", b'{"id": "../x"}', b'{"id": 7}', b"\xff"])
def test_a_damaged_id_is_told(home: Home, data: bytes) -> None:
    """No other installation is begun in its place."""
    (home.folder / "installation.json").write_bytes(data)
    with pytest.raises(Permanent, match=r"installation\.json is damaged"):
        known_installation(Layout(home.folder))


def test_files_of_another_version_are_left_alone(home: Home) -> None:
    """Uids were others once: before anything is changed, a sentence says what to do."""
    home.furnish()
    for uid, name in enumerate(("api", "steward", "broker", "edge", "store")):
        os.chown(home.folder / name, 61_000 + min(uid, 1), 61_015)
    before = home.files()
    with pytest.raises(Permanent, match=r"earlier version.*another STATEROOM_HOME.*down --purge"):
        home.furnish()
    assert home.files() == before
    assert (home.folder / "store").stat().st_uid == 61_001


def test_a_lost_id_is_told_and_not_made_anew(home: Home) -> None:
    """The files tell whose they are: the sentence has the id that `installation.json` lost."""
    home.furnish()
    layout = Layout(home.folder)
    layout.installation.unlink()
    chosen, owner = Settings(home=home.folder), (os.getuid(), os.getgid())
    other = Furnisher(chosen, Installation("40"), owner, ("127.0.0.1",), time.time())
    with pytest.raises(Permanent, match=r'{"id": "3f"}'):
        other.everything()
    assert not layout.installation.exists()


def test_folders_that_were_not_given_away_yet_are(home: Home) -> None:
    """A run that was killed between making a folder and giving it away is no other version."""
    home.furnish()
    for name in ("store", "api", "broker"):
        os.chown(home.folder / name, 0, 0)
    home.furnish()
    assert (home.folder / "api").stat().st_uid == ID.part_uid("api")
