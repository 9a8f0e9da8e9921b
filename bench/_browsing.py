"""Debian's Chromium in front of the running installation, as the stories of the console have it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from bench._installation import Running
from tests.e2e.console.chromium import chromium
from tests.e2e.installation import Stateroom


@contextmanager
def browsing(running: Running) -> Iterator[tuple[Stateroom, Browser]]:
    settings = running.settings
    ports = (settings.https_port, settings.http_port, settings.api_port, settings.broker_port)
    installation = Stateroom(settings.home, ports, os.environ.get("STATEROOM_SUBNETS", ""))
    with (
        tempfile.TemporaryDirectory() as profile,
        sync_playwright() as playwright,
        chromium(playwright, settings.home / "ca.pem", Path(profile)) as browser,
    ):
        yield installation, browser
