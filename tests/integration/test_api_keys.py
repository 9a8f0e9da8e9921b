"""Who may do what: the operator, a tenant's own key, nobody."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.integration.api_lab import ADMIN, api, problem_of

EVERYTHING = (
    ("GET", "/tenants"), ("POST", "/tenants"), ("GET", "/tenants/acme"),
    ("PATCH", "/tenants/acme"), ("DELETE", "/tenants/acme"), ("POST", "/tenants/acme/restart"),
    ("POST", "/tenants/acme/sleep"), ("GET", "/tenants/acme/access"),
    ("POST", "/tenants/acme/access/rotate"), ("GET", "/tenants/acme/secrets"),
    ("PUT", "/tenants/acme/secrets/K"), ("DELETE", "/tenants/acme/secrets/K"),
    ("GET", "/tenants/acme/logs"), ("GET", "/tenants/acme/events"), ("GET", "/events"),
    ("GET", "/tenants/acme/usage"), ("POST", "/blueprints/check"), ("GET", "/blueprints"),
    ("GET", "/blueprints/x"), ("PUT", "/blueprints/x"), ("GET", "/blueprints/x/revisions"),
    ("GET", "/blueprints/x/revisions/1"), ("GET", "/blueprints/x/diff"),
    ("GET", "/blueprints/x/schema"), ("POST", "/blueprints/x/plan"),
    ("POST", "/blueprints/x/deploy"), ("GET", "/deployments/d"), ("GET", "/volumes"),
    ("DELETE", "/volumes/v"), ("GET", "/plan"), ("GET", "/status"), ("GET", "/metrics"),
    ("GET", "/providers"), ("GET", "/providers/x"), ("PUT", "/providers/x"),
    ("DELETE", "/providers/x"), ("GET", "/openapi.json"),
    ("POST", "/session-links"), ("GET", "/session"), ("DELETE", "/session"), ("GET", "/templates"),
    ("POST", "/tenants/bulk"), ("GET", "/webhook"), ("PUT", "/webhook"), ("DELETE", "/webhook"),
    ("POST", "/webhook/test"),
)  # fmt: skip

TENANTS_OWN = {
    ("GET", "/tenants/acme"), ("PATCH", "/tenants/acme"), ("GET", "/tenants/acme/events"),
    ("GET", "/tenants/acme/usage"), ("GET", "/openapi.json"),
}  # fmt: skip


async def test_without_a_valid_key_everything_is_401(tmp_path: Path) -> None:
    """Every call, what does not exist, and the prefix itself: nothing is learnt without a key."""
    async with api(tmp_path) as it:
        await it.sample()
        await it.created()
        for method, path in (*EVERYTHING, ("GET", "/nothing"), ("GET", ""), ("TRACE", "/tenants")):
            for key in (None, "wrong", ADMIN[:-1], ADMIN.upper(), "sr_wrong", "\x00", "ä"):
                headers = {} if key is None else {"Authorization": f"Bearer {key}".encode()}
                answer = await it.call(method, path, key=None, headers=headers)
                problem_of(answer, 401)
                assert answer.headers["www-authenticate"].startswith("Bearer")
        assert (await it.call("GET", "/health", key=None)).json() == {"ok": True}


@pytest.mark.parametrize(
    "value",
    ["", "Bearer", "Bearer ", ADMIN, f"Basic {ADMIN}", f"Bearer {ADMIN} x", f"Bearer, {ADMIN}"],
)
async def test_an_odd_header_is_no_key(tmp_path: Path, value: str) -> None:
    """Only `Bearer KEY` counts; two headers count as none."""
    async with api(tmp_path) as it:
        headers = {"Authorization": value}
        problem_of(await it.call("GET", "/status", key=None, headers=headers), 401)
        both = [("Authorization", f"Bearer {ADMIN}"), ("Authorization", "Bearer x")]
        answer = await it.http.get("/api/v1/status", headers=both)
        problem_of(answer, 401)


async def test_a_tenants_key_reaches_its_own_and_nothing_else(tmp_path: Path) -> None:
    """Every call with it: its own few work, the operator's are forbidden, another tenant's are
    not there, exactly as if that tenant did not exist."""
    async with api(tmp_path) as it:
        await it.sample()
        await it.created()
        await it.created("globex")
        key = await it.token("acme")
        for method, path in EVERYTHING:
            body = {"json": {}} if method in ("PATCH", "PUT", "POST") else {}
            answer = await it.call(method, path, key=key, **body)
            if (method, path) in TENANTS_OWN:
                assert answer.is_success, (method, path, answer.text)
            else:
                problem_of(answer, 403)
            if "acme" in path:
                others = await it.call(method, path.replace("acme", "globex"), key=key, **body)
                nobodys = await it.call(method, path.replace("acme", "nobody"), key=key, **body)
                problem_of(others, 404)
                assert others.content == nobodys.content


async def test_a_tenants_key_changes_only_its_own_values(tmp_path: Path) -> None:
    """The model is the tenant's to set; budget, limits and name are not."""
    async with api(tmp_path) as it:
        await it.sample()
        await it.created()
        key = await it.token("acme")
        changed = await it.ok("PATCH", "/tenants/acme", key=key, json={"values": {"model": "m"}})
        assert changed["own_values"] == {"model": "m"}
        for patch in (
            {"values": {"budget": 10_000}},
            {"values": {"model": "n", "budget": 1}},
            {"limits": {"memory_mb": 65_536}},
            {"name": "x"},
            {"suspended": False},
            {"blueprint": "support-agent"},
        ):
            await it.refused(403, "PATCH", "/tenants/acme", key=key, json=patch)
        assert (await it.ok("GET", "/tenants/acme"))["own_values"] == {"model": "m"}


async def test_a_tenant_does_not_see_the_audit_log(tmp_path: Path) -> None:
    """Its events are its own life, not who looked at its credentials."""
    async with api(tmp_path) as it:
        await it.sample()
        await it.created()
        key = await it.token("acme")
        mine = await it.ok("GET", "/tenants/acme/events", key=key)
        assert {entry["kind"] for entry in mine["items"]} == {"tenant"}
        all_ = await it.ok("GET", "/tenants/acme/events")
        assert {entry["kind"] for entry in all_["items"]} == {"tenant", "audit"}


async def test_the_key_of_a_deleted_tenant_opens_nothing(tmp_path: Path) -> None:
    """Not while it goes, not afterwards, and not at the next tenant of its slug."""
    async with api(tmp_path) as it:
        await it.sample()
        await it.created()
        key = await it.token("acme")
        await it.ok("DELETE", "/tenants/acme?data=erase")
        await it.refused(401, "GET", "/tenants/acme", key=key)
        await it.gone("acme")
        await it.created()
        await it.refused(401, "GET", "/tenants/acme", key=key)


async def test_a_new_admin_key_is_in_force_at_once(tmp_path: Path) -> None:
    """The hash is read from its file; with no file nobody is the operator."""
    async with api(tmp_path) as it:
        file = tmp_path / "admin.sha256"
        file.write_text(hashlib.sha256(b"new").hexdigest())
        await it.refused(401, "GET", "/status")
        await it.ok("GET", "/status", key="new")
        file.unlink()
        await it.refused(401, "GET", "/status", key="new")
        file.write_text("")
        await it.refused(401, "GET", "/status", key="")


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8070", 200),
        ("localhost", 200),
        ("[::1]:8070", 200),
        ("console.localhost:8443", 200),
        ("CONSOLE.localhost.", 200),
        ("evil.example", 404),
        ("127.0.0.1.evil.example", 404),
        ("acme.t.localhost:8443", 404),
        ("t.localhost", 404),
        ("console.localhost.evil.example", 404),
        ("", 404),
    ],
)
async def test_only_our_own_names_are_answered(tmp_path: Path, host: str, status: int) -> None:
    """A name that an attacker binds to loopback gets nothing, not even with a key."""
    async with api(tmp_path) as it:
        answer = await it.call("GET", "/status", headers={"Host": host})
        assert answer.status_code == status
        if status == 404:
            problem_of(answer, 404)


async def test_answers_are_not_kept_by_anybody(tmp_path: Path) -> None:
    """Every answer says so, errors too."""
    async with api(tmp_path) as it:
        for path, key in (("/status", ADMIN), ("/status", None), ("/nothing", ADMIN)):
            answer = await it.call("GET", path, key=key)
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["x-content-type-options"] == "nosniff"
