"""A PostgreSQL of our own for a run of the tests: a cluster in a temporary folder, started and
ended by those who use it, listening on a Unix socket and on one port of loopback.

It sorts as people do, passing over hyphens, so that whoever relies on the order of bytes is found
out, and asks for a password on every way in. Each test has a database copied from a migrated one.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

USER, PASSWORD = "stateroom", "hunter2 with : / @ % in it"
QUOTED = "hunter2%20with%20%3A%20%2F%20%40%20%25%20in%20it"
TEMPLATE = "empty"
KEPT = 6
"""Databases of tests that are over: one that reopens its own finds it."""

_CONFIGURATION = """
listen_addresses = '127.0.0.1'
fsync = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
autovacuum = off
shared_buffers = 32MB
max_connections = 60
"""


@dataclass
class Cluster:
    """folder: data below it, the socket in it. port: on loopback, and in the socket's name."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None
    _made: list[str] = field(default_factory=list)

    def url(self, name: str = TEMPLATE, *, host: str = "", password: str = QUOTED) -> str:
        """By the socket, or by a host."""
        if host:
            return f"postgresql://{USER}:{password}@{host}:{self.port}/{name}"
        return f"postgresql://{USER}:{password}@:{self.port}/{name}?host={self.folder}"

    def start(self) -> None:
        """Afterwards it answers."""
        program = [str(_bin() / "postgres"), "-D", str(self.folder / "data")]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*_as_its_user("--pdeathsig=INT"), *program, "-k", str(self.folder)],
                stdout=log, stderr=log, cwd=self.folder,
            )  # fmt: skip
        end = time.monotonic() + 60
        while not self._accepts():
            assert self.process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < end, "PostgreSQL does not answer"
            time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """As a machine that is shut down does it: sessions are ended."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(60)
            self.process = None

    def speak_tls(self, key: bytes, chain: bytes) -> None:
        """From the next connection on; who does not ask for it is still served."""
        for name, data in (("server.key", key), ("server.crt", chain)):
            file = self.folder / "data" / name
            file.write_bytes(data)
            file.chmod(0o600)
            if os.geteuid() == 0:
                shutil.chown(file, "postgres", "postgres")
        self.sql("ALTER SYSTEM SET ssl = on", "SELECT pg_reload_conf()")

    def sql(self, *statements: str, database: str = "postgres") -> str:
        """Each alone, as the superuser; answers the last one's rows as text."""
        words = [w for statement in statements for w in ("-c", statement)]
        return _run(
            [str(_bin() / "psql"), "-qAtX", "-v", "ON_ERROR_STOP=1", "-h", str(self.folder)],
            "-p", str(self.port), "-d", database, *words,
        )  # fmt: skip

    def dump(self, database: str) -> str:
        """Its schema as SQL."""
        return self._dump(database, "--schema-only", "--no-owner")

    def _dump(self, database: str, *how: str) -> str:
        place = ("-h", str(self.folder), "-p", str(self.port))
        return _run([str(_bin() / "pg_dump"), *place], *how, database)

    def new(self, name: str, template: str = "template0") -> str:
        """A database of that name; one that is there is left alone. Answers its URL."""
        if name not in self._made:
            over = [made for made in self._made if made != TEMPLATE][:-KEPT]
            self.sql(
                *(f'DROP DATABASE "{old}" WITH (FORCE)' for old in over),
                f'CREATE DATABASE "{name}" OWNER {USER} TEMPLATE {template}',
            )
            self._made = [*(made for made in self._made if made not in over), name]
        return self.url(name)

    def of_folder(self, folder: Path) -> str:
        """URL of the migrated database that belongs to a test's folder; made when it is not
        there."""
        return self.new(_of(folder), TEMPLATE)

    def everything(self, folder: Path) -> str:
        """All that the folder's database holds, as SQL."""
        return self._dump(_of(folder))

    def _accepts(self) -> bool:
        try:
            self.sql("SELECT 1")
        except AssertionError:
            return False
        return True


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Made, started, with our user in it; gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="stateroom-pg-"))
    # Our parts have other uids and must reach the socket.
    folder.chmod(0o755)
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    made = Cluster(folder, _free_port())
    try:
        _make(made)
        made.start()
        made.sql(f"CREATE ROLE {USER} LOGIN PASSWORD '{PASSWORD}'")
        yield made
    finally:
        made.stop(signal.SIGQUIT)
        shutil.rmtree(folder, ignore_errors=True)


def _make(made: Cluster) -> None:
    data = made.folder / "data"
    _run(
        [str(_bin() / "initdb"), "-D", str(data), "-E", "UTF8", "--no-sync", "-A", "trust"],
        "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-u-ka-shifted",
        "-U", "postgres",
    )  # fmt: skip
    with (data / "postgresql.conf").open("a") as file:
        file.write(f"{_CONFIGURATION}port = {made.port}\n")
    superuser = "peer" if os.geteuid() == 0 else "trust"
    ways_in = (f"local all postgres {superuser}", "local all all scram-sha-256")
    (data / "pg_hba.conf").write_text("\n".join((*ways_in, "host all all all scram-sha-256", "")))


def _bin() -> Path:
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[4])
    )
    assert found, "PostgreSQL is not installed; scripts/test installs it"
    return found[-1].parent


def _as_its_user(*more: str) -> list[str]:
    """The server does not run as root."""
    if os.geteuid():
        return ["setpriv", *more] if more else []
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", *more]


def _run(program: Sequence[str], *words: str) -> str:
    environ = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
    if "psql" in program[0] or "pg_dump" in program[0]:
        words = ("-U", "postgres", *words)
    done = subprocess.run(
        [*_as_its_user(), *program, *words],
        capture_output=True, text=True, check=False, env=environ, cwd="/",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.strip()
    return done.stdout.strip()


def _of(folder: Path) -> str:
    return f"t_{hashlib.sha256(str(folder).encode()).hexdigest()[:16]}"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])
