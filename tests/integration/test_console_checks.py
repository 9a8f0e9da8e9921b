"""The console's own checks and tests, run as part of ours: one summary line says all of it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CONSOLE = Path(__file__).parents[2] / "console"
SCRIPTS = json.loads((CONSOLE / "package.json").read_text())["scripts"]
CHECKS = [step.removeprefix("npm run ") for step in SCRIPTS["check"].split(" && ")]
"""What `npm run check` runs, one by one, so that another worker may take the next."""


def npm(*words: str, folder: Path = CONSOLE) -> str:
    assert (CONSOLE / "node_modules").is_dir(), (
        "The console's packages are not there: run scripts/test, or npm ci in console/."
    )
    done = subprocess.run(
        [sys.executable, "-m", "stateroom.runtimes.node", "npm", "run", "--silent", *words],
        cwd=folder, capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    return done.stdout


@pytest.mark.parametrize("check", CHECKS)
def test_types_style_and_tests_of_the_console(check: str) -> None:
    """Every file of it is of strict types and one style, its client is what the OpenAPI document
    says, and each of its own tests passes."""
    said = npm(check)
    assert check != "test" or "passed" in said


def test_a_client_that_is_not_what_the_document_says_is_noticed(tmp_path: Path) -> None:
    """A field that the document has and the generated client has not fails with what to run."""
    console, document = tmp_path / "console", tmp_path / "src/stateroom/api/openapi.json"
    for made in (console / "src/api", document.parent):
        made.mkdir(parents=True)
    (console / "node_modules").symlink_to(CONSOLE / "node_modules")
    shutil.copy(CONSOLE / "package.json", console)
    shutil.copy(CONSOLE / "src/api/schema.ts", console / "src/api")
    said = (CONSOLE.parent / "src/stateroom/api/openapi.json").read_text()
    document.write_text(said)
    npm("drift", folder=console)
    document.write_text(said.replace('"own_limits"', '"its_limits"'))
    with pytest.raises(AssertionError, match="npm run schema"):
        npm("drift", folder=console)


def test_what_a_browser_has_to_fetch_is_bounded(tmp_path: Path) -> None:
    """All of the JavaScript stays under 400 KiB, packed; and with as much again it would not."""
    npm("bundle", "--", "--outDir", str(tmp_path), "--emptyOutDir")
    npm("size", "--", str(tmp_path))
    (tmp_path / "assets" / "more.js").write_bytes(os.urandom(400 * 1024))
    with pytest.raises(AssertionError, match="too large"):
        npm("size", "--", str(tmp_path))
