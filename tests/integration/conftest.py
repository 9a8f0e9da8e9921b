"""Both databases for whoever asks: `pytestmark = usefixtures("either_database")` runs a module's
tests on SQLite, then on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.store_lab import on
from tests.postgresql import Cluster, cluster


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Cluster]:
    """One server for all tests of a run; whoever restarts it makes one of its own."""
    with cluster() as made:
        yield made


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def either_database(request: pytest.FixtureRequest) -> Iterator[None]:
    """Module-wide, so that one server's tests stand together, and Hypothesis may use it."""
    server = request.getfixturevalue("postgresql") if request.param == "postgresql" else None
    with on(server):
        yield
