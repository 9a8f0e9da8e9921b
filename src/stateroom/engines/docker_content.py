"""The content store: one tmpfs, one folder for each cabin, written by plain file operations.

The tmpfs is a Docker volume that the content holder and the steward both keep mounted. A cabin
sees its own folder at /run/stateroom, read-only. A reader sees each file old or new, never
half: written beside, then renamed. `version` is written last and taken away first, so whoever
sees a version sees all of what it names, and a crash half-way is seen as such.

Which tmpfs this is, says a random id in `.store`: a cabin that sees another one is stale.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
import secrets
import shutil
import struct
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from stateroom.domain.content import Content, ContentVersion
from stateroom.domain.inventory import AppliedContent, Installed
from stateroom.domain.runtime import AGENT
from stateroom.engines.docker_objects import content_folder
from stateroom.errors import EngineError, Permanent, Retryable

VERSION = "version"
BEFORE = ".before"
"""What is remembered of the version before, while files of two contents lie side by side."""
STORE = ".store"
_FLOCK = "hhqqi4x"
"""`struct flock` of a 64-bit Linux: type, whence, start, length, pid."""
_NEW = ".new~"
"""The beginning of a file's name while it is being written. No content may be called so."""
SERVICE = re.compile(r"[a-z0-9][a-z0-9_-]*")
"""A service's role: a folder is named after it."""


class ContentStore:
    """root: where this process sees the tmpfs."""

    def __init__(self, root: Path, clock: Callable[[], float] = time.time) -> None:
        self._root = root
        self._clock = clock

    def identity(self) -> str:
        """The id of this tmpfs, given on first sight; "" where there is none."""
        if not self._root.is_dir():
            return ""
        try:
            return (self._root / STORE).read_text()
        except FileNotFoundError:
            with _storing("name the content store"):
                _write(self._root / STORE, secrets.token_hex(8).encode())
            return (self._root / STORE).read_text()

    def read(self) -> dict[str, AppliedContent]:
        """What lies in each cabin's folder. A version that cannot be read counts as none."""
        applied: dict[str, AppliedContent] = {}
        services: dict[str, dict[str, float]] = {}
        for name in self._folders():
            if (found := self._version(name)) is None:
                continue
            cabin, _, role = name.partition(".")
            if role:
                services.setdefault(cabin, {})[role] = found.environment_at
            else:
                applied[cabin] = replace(found, installed=told(self._root / cabin / VERSION))
        for cabin in applied.keys() & services.keys():
            applied[cabin] = replace(applied[cabin], services=services[cabin])
        return applied

    def _folders(self) -> list[str]:
        try:
            return [entry.name for entry in os.scandir(self._root) if entry.is_dir()]
        except FileNotFoundError:
            return []

    def make_folder(self, cabin: str, role: str = AGENT) -> None:
        """The folder itself is never replaced: a cabin's mount would keep showing the old one."""
        with _storing(f"make the content folder of cabin {cabin}"):
            folder = self._root / content_folder(cabin, role)
            folder.mkdir(exist_ok=True)
            folder.chmod(0o755)

    def write(self, cabin: str, content: Content) -> None:
        """The agent's comes last: what is seen in its folder is there for everybody. Permanent
        for a path that leads out of the folder."""
        for role, its in content.services:
            self._write(cabin, _checked_role(role), its)
        self._write(cabin, AGENT, content)
        kept = {content_folder(cabin, role) for role, _ in content.services}
        self._remove_services(cabin, kept)

    def _write(self, cabin: str, role: str, content: Content) -> None:
        names = [_checked(name) for name, _ in content.files]
        own = content_folder(cabin, role)
        before = self._version(own)
        if before is not None and before.version == content.version:
            return
        self.make_folder(cabin, role)
        folder = self._root / own
        with _storing(f"write the content of cabin {cabin}"):
            self._void(folder, before, content.version)
            for name, (_, data) in zip(names, content.files, strict=True):
                # A file that says the same stays: OpenClaw reads its configuration again, and
                # what it is doing meanwhile, whenever that is replaced.
                if not _holds(folder / name, data):
                    _make_room(folder, name)
                    _write(folder / name, data)
            _remove_others(folder, {*names, BEFORE})
            _write(folder / VERSION, _encode(self._applied(before, content.version)))
            (folder / BEFORE).unlink(missing_ok=True)

    def remove(self, cabin: str) -> None:
        self._remove_services(cabin, set())
        with _storing(f"remove the content of cabin {cabin}"):
            try:
                shutil.rmtree(self._root / cabin)
            except FileNotFoundError:
                return

    def _remove_services(self, cabin: str, kept: Collection[str]) -> None:
        """Of services that nobody wants any more."""
        with _storing(f"remove the content of cabin {cabin}"):
            for name in self._folders():
                if name.startswith(f"{cabin}.") and name not in kept:
                    shutil.rmtree(self._root / name)

    def _void(self, folder: Path, before: AppliedContent | None, wanted: ContentVersion) -> None:
        """From here until `version` is back there is no content. What is known of the
        environment is remembered, unless it is the environment that changes."""
        if before is None:
            return
        same = before.version.environment == wanted.environment
        environment = wanted.environment if same else ""
        void = AppliedContent(
            ContentVersion(0, "", environment), before.written_at, before.environment_at
        )
        _write(folder / BEFORE, _encode(void))
        (folder / VERSION).unlink(missing_ok=True)

    def _applied(self, before: AppliedContent | None, version: ContentVersion) -> AppliedContent:
        now = self._clock()
        same = before is not None and before.version.environment == version.environment
        return AppliedContent(version, now, before.environment_at if before and same else now)

    def _version(self, cabin: str) -> AppliedContent | None:
        for name in (VERSION, BEFORE):
            if (found := _decode(self._root / cabin / name)) is not None:
                return found
        return None


def _decode(path: Path) -> AppliedContent | None:
    try:
        found: Any = json.loads(path.read_bytes())
        return AppliedContent(
            ContentVersion(found["generation"], found["digest"], found["environment"]),
            found["written_at"],
            found["environment_at"],
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def told(version: Path) -> Installed:
    """What the cabin's entry point says of this very version, by locks on its first two bytes:
    that it has seen it, and that what belongs into /data lies there. They are asked for and
    never taken, so nobody can make us wait; a tenant who locks the file deceives nobody but the
    readers of its own status."""
    try:
        descriptor = os.open(version, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return Installed.UNTOLD
    try:
        if _is_locked(descriptor, 1):
            return Installed.YES
        return Installed.NO if _is_locked(descriptor, 0) else Installed.UNTOLD
    except OSError:
        return Installed.UNTOLD
    finally:
        os.close(descriptor)


def _is_locked(descriptor: int, byte: int) -> bool:
    asked = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, byte, 1, 0)
    answer = fcntl.fcntl(descriptor, fcntl.F_OFD_GETLK, asked)
    return bool(struct.unpack(_FLOCK, answer)[0] != fcntl.F_UNLCK)


def _encode(applied: AppliedContent) -> bytes:
    return json.dumps(
        {
            "generation": applied.version.generation,
            "digest": applied.version.digest,
            "environment": applied.version.environment,
            "environment_at": applied.environment_at,
            "written_at": applied.written_at,
        }
    ).encode()


def _checked(name: str) -> str:
    path = PurePosixPath(name)
    bad = (
        not path.parts
        or path.is_absolute()
        or str(path) != name
        or any(part == ".." or part.startswith(_NEW) for part in path.parts)
        or "\0" in name
        or name in (VERSION, BEFORE, STORE)
    )
    if bad:
        raise Permanent(f"content: {name!r} is no path inside a cabin's content folder")
    return name


def _checked_role(role: str) -> str:
    if role == AGENT or not SERVICE.fullmatch(role):
        raise Permanent(f"content: {role!r} is no service's role")
    return role


def _write(path: Path, data: bytes) -> None:
    new = path.parent / f"{_NEW}{path.name}"
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o444)
    with os.fdopen(descriptor, "wb") as file:
        # Our own umask must not hide a file from the cabin, whose uid is another one.
        os.fchmod(descriptor, 0o444)
        file.write(data)
    new.rename(path)


def _holds(path: Path, data: bytes) -> bool:
    try:
        return not path.is_symlink() and path.read_bytes() == data
    except OSError:
        return False


def _make_room(folder: Path, name: str) -> None:
    """A folder where a file was, or a file where a folder was."""
    path = folder / name
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    for parent in reversed(path.relative_to(folder).parents):
        above = folder / parent
        if above.exists() and not above.is_dir():
            above.unlink()
        above.mkdir(exist_ok=True)
        above.chmod(0o755)


def _remove_others(folder: Path, names: set[str]) -> None:
    for here, folders, files in os.walk(folder, topdown=False):
        for file in files:
            path = Path(here) / file
            name = str(path.relative_to(folder))
            if name not in names and name != VERSION:
                path.unlink()
        for below in folders:
            path = Path(here) / below
            if not any(path.iterdir()):
                path.rmdir()


@contextmanager
def _storing(what: str) -> Iterator[None]:
    """Failures of the file system, as ours."""
    try:
        yield
    except OSError as error:
        raise _failure(what, error) from error


def _failure(what: str, error: OSError) -> EngineError:
    if error.errno == errno.ENOSPC:
        return Retryable(f"{what}: the content store is full; give its volume more room", after=30)
    if isinstance(error, FileNotFoundError):
        return Retryable(f"{what}: the content store is not mounted", after=2)
    return Retryable(f"{what}: {error.strerror}", after=5)
