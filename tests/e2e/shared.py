"""The shared installation as a fixture. Test modules of other tiers import it too, so what it
yields is kept here: pytest would raise one for each place that names the fixture."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from tests.e2e.installation import Stateroom
from tests.e2e.raising import raised

_kept: list[Stateroom] = []


@pytest.fixture(scope="session")
def stateroom(request: pytest.FixtureRequest) -> Stateroom:
    """Runs until the end of the whole session, whichever tier asked for it first."""
    if not _kept:
        stack = ExitStack()
        request.config.add_cleanup(stack.close)
        _kept.append(stack.enter_context(raised()))
    return _kept[0]
