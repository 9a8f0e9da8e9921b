"""Translators: a cabin or a spec in, the body of a Docker API call out. Pure, tested whole.

Everything that Docker must be told stands here and nowhere else, and nothing here is decided:
names and labels are how a later pass finds back what an earlier one made.

The labels, each on everything of ours:
  stateroom.installation  the installation's prefix (``st3f``); whatever lacks it is not ours
  stateroom.cabin         the cabin's id
  stateroom.role          "agent", a service's role, "holder" or "helper"
On an instance also:
  stateroom.content       the id of the content tmpfs that it sees
  stateroom.holder        the namespace that it joined, as `docker_reading.holder_identity` names it
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stateroom.domain.cabin import Cabin, Installation
from stateroom.domain.runtime import AGENT, Resources, RuntimeSpec
from stateroom.engines.docker_health import ENTRYPOINT, health_check

INSTALLATION = "stateroom.installation"
CABIN = "stateroom.cabin"
ROLE = "stateroom.role"
CONTENT = "stateroom.content"
HOLDER = "stateroom.holder"

HOLDER_ROLE = "holder"
HELPER_ROLE = "helper"

CONTENT_PATH = "/run/stateroom"
NODES = "/dev/stateroom"
"""Device nodes of our own, one for each disk."""

CPU_PERIOD = 100_000
"""Microseconds. A quota per period, and not Docker's NanoCpus, because Docker refuses those
above the host's number of cores, and a blueprint may have been drawn on a bigger machine."""
MIB = 1024 * 1024
OPEN_FILES = 20_000
"""The highest limit that every host we saw grants."""

JsonBody = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Places:
    """Paths and the image that every cabin's containers need. All are paths of the host.

    content_mount: where the content tmpfs is mounted. entrypoint: the static cabin-init.
    image: the id of our own image, for holders and helpers. disks: the folder of disk images.
    """

    content_mount: str
    entrypoint: str
    image: str
    disks: str


def holder_name(cabin_name: str) -> str:
    return f"{cabin_name}-{HOLDER_ROLE}"


def helper_name(cabin_name: str) -> str:
    return f"{cabin_name}-{HELPER_ROLE}"


def disk_name(cabin_name: str, volume: str) -> str:
    """One name for the disk's image file, its device node and its Docker volume.

    It holds the installation's prefix, since of a loop device's backing file the kernel shows
    only this much: the folder belonged to a helper's mounts, which are gone.
    """
    return f"{cabin_name}-{volume}"


def content_folder(cabin: str, role: str) -> str:
    """In the content store. A service has one of its own, beside its cabin's and not in it, so
    that neither sees what the other is told."""
    return cabin if role == AGENT else f"{cabin}.{role}"


def cabin_labels(installation: Installation, cabin: str, role: str) -> dict[str, str]:
    return {INSTALLATION: installation.prefix, CABIN: cabin, ROLE: role}


def ours(installation: Installation) -> list[str]:
    """The label filter that keeps to this installation."""
    return [f"{INSTALLATION}={installation.prefix}"]


def network_body(cabin: Cabin) -> JsonBody:
    return {
        "Name": cabin.name,
        "CheckDuplicate": True,
        "Driver": "bridge",
        "Internal": True,
        "EnableIPv6": False,
        "IPAM": {
            "Driver": "default",
            "Config": [{"Subnet": str(cabin.subnet), "Gateway": str(cabin.gateway)}],
        },
        "Options": {"com.docker.network.bridge.name": cabin.name},
        "Labels": cabin_labels(cabin.installation, cabin.id, "network"),
    }


def holder_body(cabin: Cabin, places: Places) -> JsonBody:
    """The container that keeps the cabin's network namespace while others come and go."""
    host = _confined(cabin.name, memory_mb=16, pids=8) | {
        "Mounts": [_bind(places.entrypoint, ENTRYPOINT)],
        # Docker's embedded resolver answers whatever we say; behind it stands nothing.
        "Dns": ["127.0.0.1"],
        "DnsOptions": ["timeout:1", "attempts:1"],
        "DnsSearch": ["."],
    }
    return {
        "Image": places.image,
        "Hostname": cabin.hostname,
        "User": f"{cabin.uid}:{cabin.uid}",
        "Entrypoint": [ENTRYPOINT],
        "Cmd": ["hold"],
        "Env": [],
        "WorkingDir": "/",
        "StopTimeout": 1,
        "Labels": cabin_labels(cabin.installation, cabin.id, HOLDER_ROLE),
        "HostConfig": host,
        "NetworkingConfig": {
            "EndpointsConfig": {
                cabin.name: {"IPAMConfig": {"IPv4Address": str(cabin.address)}},
            }
        },
    }


def instance_body(spec: RuntimeSpec, places: Places, *, holder: str, content: str) -> JsonBody:
    """One instance. holder: the identity that it joins; content: the tmpfs that it sees."""
    cabin, shape = spec.cabin, spec.shape
    container = holder.partition(".")[0]
    host = _confined(f"container:{container}", memory_mb=0, pids=0) | limits(spec.resources)
    host |= {
        "Tmpfs": {
            # Docker adds noexec to a tmpfs unless told otherwise; tools run from /tmp.
            path: f"rw,exec,nosuid,nodev,mode=1777,size={size}m"
            for path, size in shape.tmpfs
        },
        "Mounts": [
            _bind(places.entrypoint, ENTRYPOINT),
            _bind(f"{places.content_mount}/{content_folder(cabin.id, spec.role)}", CONTENT_PATH),
            *(_disk(cabin, mount.volume, mount.path) for mount in shape.mounts),
        ],
    }
    if shape.runtime:
        host["Runtime"] = shape.runtime
    return {
        "Image": shape.image,
        "User": f"{cabin.uid + spec.user}:{cabin.uid + spec.user}",
        "Entrypoint": [ENTRYPOINT, "run", "--"],
        "Cmd": list(shape.command),
        "Env": [f"{name}={value}" for name, value in shape.environment],
        "StopTimeout": spec.stop_seconds,
        "Healthcheck": health_check(spec.health),
        "Labels": cabin_labels(cabin.installation, cabin.id, spec.role)
        | {CONTENT: content, HOLDER: holder},
        "HostConfig": host,
    }


def limits(resources: Resources) -> JsonBody:
    """The part of a container that `docker update` changes in place."""
    memory = resources.memory_mb * MIB
    return {
        "Memory": memory,
        # Equal: no swap of its own, or a limit on memory would be none.
        "MemorySwap": memory,
        "CpuPeriod": CPU_PERIOD,
        "CpuQuota": max(1_000, round(resources.cpu * CPU_PERIOD)),
        "CpuShares": max(2, round(resources.cpu * 1024)),
        "PidsLimit": resources.pids,
    }


def volume_body(cabin: Cabin, volume: str) -> JsonBody:
    name = disk_name(cabin.name, volume)
    return {
        "Name": name,
        "Driver": "local",
        "DriverOpts": {
            "type": "ext4",
            "device": f"{NODES}/{name}",
            "o": "nosuid,nodev,noatime,errors=remount-ro",
        },
        "Labels": {INSTALLATION: cabin.installation.prefix, CABIN: cabin.id},
    }


def helper_body(
    installation: Installation, cabin: str, places: Places, script: str, arguments: Sequence[str]
) -> JsonBody:
    """The short-lived container that does to the host's disks what needs root.

    Attaching a loop device asks for no capability but a device that may be opened; making a
    node asks for MKNOD. It never mounts anything, so it needs no SYS_ADMIN.
    """
    return {
        "Image": places.image,
        "User": "0:0",
        "Entrypoint": ["/bin/sh", "-eu", "-c", script, "disks"],
        "Cmd": [places.disks, *arguments],
        "Env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"],
        "WorkingDir": "/",
        "Labels": cabin_labels(installation, cabin, HELPER_ROLE),
        "HostConfig": {
            "NetworkMode": "none",
            "ReadonlyRootfs": True,
            "CapDrop": ["ALL"],
            "CapAdd": ["CHOWN", "DAC_OVERRIDE", "MKNOD"],
            "SecurityOpt": ["no-new-privileges"],
            "DeviceCgroupRules": ["b 7:* rwm", "c 10:237 rwm"],
            # Binds and not Mounts: Docker makes a folder that is missing.
            "Binds": ["/dev:/dev", f"{places.disks}:{places.disks}"],
            "RestartPolicy": {"Name": "no"},
            "Memory": 256 * MIB,
            "MemorySwap": 256 * MIB,
            "PidsLimit": 64,
            "LogConfig": _logs("1m", 1),
        },
    }


def resources_of(host: Mapping[str, Any]) -> Resources:
    """`limits`, read back."""
    period = host.get("CpuPeriod") or CPU_PERIOD
    return Resources(
        cpu=(host.get("CpuQuota") or 0) / period,
        memory_mb=(host.get("Memory") or 0) // MIB,
        pids=host.get("PidsLimit") or 0,
    )


def _confined(network: str, *, memory_mb: int, pids: int) -> JsonBody:
    """What holds for every container of a cabin. Zero leaves a limit to the caller."""
    body: JsonBody = {
        "NetworkMode": network,
        "ReadonlyRootfs": True,
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges"],
        "Privileged": False,
        "RestartPolicy": {"Name": "no"},
        "IpcMode": "private",
        "ShmSize": 16 * MIB,
        # Under pressure the host loses a cabin before it loses a part of ours.
        "OomScoreAdj": 500,
        "Ulimits": [{"Name": "nofile", "Soft": OPEN_FILES, "Hard": OPEN_FILES}],
        "LogConfig": _logs("10m", 3),
    }
    if memory_mb:
        body |= {"Memory": memory_mb * MIB, "MemorySwap": memory_mb * MIB}
    if pids:
        body |= {"PidsLimit": pids}
    return body


def _bind(source: str, target: str) -> JsonBody:
    """A Mount and not a Bind: a source that is missing must stop the start, not be made."""
    return {"Type": "bind", "Source": source, "Target": target, "ReadOnly": True}


def _disk(cabin: Cabin, volume: str, path: str) -> JsonBody:
    return {
        "Type": "volume",
        "Source": disk_name(cabin.name, volume),
        "Target": path,
        # Otherwise Docker copies the image's files into an empty disk, with their owner.
        "VolumeOptions": {"NoCopy": True},
    }


def _logs(size: str, files: int) -> JsonBody:
    return {"Type": "json-file", "Config": {"max-size": size, "max-file": str(files)}}
