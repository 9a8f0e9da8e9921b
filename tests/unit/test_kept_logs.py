"""Logs of containers that are gone: what a tenant writes cannot be read as anything else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stateroom.engines.docker_logs import KeptLogs

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=30)


@given(texts=st.lists(TEXT, min_size=1, max_size=5))
def test_a_line_stays_one_line(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    """Whatever ends a line elsewhere (CR, form feed, U+2028) ends none here: what came behind it
    would stand where Docker's time does."""
    kept = KeptLogs(tmp_path_factory.mktemp("logs"))
    lines = [f"2026-01-01T00:00:00.{number}Z {text}" for number, text in enumerate(texts)]
    kept.keep("1a2b3c4d", "agent", 1, "c" * 64, lines)
    assert list(kept.read("1a2b3c4d", "agent", set())) == lines
