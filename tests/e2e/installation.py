"""A real installation as tests handle it: its settings, the few ways to talk to it, and how
everything of it is swept from the machine.

What it leaves behind when a run is killed is found again by its home, which is always the same:
a lock keeps two runs on one machine apart.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.e2e.talk import Client, client, must

BASE = Path(tempfile.gettempdir()) / "stateroom-e2e"
STATEROOM = Path(sys.executable).parent / "stateroom"
BLUEPRINT = Path(__file__).with_name("small-agent.yaml")
NODES = Path("/dev/stateroom")
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Said:
    """What a command line ended with."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


@dataclass
class Stateroom:
    """One installation: its home, its settings, and the few ways to talk to it.

    more: settings beside those that keep it apart from others.
    revealed: every secret value that this run gave or was given, by a word for it; the tests of
    leaks look for all of them."""

    home: Path
    ports: tuple[int, int, int, int]
    subnets: str
    more: dict[str, str] = field(default_factory=dict)
    revealed: dict[str, str] = field(default_factory=dict)
    first_up: Said | None = None

    @property
    def environment(self) -> dict[str, str]:
        https, http, api, broker = self.ports
        return {
            "PATH": SYSTEM_PATH,
            "STATEROOM_HOME": str(self.home),
            "STATEROOM_HTTPS_PORT": str(https),
            "STATEROOM_HTTP_PORT": str(http),
            "STATEROOM_API_PORT": str(api),
            "STATEROOM_BROKER_PORT": str(broker),
            "STATEROOM_SUBNETS": self.subnets,
            **self.more,
        }

    @property
    def prefix(self) -> str:
        return f"st{json.loads((self.home / 'installation.json').read_text())['id']}"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports[2]}/api/v1"

    @property
    def events(self) -> Path:
        """What the engine told anybody who listened, since this was raised. The engine itself
        forgets all but the last few hundred, and it has others to serve."""
        return self.home.with_suffix(".events")

    def cli(self, *words: str, given: str = "", ok: bool = True) -> Said:
        """The real program, in a process of its own, as a person would run it."""
        done = subprocess.run(
            [str(STATEROOM), *words],
            input=given, capture_output=True, text=True, check=False, timeout=600,
            env={**_inherited(), **self.environment},
        )  # fmt: skip
        if ok:
            assert done.returncode == 0, f"stateroom {' '.join(words)}: {done.stderr.strip()}"
        return Said(done.returncode, done.stdout, done.stderr)

    def api(self, method: str, path: str, body: Any = None, **options: Any) -> httpx.Response:
        """One call with the admin key. Answers whatever the API answered."""
        key = (self.home / "admin.key").read_text().strip()
        self.revealed.setdefault("admin key", key)
        with httpx.Client(timeout=200.0, trust_env=False) as http:
            return http.request(
                method, self.url + path, json=body, params=options or None,
                headers={"Authorization": f"Bearer {key}"},
            )  # fmt: skip

    def insist(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """What a client does whose server is being restarted: it asks again."""
        end = time.monotonic() + 60
        while True:
            with suppress(httpx.HTTPError):
                answer = self.api(method, path, body)
                if answer.status_code not in (502, 503):
                    return answer
            assert time.monotonic() < end, f"{method} {path} is not answered"
            time.sleep(0.1)

    def tenant(self, slug: str, **options: Any) -> dict[str, Any]:
        return dict(must(self.api("GET", f"/tenants/{slug}", **options)).json())

    def create(self, slug: str, **body: Any) -> dict[str, Any]:
        """A small tenant, not waited for."""
        document = {"slug": slug, "blueprint": "small-agent", **body}
        return dict(must(self.api("POST", "/tenants", document)).json())

    def lodger(self, slug: str, **body: Any) -> dict[str, Any]:
        """A small tenant that is ready, for who needs just one: what the story before left, or a
        new one. A boot is the dearest thing here."""
        if self.api("GET", f"/tenants/{slug}").status_code == 404:
            self.create(slug, **body)
        return self.ready(slug)

    def change(self, slug: str, body: dict[str, Any]) -> dict[str, Any]:
        """A PATCH, and whoever asks next finds it applied."""
        must(self.api("PATCH", f"/tenants/{slug}", body))
        return self.ready(slug)

    def ready(self, slug: str, seconds: float = 180) -> dict[str, Any]:
        tenant = self.tenant(slug, wait="ready", timeout=seconds)
        assert tenant["status"]["phase"] == "ready", f"{slug}: {tenant['status']}"
        return tenant

    def phase(self, slug: str) -> str:
        return str(self.tenant(slug)["status"]["phase"])

    def remove(self, slug: str, data: str = "erase") -> None:
        """Deleted and gone."""
        must(self.api("DELETE", f"/tenants/{slug}", data=data))
        eventually(lambda: self.api("GET", f"/tenants/{slug}").status_code == 404, 60)

    def door(self, slug: str, token: str | None = None) -> Client:
        """A client of the tenant's own URL, with its own token unless another is given."""
        if token is None:
            token = self.access(slug)["api_token"]
        return client(slug, self.ports[0], self.home / "ca.pem", token)

    def access(self, slug: str) -> dict[str, str]:
        given = must(self.insist("GET", f"/tenants/{slug}/access")).json()
        self._note(slug, given)
        return dict(given)

    def rotate(self, slug: str) -> dict[str, str]:
        given = must(self.api("POST", f"/tenants/{slug}/access/rotate")).json()
        self._note(slug, given)
        return dict(given)

    def secret(self, slug: str, name: str, value: str) -> None:
        self.revealed[f"{slug} {name} {len(self.revealed)}"] = value
        must(self.api("PUT", f"/tenants/{slug}/secrets/{name}", {"value": value}))

    def database(self) -> sqlite3.Connection:
        """To read: what no call of the API tells."""
        path = self.home / "store" / "stateroom.db"
        return sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)

    def _note(self, slug: str, given: dict[str, str]) -> None:
        self.revealed[f"token {slug} {given['api_token'][-4:]}"] = given["api_token"]
        ticket = given["open_url"].partition("ticket=")[2]
        self.revealed[f"ticket {slug} {ticket[-4:]}"] = ticket


def eventually(claim: Callable[[], object], seconds: float = 30, every: float = 0.1) -> None:
    """Asks until it is true. The time is generous: it says that something never came, not that
    it was slow."""
    end = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < end, f"it did not come within {seconds:.0f} s"
        time.sleep(every)


def run(*words: str, ok: bool = True, given: str = "") -> str:
    done = subprocess.run(words, input=given, capture_output=True, text=True, check=False)
    if ok:
        assert done.returncode == 0, f"{' '.join(words[:4])} ...: {done.stderr.strip()}"
    return done.stdout.strip()


def docker(*words: str, ok: bool = True) -> str:
    return run("docker", *words, ok=ok)


MAIN = Stateroom(BASE / "main", (28443, 28080, 28070, 28071), "10.216.0.0/17")
OTHER = Stateroom(BASE / "other", (28543, 28180, 28170, 28171), "10.216.128.0/17")


def sweep(installation: Stateroom) -> None:
    """First by its own command, then whatever that left: containers, networks, volumes, the
    firewall's table, loops and nodes of this installation and of nobody else."""
    prefixes = _prefixes(installation)
    if (installation.home / "installation.json").exists():
        installation.cli("down", "--purge", "--keep-images", "--yes", ok=False)
    for prefix in prefixes:
        sweep_engine(prefix)
        sweep_host(prefix)
    shutil.rmtree(installation.home, ignore_errors=True)


def _prefixes(installation: Stateroom) -> set[str]:
    """Of every run on this home, also where the home itself is gone."""
    found = set()
    if (installation.home / "installation.json").exists():
        found.add(installation.prefix)
    for container in docker("ps", "-aq", "--filter", "label=stateroom.part").split():
        shown = json.loads(docker("inspect", container, ok=False) or "[]")
        for body in shown:
            if f"STATEROOM_HOME={installation.home}" in body["Config"]["Env"]:
                found.add(body["Config"]["Labels"]["stateroom.installation"])
    return found


def sweep_engine(prefix: str) -> None:
    label = f"label=stateroom.installation={prefix}"
    for listing, removal in (
        (("ps", "--all", "--quiet"), ("rm", "--force", "--volumes")),
        (("network", "ls", "--quiet"), ("network", "rm")),
        (("volume", "ls", "--quiet"), ("volume", "rm")),
    ):
        if found := docker(*listing, "--filter", label).split():
            docker(*removal, *found, ok=False)


def sweep_host(prefix: str) -> None:
    run("nft", "delete", "table", "inet", f"stateroom_{prefix}", ok=False)
    for node in NODES.glob(f"{prefix}-*"):
        node.unlink()
    for loop in loops(prefix):
        run("losetup", "--detach", loop, ok=False)


def loops(prefix: str) -> list[str]:
    """Loop devices that serve a disk of this installation."""
    return [
        f"/dev/{backing.parts[3]}"
        for backing in Path("/sys/block").glob("loop*/loop/backing_file")
        if Path(backing.read_text()).name.startswith(f"{prefix}-")
    ]


def _inherited() -> dict[str, str]:
    """The caller's environment without another Stateroom's settings."""
    return {k: v for k, v in os.environ.items() if not k.startswith("STATEROOM_")}
