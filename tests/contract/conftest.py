"""What contract tests share: real installations on the real Docker. No Docker: they fail."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from aiodocker import Docker

from tests.contract import engine_lab


@pytest.fixture(scope="package")
def two_labs(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[engine_lab.Lab, engine_lab.Lab]]:
    """Two installations that share one Docker, gone before the next tier begins."""
    folder: Path = tmp_path_factory.mktemp("labs")
    with (
        engine_lab.lab("e0", "10.214.0.0/17", 18071, folder) as one,
        engine_lab.lab("e1", "10.214.128.0/17", 18072, folder) as other,
    ):
        yield one, other


@pytest.fixture
async def client() -> AsyncIterator[Docker]:
    async with Docker() as docker:
        yield docker
