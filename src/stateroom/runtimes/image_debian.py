"""What is made of Debian's packages on the host, by mmdebstrap: base systems and one compiler.

mmdebstrap needs no registry, no container and not even root (as an ordinary user it wants
uidmap), and leaves apt and its caches out of what it makes.
"""

from __future__ import annotations

import json
import platform
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from stateroom.runtimes import image_host as host
from stateroom.runtimes.image_inputs import ImageError, digest
from stateroom.runtimes.image_stages import Stage, Workshop

_LEAVE_OUT = ("/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*", "/usr/share/doc/*")
# Nothing of the host may stay inside: its mirrors, its name, its resolver.
_FORGET_HOST = 'rm -f "$1/etc/apt/sources.list" "$1/etc/hostname" "$1/etc/resolv.conf"'


def system_stage(name: str, title: str, folder: Path) -> Stage:
    """A base system with the packages that `folder/packages` names, one a line."""
    command = _system_command((folder / "packages").read_text())

    async def build(work: Workshop, stage: Stage, _base: str) -> str:
        return await work.import_system(stage, _with_sources(command))

    return Stage(name, title, digest(platform.machine(), json.dumps(command)), build)


def _system_command(listed: str) -> list[str]:
    packages = [line for line in listed.splitlines() if line and not line.startswith("#")]
    options = [f"--dpkgopt=path-exclude={pattern}" for pattern in _LEAVE_OUT]
    options.append("--dpkgopt=path-include=/usr/share/doc/*/copyright")
    return [
        "mmdebstrap", "--variant=essential", f"--include={','.join(packages)}", *options,
        f"--customize-hook={_FORGET_HOST}", host.DEBIAN, "-",
    ]  # fmt: skip


async def compile_static(work: Workshop, source: Path) -> bytes:
    """A static program of one C file."""
    # Nobody but us may enter this folder, or another user could put a program of their own in the
    # place of this one, which every cabin starts. mmdebstrap needs no more: the files outside of
    # its root are touched by the process that was called. It splits its hooks at spaces.
    with tempfile.TemporaryDirectory(prefix="stateroom-") as folder:
        inside, program = Path(folder) / "program.c", Path(folder) / "program"
        inside.write_bytes(source.read_bytes())
        await work.programs.run(_with_sources(compiler_command(str(inside), str(program))))
        return program.read_bytes()


def compiler_command(source: str, program: str) -> list[str]:
    """A C compiler, unpacked into a temporary root for one call and gone again. musl, because
    a static program of it is a few kilobytes and asks nothing of the image that it runs in."""
    call = (
        'chroot "$1" /usr/bin/gcc -specs=/usr/lib/$(uname -m)-linux-musl/musl-gcc.specs '
        "-std=c11 -Os -s -static -o /program /program.c"
    )
    return [
        "mmdebstrap", "--variant=extract", "--format=null", "--include=gcc,musl-dev,musl-tools",
        f"--extract-hook=upload {source} /program.c", f"--extract-hook={call}",
        f"--extract-hook=download /program {program}", host.DEBIAN, "-",
    ]  # fmt: skip


def _with_sources(command: Sequence[str]) -> list[str]:
    if not shutil.which(command[0]):
        raise ImageError(
            "mmdebstrap, which makes the base system, is not installed: "
            "`apt-get install mmdebstrap`, and as an ordinary user also uidmap."
        )
    return [*command, *host.debian_sources()]
