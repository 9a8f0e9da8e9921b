"""What a figure was measured on: every script here prints it above its result."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path


def machine() -> str:
    """A few lines of text without names: cores, memory, kernel, Python, Docker if it is there."""
    lines = [
        f"cores   {os.cpu_count()} ({_processor()})",
        f"memory  {os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') // 2**20} MiB",
        f"kernel  {platform.system()} {platform.release()}",
        f"python  {platform.python_version()}",
        f"docker  {_docker()}",
        f"load    {os.getloadavg()[0]:.1f} when this began",
    ]
    return "\n".join(lines)


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _docker() -> str:
    words = ["docker", "version", "--format", "{{.Server.Version}}"]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return "none"
    return done.stdout.strip()
