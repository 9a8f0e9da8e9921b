"""A tenant's reserved path: how a one-time link becomes a signed-in browser."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

from tests.integration.api_lab import ApiLab, api

TENANT_HOST = "acme.t.localhost:8443"


async def _get(
    it: ApiLab, path: str, tenant: str, method: str = "GET", **more: str
) -> httpx.Response:
    headers = {"Host": TENANT_HOST, "X-Stateroom-Tenant": tenant} | more
    return await it.http.request(method, path, headers=headers)


async def _link(it: ApiLab) -> tuple[str, str]:
    """(tenant's id, path of its link)."""
    await it.sample()
    made = await it.created()
    link = (await it.ok("GET", "/tenants/acme/access"))["open_url"]
    return made["id"], link.removeprefix("https://acme.t.localhost:8443")


async def test_a_link_signs_in_once(tmp_path: Path) -> None:
    """The first gets the cookie and goes to the front page; the second hears what to do."""
    async with api(tmp_path) as it:
        tenant, path = await _link(it)
        answer = await _get(it, path, tenant)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert answer.headers["set-cookie"] == (
            f"__Host-stateroom=jwt-of-{tenant}; Path=/; Secure; HttpOnly; SameSite=Lax;"
            " Max-Age=43200"
        )
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        again = await _get(it, path, tenant)
        assert again.status_code == 403
        assert "set-cookie" not in again.headers
        assert "stateroom tenants open" in again.text


async def test_a_look_ahead_does_not_use_the_link_up(tmp_path: Path) -> None:
    """HEAD, POST and a browser's prefetch are refused; the link is good afterwards."""
    async with api(tmp_path) as it:
        tenant, path = await _link(it)
        for method, more in (
            ("HEAD", {}),
            ("POST", {}),
            ("GET", {"Sec-Purpose": "prefetch;prerender"}),
        ):
            answer = await _get(it, path, tenant, method, **more)
            assert answer.status_code == 405
            assert "set-cookie" not in answer.headers
            if method == "POST":
                assert answer.json()["status"] == 405
        assert (await _get(it, path, tenant)).status_code == 303


async def test_a_link_of_another_tenant_does_not_sign_in(tmp_path: Path) -> None:
    """Nor one without ticket, or an invented one; nothing that was sent is on the page."""
    async with api(tmp_path) as it:
        _, path = await _link(it)
        other = (await it.created("globex"))["id"]
        for wrong in (path, "/.stateroom/enter", "/.stateroom/enter?ticket=<script>alert(1)"):
            answer = await _get(it, wrong, other)
            assert answer.status_code == 403
            assert "set-cookie" not in answer.headers
            assert "alert" not in answer.text


async def test_with_the_steward_away_the_link_stays_good(tmp_path: Path) -> None:
    """503 with Retry-After, then it works."""
    async with api(tmp_path) as it:
        tenant, path = await _link(it)
        it.stand_in.away = True
        answer = await _get(it, path, tenant)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
        it.stand_in.away = False
        assert (await _get(it, path, tenant)).status_code == 303


async def test_leaving_clears_the_cookie(tmp_path: Path) -> None:
    """With the same attributes, else a browser would keep it."""
    async with api(tmp_path) as it:
        answer = await _get(it, "/.stateroom/leave", "t1")
        assert answer.headers["set-cookie"] == (
            "__Host-stateroom=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"
        )


@pytest.mark.parametrize(
    ("host", "path", "tenant"),
    [
        (TENANT_HOST, "/", "t1"),
        (TENANT_HOST, "/api/v1/health", "t1"),
        (TENANT_HOST, "/.stateroom/other", "t1"),
        (TENANT_HOST, "/.stateroom", "t1"),
        (TENANT_HOST, "/sign-in", "t1"),
        (TENANT_HOST, "/.stateroom/enter", ""),
        ("console.localhost:8443", "/.stateroom/enter?ticket=x", "t1"),
        ("127.0.0.1:8070", "/.stateroom/leave", "t1"),
        ("evil.example", "/.stateroom/enter?ticket=x", "t1"),
    ],
)
async def test_each_host_has_its_own_paths_only(
    tmp_path: Path, host: str, path: str, tenant: str
) -> None:
    """A tenant's host serves the reserved path when the edge names the tenant; nothing else
    does, and it serves nothing else."""
    async with api(tmp_path) as it:
        headers = {"Host": host} | ({"X-Stateroom-Tenant": tenant} if tenant else {})
        assert (await it.http.get(path, headers=headers)).status_code == 404


async def test_a_tenants_visitor_is_told_how_to_get_in(tmp_path: Path) -> None:
    """The edge sends them here, to static text that says what to do, not to the operator's sign-in:
    no script, a policy that allows its one style alone."""
    async with api(tmp_path) as it:
        path = "/sign-in?return=https%3A%2F%2Facme.t.localhost%3A8443%2Fchat"
        answer = await it.http.get(path, headers={"Host": "console.localhost:8443"})
        assert answer.status_code == 200
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe-inline" not in policy
        assert not re.search(r"<script|javascript:|\son\w+=", answer.text)
        assert "`" not in answer.text
        assert "stateroom tenants" in answer.text
