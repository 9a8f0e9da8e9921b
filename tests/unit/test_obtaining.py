from __future__ import annotations

import pytest

from stateroom.runtimes.obtaining import how_to_obtain


@pytest.mark.parametrize(
    ("reference", "how"),
    [
        ("openclaw:2026.9.8", "`STATEROOM_OPENCLAW_VERSION=2026.9.8 stateroom up` obtains it"),
        ("stateroom/postgresql:15", "`stateroom images build postgresql` makes it there"),
        ("redis:7", "(`docker pull redis:7`)"),
    ],
)
def test_an_image_that_is_not_here_says_how_it_comes(reference: str, how: str) -> None:
    """Ours are built, any other one is put there."""
    assert how in how_to_obtain(reference)
