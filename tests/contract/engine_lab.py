"""Real installations on the real Docker for tests, and the sweeping of what they leave.

Each lab has an installation id of its own from a range that no real installation should use; a
lock keeps two test runs on one machine from sharing them. Sweeping goes by the installation's
label and prefix, before and after, so what a killed run left behind is gone too.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from pathlib import Path

from aiodocker import Docker

from stateroom.domain.cabin import Cabin, Installation
from stateroom.engines.docker import DockerEngine

OWN_IMAGE = "stateroom/stateroom"
SPARE_IMAGE = "stateroom-test/helper:1"
PACKAGES = "e2fsprogs,mount,util-linux,nftables,python3-minimal"
CABIN_INIT = Path(__file__).parents[2] / "images" / "stateroom" / "cabin-init.c"
NODES = Path("/dev/stateroom")


def run(*words: str, ok: bool = True) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if ok and done.returncode != 0:
        raise AssertionError(f"{' '.join(words[:4])} ...: {done.stderr.strip()}")
    return done.stdout.strip()


def docker(*words: str, ok: bool = True) -> str:
    return run("docker", *words, ok=ok)


@dataclass
class Lab:
    """One installation, with a content tmpfs that a container of its own keeps mounted."""

    installation: Installation
    home: Path
    image: str
    entrypoint: Path
    content_root: Path
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def engine(self, client: Docker, listening: Docker | None = None) -> DockerEngine:
        return DockerEngine(
            client,
            self.installation,
            content_root=self.content_root,
            content_mount=str(self.content_root),
            home=self.home,
            helper_image=self.image,
            entrypoint=str(self.entrypoint),
            listening=listening,
        )

    def cabin(self) -> Cabin:
        number = next(self._numbers)
        return Cabin(self.installation, os.urandom(4).hex(), number, number)


@contextmanager
def alone(identity: str) -> Iterator[None]:
    """One run of tests at a time on this machine for each installation id."""
    path = Path(tempfile.gettempdir()) / f"stateroom-tests-{identity}.lock"
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def lab(identity: str, subnets: str, broker_port: int, folder: Path) -> Iterator[Lab]:
    installation = Installation(identity, IPv4Network(subnets), broker_port)
    prefix, home = installation.prefix, folder / identity
    for part in ("disks", "logs"):
        (home / part).mkdir(parents=True)
    with alone(identity):
        sweep(prefix)
        try:
            image = own_image()
            yield Lab(installation, home, image, cabin_init(folder), content(prefix, image))
        finally:
            sweep(prefix)


def content(prefix: str, image: str) -> Path:
    volume = f"{prefix}-content"
    labels = ("--label", f"stateroom.installation={prefix}")
    options = ("type=tmpfs", "device=tmpfs", "o=size=16m,mode=0711")
    words = [word for option in options for word in ("--opt", option)]
    docker("volume", "create", "--driver", "local", *labels, *words, volume)
    docker(
        "run", "--detach", "--name", f"{prefix}-content-holder", "--network", "none", *labels,
        "--volume", f"{volume}:/content", "--entrypoint", "sleep", image, "infinity",
    )  # fmt: skip
    return Path(docker("volume", "inspect", "--format", "{{.Mountpoint}}", volume))


def own_image() -> str:
    """A spare one with the tools of our own image, else the newest of our own, else a spare one
    that is made now."""
    for reference in (SPARE_IMAGE, OWN_IMAGE):
        listed = ("image", "ls", "--quiet", "--no-trunc", reference)
        if found := docker(*listed).splitlines():
            return found[0]
    words = ("mmdebstrap", "--quiet", "--variant=minbase", f"--include={PACKAGES}", "bookworm")
    with tempfile.NamedTemporaryFile(suffix=".tar") as file:
        run(*words, file.name)
        return docker("import", file.name, SPARE_IMAGE)


def cabin_init(folder: Path) -> Path:
    """The static entry point, compiled from its source."""
    program = folder / "cabin-init"
    if not program.exists():
        run("gcc", "-static", "-O2", "-o", str(program), str(CABIN_INIT))
        program.chmod(0o755)
    return program


def sweep(prefix: str) -> None:
    label = f"label=stateroom.installation={prefix}"
    for listing, removal in (
        (("ps", "--all", "--quiet"), ("rm", "--force", "--volumes")),
        (("network", "ls", "--quiet"), ("network", "rm")),
        (("volume", "ls", "--quiet"), ("volume", "rm")),
    ):
        if found := docker(*listing, "--filter", label).split():
            docker(*removal, *found, ok=False)
    for node in NODES.glob(f"{prefix}-*"):
        node.unlink()
    for backing in Path("/sys/block").glob("loop*/loop/backing_file"):
        if Path(backing.read_text()).name.startswith(f"{prefix}-"):
            run("losetup", "--detach", f"/dev/{backing.parts[3]}", ok=False)
