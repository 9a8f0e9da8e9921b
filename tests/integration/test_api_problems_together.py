"""Every problem of a call at once, at the place that it was sent at: whatever kind it is of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.integration.api_lab import ApiLab, api


async def _pointers(it: ApiLab, method: str, path: str, body: Any) -> set[str]:
    told = await it.refused(422, method, path, json=body)
    found = [entry["pointer"] for entry in told["errors"]]
    assert len(found) == len(set(found)), found
    return set(found)


async def test_a_change_tells_shape_and_meaning_together(tmp_path: Path) -> None:
    """A field of a wrong type hides nothing of the others, and nothing is half done."""
    async with api(tmp_path) as it:
        await it.sample()
        await it.created()
        body = {"name": 5, "zz": 1, "values": {"model": 5, "no": 1}, "limits": {"cpu": -1}}
        assert await _pointers(it, "PATCH", "/tenants/acme", body) == {
            "/name", "/zz", "/values/model", "/values/no", "/limits/cpu",
        }  # fmt: skip
        assert (await it.ok("GET", "/tenants/acme"))["generation"] == 1


async def test_an_unknown_blueprint_hides_nothing_that_is_wrong_under_any(tmp_path: Path) -> None:
    """Of a change and of a create: name, limits, variables and secrets."""
    async with api(tmp_path) as it:
        await it.sample()
        await it.created()
        body = {
            "blueprint": "nope", "name": "", "limits": {"cpu": -1}, "variables": {"PATH": "x"},
        }  # fmt: skip
        wrong = {"/blueprint", "/name", "/limits/cpu", "/variables/PATH"}
        assert await _pointers(it, "PATCH", "/tenants/acme", body) == wrong
        new = {**body, "slug": "globex", "secrets": {"LD_PRELOAD": "x"}}
        assert await _pointers(it, "POST", "/tenants", new) == {*wrong, "/secrets/LD_PRELOAD"}


async def test_a_secret_tells_its_name_and_its_value_together(tmp_path: Path) -> None:
    """Whether the value is of a wrong type or empty."""
    async with api(tmp_path) as it:
        await it.sample()
        await it.created()
        for value in (5, ""):
            body = {"value": value}
            found = await _pointers(it, "PUT", "/tenants/acme/secrets/LD_PRELOAD", body)
            assert found == {"/value", "/secrets/LD_PRELOAD"}


@pytest.mark.parametrize("canary", [1.5, True, [], {}])
async def test_a_share_of_a_wrong_type_is_told_at_its_place(tmp_path: Path, canary: Any) -> None:
    """Once, and not at the names of the types that it might have."""
    async with api(tmp_path) as it:
        await it.sample()
        where = "/blueprints/support-agent/deploy"
        told = await it.refused(422, "POST", where, json={"canary": canary})
        (entry,) = told["errors"]
        assert (entry["pointer"], entry["code"]) == ("/canary", "wrong_type")


async def test_no_problem_names_a_class_of_ours(tmp_path: Path) -> None:
    """As of a price that is no object."""
    async with api(tmp_path) as it:
        body = {"kind": "openai", "base_url": "https://x.example/v1", "prices": {"m": 5}}
        told = await it.refused(422, "PUT", "/providers/p", json=body)
        (entry,) = told["errors"]
        assert (entry["pointer"], entry["detail"]) == ("/prices/m", "m should be an object.")


async def test_a_tenants_key_learns_no_blueprints_name(tmp_path: Path) -> None:
    """Asked for one that is not there, it is refused like for one that is."""
    async with api(tmp_path) as it:
        await it.sample()
        await it.created()
        key = await it.token("acme")
        for name in ("nope", "support-agent"):
            body = {"blueprint": name}
            told = await it.refused(403, "PATCH", "/tenants/acme", json=body, key=key)
            assert "Known" not in str(told)
