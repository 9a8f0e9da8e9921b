"""The console as the package serves it, built out of a checkout's console/ where that has changed.

It is built from a copy of the sources beside our own Python, so that nobody's node_modules and no
running development server is touched, and put into the package whole. What it was built from is
noted in it. A package from a wheel brings it built, and has no sources.

    python -m stateroom.runtimes.console       builds it, if need be
"""

from __future__ import annotations

import fcntl
import gzip
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import stateroom
from stateroom.errors import StateroomError
from stateroom.runtimes import image_host, node
from stateroom.runtimes.image_inputs import REPOSITORY, ImageError, digest, pinned
from stateroom.runtimes.image_stages import Say

_NOT_BUILT_FROM = frozenset({"node_modules", "tests", "dist", "README.md"})
_MADE_FROM = ".made-from"
_PACKED = (".html", ".js", ".css", ".svg", ".json", ".txt")
_WORTH_PACKING = 1024
"""Bytes; a smaller file fits into a packet as it is."""
_STEP_SECONDS = 900.0
_TAIL_LINES = 15


@dataclass(frozen=True, slots=True)
class Places:
    """sources: a checkout's console/. built: where the package serves it from. work: where it is
    built; what npm brought there is used again."""

    sources: Path
    built: Path
    work: Path


def places() -> Places:
    return Places(
        REPOSITORY / "console",
        Path(stateroom.__file__).parent / "console",
        Path(sys.prefix) / "share" / "stateroom" / "console",
    )


def ensure_built(where: Places, environ: Mapping[str, str], say: Say) -> None:
    """The package holds the console of these sources afterwards. Raises ImageError with what to
    do; what was there is then still there."""
    if not (where.sources / "package.json").is_file() or is_current(where):
        return
    try:
        with _alone(where.work, say):
            # Somebody else may have built it while we waited.
            if not is_current(where):
                _build(where, environ, say)
    except OSError as error:
        raise ImageError(
            f"The console cannot be built: {error.strerror or error} ({error.filename}). Run this"
            " as the user whom the checkout and its .venv belong to."
        ) from error


def is_current(where: Places) -> bool:
    try:
        return (where.built / _MADE_FROM).read_text() == _digest(_sources(where.sources))
    except FileNotFoundError:
        return False


def _sources(folder: Path) -> dict[str, bytes]:
    """What the build reads, by name, read once: somebody may be writing there."""
    found = {}
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if not _NOT_BUILT_FROM.intersection(parts) and path.is_file():
            found["/".join(parts)] = path.read_bytes()
    return found


def _digest(sources: Mapping[str, bytes]) -> str:
    return digest(*(part for name, data in sources.items() for part in (name, data)))


def _build(where: Places, environ: Mapping[str, str], say: Say) -> None:
    say("console …")
    began = time.monotonic()
    sources = _sources(where.sources)
    _copy(sources, where.work)
    with tempfile.TemporaryDirectory(prefix="stateroom-") as scratch:
        given = _environment(environ, Path(scratch))
        _install(where.work, sources["package-lock.json"], given)
        made = Path(scratch) / "console"
        # Types are what scripts/check is for: an operator's machine only needs the files.
        _run(["npm", "exec", "--no", "--", "vite", "build", f"--outDir={made}"], where.work, given)
        _pack(made)
        (made / _MADE_FROM).write_text(_digest(sources))
        _put(made, where.built)
    say(f"console: {time.monotonic() - began:.1f} s")


def _copy(sources: Mapping[str, bytes], work: Path) -> None:
    """What is no source any more goes, what npm brought stays."""
    for path in work.iterdir():
        if path.name not in ("node_modules", _MADE_FROM):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for name, data in sources.items():
        path = work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _install(work: Path, lock: bytes, environ: Mapping[str, str]) -> None:
    """Packages as the lock file pins them; none of them runs anything of its own meanwhile."""
    stamp, wanted = work / _MADE_FROM, digest(lock, pinned(node.PACKAGE))
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    stamp.unlink(missing_ok=True)
    _run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], work, environ)
    stamp.write_text(wanted)


def _environment(environ: Mapping[str, str], scratch: Path) -> dict[str, str]:
    """The host's own, with Node in reach and the authorities that the host trusts."""
    given = {**environ, "npm_config_update_notifier": "false"}
    found = node.programs(environ, Path(sys.prefix) / "share" / "stateroom")
    if found:
        given["PATH"] = f"{found}{os.pathsep}{environ.get('PATH', os.defpath)}"
    authorities = image_host.authorities(environ, image_host.npm(environ))
    if authorities and not environ.get("NODE_EXTRA_CA_CERTS"):
        bundle = scratch / "ca.pem"
        bundle.write_bytes(authorities)
        given["NODE_EXTRA_CA_CERTS"] = str(bundle)
    return given


def _run(command: Sequence[str], folder: Path, environ: Mapping[str, str]) -> None:
    program = shutil.which(command[0], path=environ.get("PATH")) or command[0]
    try:
        done = subprocess.run(
            [program, *command[1:]], cwd=folder, env=dict(environ), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=_STEP_SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise _failed(command, f"no end after {_STEP_SECONDS:.0f} s", b"") from None
    if done.returncode:
        raise _failed(command, f"exit code {done.returncode}", done.stdout)


def _failed(command: Sequence[str], reason: str, said: bytes) -> ImageError:
    tail = said.decode(errors="replace").strip().splitlines()[-_TAIL_LINES:]
    return ImageError(
        "\n".join(
            (
                f"The console cannot be built: `{' '.join(command[:2])}`: {reason}",
                *(f"  | {line}" for line in tail),
                _ADVICE,
            )
        )
    )


_ADVICE = (
    "npm uses this shell's HTTPS_PROXY and NO_PROXY, its certificates (SSL_CERT_FILE, "
    "NODE_EXTRA_CA_CERTS) and the registry that it is set to on this host. Running the same "
    "command again goes on from here."
)


def _pack(folder: Path) -> None:
    """The gzip form beside each file, so that no request waits for it to be made."""
    for path in sorted(folder.rglob("*")):
        if path.suffix in _PACKED and path.stat().st_size >= _WORTH_PACKING:
            packed = gzip.compress(path.read_bytes(), 9, mtime=0)
            path.with_name(path.name + ".gz").write_bytes(packed)


def _put(made: Path, built: Path) -> None:
    """Beside it first, so that a full disk leaves what was there."""
    new, old = built.with_name(".console-new"), built.with_name(".console-old")
    for left in (new, old):
        shutil.rmtree(left, ignore_errors=True)
    shutil.copytree(made, new)
    if built.exists():
        built.rename(old)
    new.rename(built)
    shutil.rmtree(old, ignore_errors=True)


@contextmanager
def _alone(work: Path, say: Say) -> Iterator[None]:
    work.mkdir(parents=True, exist_ok=True)
    with work.with_name("console.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("console: another process is building it; waiting …")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main() -> None:
    def say(line: str) -> None:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    try:
        ensure_built(places(), os.environ, say)
    except StateroomError as error:
        sys.exit(error.message)


if __name__ == "__main__":
    main()
