"""Furnishes STATEROOM_HOME: folders with their owners, keys, certificates, the edge's files.

Runs as root in a short-lived container of our own image, so that whoever may use Docker can
run `stateroom up`. Safe to run again at any time: keys are made once and never replaced;
everything else is written anew where it differs.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import secrets
import shutil
import sys
import time
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

from stateroom.domain.cabin import Installation
from stateroom.edge import haproxy_config
from stateroom.edge.certificates import Authority, issue, make_authority, needs_renewal
from stateroom.edge.haproxy import make_map
from stateroom.edge.haproxy_config import EdgeConfig
from stateroom.edge.tokens import Signer, make_keys
from stateroom.layout import Layout
from stateroom.settings import Settings, load
from stateroom.store.sealing import new_keypair

ENTRY_POINT = Path("/opt/stateroom/bin/cabin-init")
ROOT = 0


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
        self.folders()
        self.keys()
        self.admin_key()
        self.certificates()
        self.edge_files()
        self.entry_point()
        self._note_installation()

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
        """The steward's three, and the public halves for those who seal and check."""
        layout, uid = self.layout, self.installation.part_uid
        steward = uid("steward")
        seal, sign = layout.steward / "seal.key", layout.steward / "sign.pem"
        if not seal.exists():
            private, public = new_keypair()
            write(layout.api / "seal.pub", public, uid("api"), uid("api"), 0o400)
            write(seal, private, steward, steward, 0o400)
        if not sign.exists():
            write(sign, make_keys()[0], steward, steward, 0o400)
        public_pem = Signer(sign.read_bytes()).public_pem
        write(layout.edge / "sign.pub", public_pem, uid("edge"), uid("edge"), 0o400)
        write(layout.api / "sign.pub", public_pem, uid("api"), uid("api"), 0o400)
        digest = layout.steward / "digest.key"
        if not digest.exists():
            write(digest, secrets.token_bytes(32), steward, steward, 0o400)

    def admin_key(self) -> None:
        """The api holds only its hash, so reading the api's folder gives no key."""
        layout, uid = self.layout, self.installation.part_uid("api")
        if not layout.admin_key.exists():
            key = f"sk_{secrets.token_urlsafe(32)}\n"
            write(layout.admin_key, key.encode(), *self.owner, 0o600)
        digest = hashlib.sha256(layout.admin_key.read_bytes().strip()).hexdigest()
        write(layout.api / "admin.sha256", f"{digest}\n".encode(), uid, uid, 0o400)

    def certificates(self) -> None:
        layout, edge = self.layout, self.installation.part_uid("edge")
        names = [f"*.{self.settings.tenant_domain}", self.settings.console_host]
        if not layout.ca_key.exists():
            domains = [self.settings.tenant_domain, self.settings.console_host]
            made = make_authority(f"Stateroom {self.installation.id}", domains, self.now)
            write(layout.ca_certificate, made.certificate_pem, *self.owner, 0o644)
            write(layout.ca_key, made.key_pem, ROOT, ROOT, 0o400)
        authority = Authority(layout.ca_key.read_bytes(), layout.ca_certificate.read_bytes())
        leaf = layout.edge / "tls.pem"
        if not leaf.exists() or needs_renewal(leaf.read_bytes(), names, self.now):
            key, chain = issue(authority, names, self.now)
            write(leaf, chain + key, edge, edge, 0o400)

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
            scratch = target.with_suffix(".new")
            shutil.copyfile(ENTRY_POINT, scratch)
            scratch.chmod(0o555)
            scratch.rename(target)

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


def entry_point_path(layout: Layout, program: bytes) -> Path:
    return layout.programs / f"cabin-init-{hashlib.sha256(program).hexdigest()[:12]}"


def write(path: Path, data: bytes, uid: int, gid: int, mode: int) -> None:
    """Whole or not at all: the owner and mode are right before the name exists."""
    if path.exists() and path.read_bytes() == data:
        return
    scratch = path.with_name(f".{path.name}.new")
    scratch.unlink(missing_ok=True)
    descriptor = os.open(scratch, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        os.fchown(file.fileno(), uid, gid)
        os.fchmod(file.fileno(), mode)
        file.flush()
        os.fsync(file.fileno())
    scratch.rename(path)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m stateroom.installation.home")
    parser.add_argument("--installation", required=True, help="two hex digits")
    parser.add_argument("--owner", required=True, help="UID:GID of who may read the admin key")
    parser.add_argument("--listen", required=True, action="append", help="the edge's address")
    given = parser.parse_args()
    settings = load()
    uid, _, gid = given.owner.partition(":")
    installation = Installation(
        given.installation, IPv4Network(settings.subnets), settings.broker_port
    )
    owner, listen = (int(uid), int(gid)), tuple(given.listen)
    Furnisher(settings, installation, owner, listen, time.time()).everything()
    layout = Layout(settings.home)
    path = entry_point_path(layout, ENTRY_POINT.read_bytes())
    made = {"entry_point": str(path), "edge_files": edge_digest(layout)}
    sys.stdout.write(json.dumps(made) + "\n")


if __name__ == "__main__":
    main()
