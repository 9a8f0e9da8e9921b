"""Parameters of an address: each once, and a flag is set by being there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.builders import sample_document
from tests.integration.api_lab import api


@pytest.mark.parametrize("query", ["data=keep&data=erase", "data=erase&data=keep"])
async def test_a_disk_is_not_erased_by_a_call_that_says_both(tmp_path: Path, query: str) -> None:
    """None of the two is taken, and the tenant stays."""
    async with api(tmp_path) as it:
        await it.sample()
        await it.created()
        told = await it.refused(422, "DELETE", f"/tenants/acme?{query}")
        assert [entry["pointer"] for entry in told["errors"]] == ["/data"]
        assert (await it.ok("GET", "/tenants/acme"))["status"]["phase"] == "provisioning"


async def test_every_parameter_that_stands_twice_is_told(tmp_path: Path) -> None:
    """Also those of other calls."""
    async with api(tmp_path) as it:
        told = await it.refused(422, "GET", "/tenants?limit=1&phase=ready&limit=2&phase=failed")
        assert [entry["pointer"] for entry in told["errors"]] == ["/limit", "/phase"]
        # What no call knows is nobody's mistake.
        await it.ok("GET", "/health?check=1&check=2")


async def test_a_list_is_sent_by_repeating_its_parameter(tmp_path: Path) -> None:
    """As a preview for some tenants is."""
    async with api(tmp_path) as it:
        await it.sample()
        where = "/blueprints/support-agent/plan?tenants=acme&tenants=globex"
        await it.ok("POST", where, json=sample_document())
        assert it.stand_in.previews[-1][2] == ["acme", "globex"]


async def test_a_bare_flag_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`logs?follow` asks the steward to follow, as `follow=true` does."""
    async with api(tmp_path) as it:
        await it.sample()
        await it.created()
        follows: list[bool] = []
        lines = it.stand_in.logs

        async def logs(
            tenant: str, tail: int, follow: bool, role: str = "agent"
        ) -> AsyncIterator[str]:
            follows.append(follow)
            return await lines(tenant, tail, False, role)

        monkeypatch.setattr(it.stand_in, "logs", logs)
        for query in ("follow", "follow=", "follow&tail=1", "follow=true", "follow=false", ""):
            answer = await it.call("GET", f"/tenants/acme/logs?{query}")
            assert answer.status_code == 200, answer.text
        assert follows == [True, True, True, True, False, False]
        await it.refused(422, "GET", "/tenants/acme/logs?follow=maybe")
