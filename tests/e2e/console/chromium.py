"""Debian's Chromium with a profile of its own that trusts one CA, as a person's does who followed
docs/howto/trust-the-ca.md: nothing here ignores a certificate."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Playwright

from tests.e2e.test_browser import FLAGS, started_by


@contextmanager
def chromium(
    playwright: Playwright, ca: Path, profile: Path, inside: Sequence[str] = ()
) -> Iterator[Browser]:
    """inside: words that start a program where the browser shall be, none for here."""
    _trust(ca, profile)
    started = playwright.chromium.launch(
        executable_path=started_by(inside, profile), args=FLAGS,
        env={**os.environ, "HOME": str(profile)},
    )  # fmt: skip
    yield started
    started.close()


def _trust(ca: Path, profile: Path) -> None:
    """Chromium on Linux reads the certificates of whoever runs it from there."""
    assert shutil.which("certutil"), (
        "This test needs certutil: apt-get install libnss3-tools, or run scripts/test."
    )
    store = profile / ".pki" / "nssdb"
    store.mkdir(parents=True)
    for words in (("-N", "--empty-password"), ("-A", "-t", "C,,", "-n", "ca", "-i", str(ca))):
        subprocess.run(("certutil", "-d", f"sql:{store}", *words), check=True, capture_output=True)
