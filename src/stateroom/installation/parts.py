"""Our own parts as containers: a pure table of what each one has, and no more.

Docker supervises them (`unless-stopped`). Every part has its own uid, a read-only root, no
capability but the guard's one, a bound on memory, and sees only its own folders of the home.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stateroom.domain.cabin import Installation
from stateroom.domain.runtime import stable_digest
from stateroom.engines.docker_objects import OPEN_FILES
from stateroom.layout import Layout
from stateroom.settings import Settings
from stateroom.store.address import Address

INSTALLATION_LABEL = "stateroom.installation"
PART_LABEL = "stateroom.part"
DIGEST_LABEL = "stateroom.part-digest"

CONTENT = "/content"
GRANTS = "/grants"
MIB = 2**20

LEAN = {"MALLOC_ARENA_MAX": "2"}
"""Threads of ours are few and short: an arena for each of them would only hold memory back."""


@dataclass(frozen=True, slots=True)
class Ground:
    """Facts of the machine that the table is made from.

    image: id of our own image. entry_point: host path of the cabins' static program.
    database: its address; database_key: a keyed digest of all of it, so that a new password
    makes a new part. docker_group: group of the Docker socket. content_mount: host path of the
    content tmpfs. edge_files: digest of the edge's configuration and certificate, which it reads
    only once; broker_files: a keyed one of the broker's way out, likewise.
    """

    settings: Settings
    installation: Installation
    image: str
    entry_point: str
    docker_group: int
    content_mount: str
    environment: Mapping[str, str]
    database: Address
    database_key: str = ""
    edge_files: str = ""
    broker_files: str = ""

    @property
    def content_volume(self) -> str:
        return content_volume(self.installation)

    @property
    def volumes(self) -> str:
        """The folder in which the engine mounts its volumes."""
        return str(Path(self.content_mount).parent.parent)

    @property
    def grants_volume(self) -> str:
        return f"{self.installation.prefix}-grants"


def content_volume(installation: Installation) -> str:
    return f"{installation.prefix}-content"


@dataclass(frozen=True, slots=True)
class Part:
    """One container of ours. user: "uid:gid". binds: in Docker's HOST:INSIDE:MODE form.
    groups: supplementary ones. network: "host" or "none". stop_signal: what asks it to end."""

    name: str
    command: tuple[str, ...]
    user: str
    binds: tuple[str, ...] = ()
    groups: tuple[int, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    capabilities: tuple[str, ...] = ()
    network: str = "host"
    memory_mb: int = 256
    stop_signal: str = "SIGTERM"


def parts(ground: Ground) -> tuple[Part, ...]:
    """In the order in which they are started."""
    return (
        _holder(ground),
        _guard(ground),
        _edge(ground),
        _broker(ground),
        *((_relay(ground),) if ground.database.host else ()),
        _steward(ground),
        _api(ground),
    )


def _python(module: str, *words: str) -> tuple[str, ...]:
    return ("python3", "-m", module, *words)


def _user(ground: Ground, part: str) -> str:
    uid = ground.installation.part_uid(part)
    return f"{uid}:{uid}"


def _holder(ground: Ground) -> Part:
    """Keeps the two tmpfs mounted while the steward is away; does nothing else."""
    return Part(
        name="holder",
        command=("/opt/stateroom/bin/cabin-init", "hold"),
        user=_user(ground, "holder"),
        binds=(f"{ground.content_volume}:{CONTENT}:ro", f"{ground.grants_volume}:{GRANTS}:ro"),
        network="none",
        memory_mb=16,
    )


def _guard(ground: Ground) -> Part:
    """Root, because Docker 20.10 gives a capability to nobody else; of root's powers it has
    NET_ADMIN alone."""
    layout, uid = Layout(ground.settings.home), ground.installation.part_uid
    folder = layout.guard_state.parent
    return Part(
        name="guard",
        command=_python(
            "stateroom.guard",
            "--installation", ground.installation.id,
            "--broker-port", str(ground.settings.broker_port),
            "--allow", str(uid("edge")),
            "--allow", str(uid("steward")),
            "--state", str(layout.guard_state),
        ),
        user="0:0",
        binds=(f"{folder}:{folder}:rw",),
        capabilities=("NET_ADMIN",),
        memory_mb=64,
    )


def _edge(ground: Ground) -> Part:
    layout = Layout(ground.settings.home)
    run, api = layout.edge_socket.parent, layout.api_socket.parent
    return Part(
        name="edge",
        command=("haproxy", "-db", "-f", str(layout.edge / "haproxy.cfg")),
        user=_user(ground, "edge"),
        groups=(ground.installation.group,),
        binds=(
            f"{layout.edge}:{layout.edge}:ro", f"{run}:{run}:rw", f"{api}:{api}:ro",
        ),
        # With other files it is another edge: nothing tells a running one to read them again.
        environment=(("STATEROOM_EDGE_FILES", ground.edge_files),),
        memory_mb=512,
        # HAProxy leaves SIGTERM to its default effect, which the kernel withholds from the first
        # process of a container: it would be waited for in vain. Nothing is lost by its death.
        stop_signal="SIGKILL",
    )


def _broker(ground: Ground) -> Part:
    layout = Layout(ground.settings.home)
    run = layout.broker_socket.parent
    return Part(
        name="broker",
        command=_python("stateroom.broker"),
        user=_user(ground, "broker"),
        groups=(ground.installation.group,),
        binds=(
            f"{layout.broker}:{layout.broker}:rw",
            f"{run}:{run}:rw",
            f"{ground.grants_volume}:{GRANTS}:ro",
        ),
        environment=(
            ("STATEROOM_GRANTS", GRANTS),
            ("STATEROOM_BROKER_FILES", ground.broker_files),
        ),
        # One cabin's largest bodies were seen to take 225 MiB.
        memory_mb=512,
    )


def _relay(ground: Ground) -> Part:
    """The api's way to a database that is reached by network, and to nothing else there. It has
    no password, and only the api may open its socket."""
    socket = Layout(ground.settings.home).relay_socket
    return Part(
        name="relay",
        command=_python(
            "stateroom.relay",
            "--listen", str(socket),
            "--host", ground.database.host,
            "--port", str(ground.database.port),
        ),
        user=_user(ground, "relay"),
        binds=(f"{socket.parent}:{socket.parent}:rw",),
        memory_mb=64,
    )


def database_binds(ground: Ground) -> tuple[str, ...]:
    """What a part must see to use the database, beside its own folder, where the address lies."""
    if ground.database.sqlite:
        store = Layout(ground.settings.home).store
        return (f"{store}:{store}:rw",)
    seen = (ground.database.folder, ground.database.certificate)
    return tuple(f"{path}:{path}:ro" for path in seen if path)


def database_environment(ground: Ground, part: str) -> tuple[tuple[str, str], ...]:
    """Never the address itself: it may hold a password, and the engine shows environments."""
    if ground.database.sqlite:
        return ()
    file = Layout(ground.settings.home).database_url(part)
    return (
        ("STATEROOM_DATABASE_FILE", str(file)),
        ("STATEROOM_DATABASE_KEY", ground.database_key),
    )


def _steward(ground: Ground) -> Part:
    layout = Layout(ground.settings.home)
    shared = (
        layout.steward, layout.logs, layout.maps,
        layout.steward_socket.parent, layout.edge_socket.parent,
    )
    socket = ground.settings.docker.removeprefix("unix://")
    return Part(
        name="steward",
        command=_python("stateroom.steward"),
        user=_user(ground, "steward"),
        groups=(ground.installation.group, ground.docker_group),
        binds=(
            *(f"{path}:{path}:rw" for path in shared),
            *database_binds(ground),
            f"{layout.guard_state.parent}:{layout.guard_state.parent}:ro",
            f"{layout.broker_socket.parent}:{layout.broker_socket.parent}:ro",
            f"{layout.disks}:{layout.disks}:ro",
            "/dev/stateroom:/dev/stateroom:ro",
            # How full a disk is, is asked of its mount; rslave, so that later mounts are seen.
            f"{ground.volumes}:{ground.volumes}:ro,rslave",
            f"{socket}:{socket}:rw",
            f"{ground.content_volume}:{CONTENT}:rw",
            f"{ground.grants_volume}:{GRANTS}:rw",
        ),
        environment=(
            ("STATEROOM_INSTALLATION", ground.installation.id),
            ("STATEROOM_CONTENT", CONTENT),
            ("STATEROOM_CONTENT_MOUNT", ground.content_mount),
            ("STATEROOM_GRANTS", GRANTS),
            ("STATEROOM_IMAGE", ground.image),
            ("STATEROOM_ENTRYPOINT", ground.entry_point),
            *database_environment(ground, "steward"),
        ),
    )


def _api(ground: Ground) -> Part:
    layout = Layout(ground.settings.home)
    run, own, relay = layout.steward_socket.parent, layout.api_socket.parent, layout.relay_socket
    by_network = bool(ground.database.host)
    return Part(
        name="api",
        command=_python("stateroom.api"),
        user=_user(ground, "api"),
        groups=(ground.installation.group,),
        binds=(
            *database_binds(ground),
            *((f"{relay.parent}:{relay.parent}:ro",) if by_network else ()),
            f"{layout.api}:{layout.api}:ro",
            f"{run}:{run}:ro",
            f"{own}:{own}:rw",
        ),
        environment=(
            ("STATEROOM_INSTALLATION", ground.installation.id),
            *database_environment(ground, "api"),
            *((("STATEROOM_DATABASE_RELAY", str(relay)),) if by_network else ()),
        ),
        network="none",
    )


def volumes(ground: Ground) -> tuple[dict[str, Any], ...]:
    """The two tmpfs, as Docker wants them. The steward owns both; in the content each cabin
    binds its own folder, the grants are for the broker's eyes."""
    steward, group = ground.installation.part_uid("steward"), ground.installation.group
    return (
        _tmpfs(ground, ground.content_volume, f"size=1g,mode=0711,uid={steward},gid={steward}"),
        _tmpfs(ground, ground.grants_volume, f"size=256m,mode=0750,uid={steward},gid={group}"),
    )


def _tmpfs(ground: Ground, name: str, options: str) -> dict[str, Any]:
    return {
        "Name": name,
        "Driver": "local",
        "DriverOpts": {"type": "tmpfs", "device": "tmpfs", "o": f"{options},nosuid,nodev,noexec"},
        "Labels": {INSTALLATION_LABEL: ground.installation.prefix},
    }


def container_name(installation: Installation, part: str) -> str:
    return f"{installation.prefix}-{part}"


def container(ground: Ground, part: Part) -> dict[str, Any]:
    """The body for Docker, with a digest of itself as a label: another digest, another part."""
    environment = {**LEAN, **ground.environment, **dict(part.environment)}
    body = {
        "Image": ground.image,
        "Entrypoint": list(part.command),
        "Cmd": [],
        "User": part.user,
        "WorkingDir": "/",
        "Env": [f"{name}={value}" for name, value in sorted(environment.items())],
        "HostConfig": {
            "Binds": list(part.binds),
            "NetworkMode": part.network,
            "RestartPolicy": {"Name": "unless-stopped"},
            "ReadonlyRootfs": True,
            "Tmpfs": {"/tmp": "rw,nosuid,nodev,noexec,size=64m"},
            "CapDrop": ["ALL"],
            "CapAdd": list(part.capabilities),
            "SecurityOpt": ["no-new-privileges"],
            "GroupAdd": [str(group) for group in part.groups],
            "Memory": part.memory_mb * MIB,
            "MemorySwap": part.memory_mb * MIB,
            "PidsLimit": 256,
            # Newer engines give 1024, which a few busy cabins would use up in edge and broker.
            "Ulimits": [{"Name": "nofile", "Soft": OPEN_FILES, "Hard": OPEN_FILES}],
            "CpuShares": 4096,
            "LogConfig": {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}},
        },
        "StopSignal": part.stop_signal,
        "StopTimeout": 5,
    }
    labels = {
        INSTALLATION_LABEL: ground.installation.prefix,
        PART_LABEL: part.name,
        DIGEST_LABEL: stable_digest(body)[:16],
    }
    return {**body, "Labels": labels}
