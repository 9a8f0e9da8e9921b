"""What every tier shares. In CI Hypothesis draws the same examples each time, so that a run says
something about the change and not about luck; on a developer's machine it goes on searching."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

TESTS = Path(__file__).parent
ALONE = ("unit", "integration")
"""Tiers whose files have nothing to do with each other."""

settings.register_profile("search", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "search")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What `--dist loadgroup` may give to different workers: files of the cheap tiers. All that
    needs an engine is one group, done by one worker in the order of the tiers: it shares an
    installation, and an OpenClaw that boots takes the whole machine."""
    for item in items:
        tier, *_ = item.path.relative_to(TESTS).parts
        group = str(item.path) if tier in ALONE else "engine"
        item.add_marker(pytest.mark.xdist_group(group))
