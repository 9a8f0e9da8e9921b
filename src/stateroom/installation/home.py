"""Furnishes STATEROOM_HOME: folders with their owners, keys, certificates, the edge's files.

Runs as root in a short-lived container of our own image, so that whoever may use Docker can
run `stateroom up`. Safe to run again at any time: keys are made once and never replaced
(`key_files.py`); everything else is written anew where it differs.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import json
import os
import secrets
import stat
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

from stateroom.broker import way_out
from stateroom.domain.cabin import Installation
from stateroom.edge import haproxy_config
from stateroom.edge.certificates import Authority, check_pair, make_authority, needs_renewal
from stateroom.edge.haproxy import make_map
from stateroom.edge.haproxy_config import EdgeConfig
from stateroom.edge.tokens import make_keys
from stateroom.errors import Permanent, StateroomError
from stateroom.files import replace_file
from stateroom.installation import key_files, outside, owners
from stateroom.layout import Layout
from stateroom.settings import Settings, load
from stateroom.store.sealing import new_keypair

ENTRY_POINT = Path("/opt/stateroom/bin/cabin-init")
ROOT = 0
_WITH_DATABASE = ("api", "steward")
TOLD = 3
"""Exit code where the last words are a sentence for people."""


@dataclass(frozen=True, slots=True)
class Furnisher:
    """owner: uid and gid of the person who ran `up`, who may read the admin key. listen: where
    the edge does; only the host can tell which addresses it has."""

    settings: Settings
    installation: Installation
    owner: tuple[int, int]
    listen: tuple[str, ...]
    now: float

    @property
    def layout(self) -> Layout:
        return Layout(self.settings.home)

    def everything(self) -> None:
        """Raises Permanent where a key is damaged, OSError where something cannot be written."""
        owners.settle(self.layout, self.installation)
        # First: one that is stopped half-way goes on under the same id, whose uids own the rest.
        self._note_installation()
        self.folders()
        self.keys()
        self.database()
        self.way_out()
        self.admin_key()
        self.certificates()
        self.edge_files()
        self.entry_point()

    def folders(self) -> None:
        layout = self.layout
        uid, group = self.installation.part_uid, self.installation.group
        shared = 0o2770
        for path, owner, gid, mode in (
            (layout.store, uid("steward"), group, shared),
            (layout.api, uid("api"), uid("api"), 0o700),
            (layout.steward, uid("steward"), uid("steward"), 0o700),
            (layout.home / "run", ROOT, ROOT, 0o755),
            (layout.api_socket.parent, uid("api"), group, shared),
            (layout.steward_socket.parent, uid("steward"), group, shared),
            (layout.broker_socket.parent, uid("broker"), group, shared),
            (layout.edge_socket.parent, uid("edge"), group, shared),
            # Of the group of the api alone: it has the database, and nobody else goes there by it.
            (layout.relay_socket.parent, uid("relay"), uid("api"), 0o2750),
            (layout.broker, uid("broker"), uid("broker"), 0o700),
            (layout.edge, uid("edge"), group, 0o750),
            (layout.maps, uid("steward"), group, shared),
            (layout.guard_state.parent, ROOT, ROOT, 0o755),
            (layout.disks, ROOT, group, 0o750),
            (layout.logs, uid("steward"), uid("steward"), 0o700),
            (layout.ca_key.parent, ROOT, ROOT, 0o700),
            (layout.programs, ROOT, ROOT, 0o755),
        ):
            path.mkdir(parents=True, exist_ok=True)
            os.chown(path, owner, gid)
            path.chmod(mode)

    def keys(self) -> None:
        """The steward's three, the public halves for those who seal and check, and what keys the
        api's digests of requests."""
        layout, uid = self.layout, self.installation.part_uid
        folder = layout.steward
        seal = self._kept(folder / "seal.key", lambda: new_keypair()[0], key_files.seal_public)
        sign = self._kept(folder / "sign.pem", lambda: make_keys()[0], key_files.sign_public)
        self._kept(folder / "digest.key", key_files.new_digest_key, key_files.digest_key)
        write(layout.api / "seal.pub", seal, uid("api"), uid("api"), 0o400)
        write(layout.edge / "sign.pub", sign, uid("edge"), uid("edge"), 0o400)
        write(layout.api / "sign.pub", sign, uid("api"), uid("api"), 0o400)
        own, fresh = layout.api / "digest.key", key_files.new_digest_key()
        # Another one costs nothing but that requests of the last day are not recognised.
        key = held if len(held := read_if_there(own)) == len(fresh) else fresh
        write(own, key, uid("api"), uid("api"), 0o400)

    def _kept(
        self, path: Path, make: Callable[[], bytes], read: Callable[[Path, bytes], bytes]
    ) -> bytes:
        """What `read` makes of the steward's key at `path`, which is there afterwards."""
        key = path.read_bytes() if path.exists() else make()
        found = read(path, key)
        steward = self.installation.part_uid("steward")
        write(path, key, steward, steward, 0o400)
        return found

    def database(self) -> None:
        """A server's address, which may hold a password, for the two who need it: handed over as
        a file, so that it stands in nobody's environment or command line. What is in use stays
        until somebody has asked the other one: `adopt_database`."""
        layout = self.layout
        url = read_if_there(layout.handed_database)
        if not url and layout.database_url("steward").exists() and layout.database_mark.exists():
            raise Permanent(
                "this installation keeps its state in PostgreSQL, and no setting says where; set"
                " `database_file` as before (docs/howto/postgresql.md)"
            )
        for part in _WITH_DATABASE:
            uid = self.installation.part_uid(part)
            layout.next_database_url(part).unlink(missing_ok=True)
            if read_if_there(layout.database_url(part)) != url:
                write(layout.next_database_url(part), url, uid, uid, 0o400)
        layout.handed_database.unlink(missing_ok=True)

    def way_out(self) -> None:
        """What was handed over for the broker alone: how to reach the outside, trusting whom."""
        layout, uid = self.layout, self.installation.part_uid("broker")
        for handed, name in (
            (layout.handed_proxies, way_out.PROXIES),
            (layout.handed_authorities, way_out.AUTHORITIES),
        ):
            if handed.exists():
                write(layout.broker / name, handed.read_bytes(), uid, uid, 0o400)
                handed.unlink()

    def admin_key(self) -> None:
        """The api holds only its hash, so reading the api's folder gives no key."""
        layout, uid = self.layout, self.installation.part_uid("api")
        path = layout.admin_key
        # An empty file is no key that anybody could hold.
        if not path.exists() or not path.read_bytes().strip():
            key = f"sk_{secrets.token_urlsafe(32)}\n"
            write(path, key.encode(), *self.owner, 0o600)
        held = key_files.admin_key(path, path.read_bytes())
        digest = hashlib.sha256(held).hexdigest()
        write(layout.api / "admin.sha256", f"{digest}\n".encode(), uid, uid, 0o400)

    def certificates(self) -> None:
        layout, edge = self.layout, self.installation.part_uid("edge")
        names = [f"*.{self.settings.tenant_domain}", self.settings.console_host]
        leaf = layout.edge / "tls.pem"
        # A first run that was stopped between the two begins again; later, a lost key is told.
        begun = layout.ca_certificate.exists() and leaf.exists()
        if not layout.ca_key.exists() and not begun:
            domains = [self.settings.tenant_domain, self.settings.console_host]
            made = make_authority(f"Stateroom {self.installation.id}", domains, self.now)
            write(layout.ca_certificate, made.certificate_pem, *self.owner, 0o644)
            write(layout.ca_key, made.key_pem, ROOT, ROOT, 0o400)
        authority = key_files.authority(layout)
        held = leaf.read_bytes() if leaf.exists() else b""
        if not self._is_good(held, authority, names):
            key, chain = key_files.issued(layout, authority, names, self.now)
            held = chain + key
        write(layout.ca_key, authority.key_pem, ROOT, ROOT, 0o400)
        write(leaf, held, edge, edge, 0o400)

    def _is_good(self, leaf: bytes, authority: Authority, names: Sequence[str]) -> bool:
        """Whole, of this authority, and for long enough: else a new one costs nobody anything."""
        try:
            check_pair(leaf)
            return authority.certificate_pem in leaf and not needs_renewal(leaf, names, self.now)
        except ValueError:
            return False

    def edge_files(self) -> None:
        layout, edge = self.layout, self.installation.part_uid("edge")
        text = haproxy_config.render(edge_config(self.settings, self.listen))
        write(layout.edge / "haproxy.cfg", text.encode(), edge, edge, 0o440)
        make_map(layout.maps)
        for path in layout.maps.iterdir():
            os.chown(path, self.installation.part_uid("steward"), self.installation.group)

    def entry_point(self) -> None:
        """Named by its digest: running cabins keep the one that they were made with."""
        target = entry_point_path(self.layout, ENTRY_POINT.read_bytes())
        if not target.exists():
            replace_file(target, ENTRY_POINT.read_bytes(), 0o555)

    def _note_installation(self) -> None:
        known = {"id": self.installation.id}
        if not self.layout.installation.exists():
            data = json.dumps({**known, "created_at": self.now}).encode() + b"\n"
            write(self.layout.installation, data, *self.owner, 0o644)


def edge_config(settings: Settings, listen: tuple[str, ...]) -> EdgeConfig:
    layout = Layout(settings.home)
    return EdgeConfig(
        console_host=settings.console_host,
        certificate=layout.edge / "tls.pem",
        session_key=layout.edge / "sign.pub",
        maps=layout.maps,
        socket=layout.edge_socket,
        addresses=listen,
        https_port=settings.https_port,
        http_port=settings.http_port,
        api_port=settings.api_port,
        api_socket=layout.api_socket,
    )


def edge_digest(layout: Layout) -> str:
    """Of what the edge reads once, when it starts."""
    files = (layout.edge / "haproxy.cfg", layout.edge / "tls.pem", layout.edge / "sign.pub")
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()[:16]


def adopt_database(layout: Layout) -> None:
    """The next address is the one in use; an empty one means that there is no server any more."""
    for part in _WITH_DATABASE:
        following = layout.next_database_url(part)
        if following.exists():
            following.rename(layout.database_url(part))
        if not read_if_there(layout.database_url(part)):
            layout.database_url(part).unlink(missing_ok=True)


def database_facts(layout: Layout) -> dict[str, str]:
    """database_file: the steward's copy of the address that is to be used. database_key: changes
    with it, and tells nothing about the password to those who may see it beside a container."""
    following, used = layout.next_database_url("steward"), layout.database_url("steward")
    chosen = following if following.exists() else used
    key = (layout.steward / "digest.key").read_bytes()
    digest = hmac.new(key, read_if_there(chosen), "sha256").hexdigest()[:16]
    return {"database_file": str(chosen), "database_key": digest}


def read_if_there(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def entry_point_path(layout: Layout, program: bytes) -> Path:
    return layout.programs / f"cabin-init-{hashlib.sha256(program).hexdigest()[:12]}"


def write(path: Path, data: bytes, uid: int, gid: int, mode: int) -> None:
    """Whole or not at all: the owner and mode are right before the name exists."""
    if path.exists() and path.read_bytes() == data:
        found = path.stat()
        if (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (uid, gid, mode):
            return
    replace_file(path, data, mode, owner=(uid, gid))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m stateroom.installation.home")
    parser.add_argument("--installation", required=True, help="two hex digits")
    parser.add_argument("--owner", required=True, help="UID:GID of who may read the admin key")
    parser.add_argument("--listen", required=True, action="append", help="the edge's address")
    parser.add_argument("--adopt-database", action="store_true", help="and nothing else")
    given = parser.parse_args()
    settings = load()
    if given.adopt_database:
        adopt_database(Layout(settings.home))
        return
    uid, _, gid = given.owner.partition(":")
    installation = Installation(
        given.installation, IPv4Network(settings.subnets), settings.broker_port
    )
    owner, listen = (int(uid), int(gid)), tuple(given.listen)
    try:
        Furnisher(settings, installation, owner, listen, time.time()).everything()
    except (StateroomError, OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(TOLD)
    layout = Layout(settings.home)
    path = entry_point_path(layout, ENTRY_POINT.read_bytes())
    made = {
        "entry_point": str(path),
        "edge_files": edge_digest(layout),
        "broker_files": outside.digest(layout),
        **database_facts(layout),
    }
    sys.stdout.write(json.dumps(made) + "\n")


if __name__ == "__main__":
    main()
