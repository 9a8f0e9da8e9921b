"""What a cabin uses now: Docker's figures for processor, memory and processes, the file
system's for disk.

The disk is asked through the host's mount of the volume, which the tenant cannot forge; where
this process does not see it (see docs: the steward's binds) the figure is 0.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from aiodocker import Docker
from aiodocker.exceptions import DockerError

from stateroom.engines.base import NO_USAGE, Usage
from stateroom.engines.docker_calls import absent
from stateroom.engines.docker_objects import MIB


async def measure(docker: Docker, running: Sequence[str], mounts: Sequence[str]) -> Usage:
    """All the containers together; mounts: the host's mount points of the cabin's volumes."""
    if not running:
        return NO_USAGE
    figures = await asyncio.gather(*(_stats(docker, container) for container in running))
    return Usage(
        cpu_cores=sum(cpu_cores(one) for one in figures),
        memory_mb=sum(memory_mb(one) for one in figures),
        disk_mb=sum(disk_mb(Path(mount)) for mount in mounts),
        pids=sum(pids(one) for one in figures),
    )


def cpu_cores(stats: Mapping[str, Any]) -> float:
    """From Docker's two readings, about a second apart."""
    now, before = stats.get("cpu_stats", {}), stats.get("precpu_stats", {})
    used = _total(now) - _total(before)
    host = now.get("system_cpu_usage", 0) - before.get("system_cpu_usage", 0)
    if used <= 0 or host <= 0:
        return 0.0
    cores = now.get("online_cpus") or len(now["cpu_usage"].get("percpu_usage") or [0])
    return float(used / host * cores)


def memory_mb(stats: Mapping[str, Any]) -> float:
    """Without the file cache that the kernel would give back. cgroup v1 calls it otherwise."""
    memory = stats.get("memory_stats", {})
    inside = memory.get("stats", {})
    cache = inside.get("total_inactive_file", inside.get("inactive_file", 0))
    return float(max(0, memory.get("usage", 0) - cache) / MIB)


def pids(stats: Mapping[str, Any]) -> int:
    """Processes and threads: what the container's limit is compared with."""
    return int(stats.get("pids_stats", {}).get("current", 0))


def disk_mb(mount: Path) -> float:
    """0 where nothing is mounted: the figures would be the host's own disk."""
    try:
        if mount.stat().st_dev == mount.parent.stat().st_dev:
            return 0.0
        figures = os.statvfs(mount)
    except OSError:
        return 0.0
    return (figures.f_blocks - figures.f_bfree) * figures.f_frsize / MIB


async def _stats(docker: Docker, container: str) -> Mapping[str, Any]:
    try:
        readings = await docker.containers.container(container).stats(stream=False)
    except DockerError as error:
        if absent(error):  # ended meanwhile: it uses nothing
            return {}
        raise
    return readings[0] if readings else {}


def _total(cpu: Mapping[str, Any]) -> int:
    return int(cpu.get("cpu_usage", {}).get("total_usage", 0))
