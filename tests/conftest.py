"""What every tier shares. In CI Hypothesis draws the same examples each time, so that a run says
something about the change and not about luck; on a developer's machine it goes on searching."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("search", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "search")
