"""/tenants: the life of a tenant as a caller sees it."""

from __future__ import annotations

import asyncio
import hashlib
import json
from pathlib import Path
from typing import Any

from sqlalchemy import update

from stateroom.store import tables as t
from stateroom.store.changes import touch
from tests.builders import drawn
from tests.integration.api_lab import ADMIN, ApiLab, api, problem_of

CONTRACT = {
    "id", "slug", "name", "blueprint", "revision", "target_revision", "values", "url", "limits",
    "generation", "status", "created_at",
}  # fmt: skip


async def test_a_tenant_is_created_shown_listed_and_signalled(tmp_path: Path) -> None:
    """202 with Location and the contract's shape; the same by GET and in the list."""
    async with api(tmp_path) as it:
        await it.sample()
        signals = it.stand_in.signals
        body = {"slug": "acme", "blueprint": "support-agent", "name": "Acme", "secrets": {"K": "v"}}
        answer = await it.call("POST", "/tenants", json=body)
        assert answer.status_code == 202
        made = answer.json()
        assert answer.headers["location"] == "/api/v1/tenants/acme"
        assert answer.headers["etag"] == '"1"'
        assert set(made) >= CONTRACT
        assert made["url"] == "https://acme.t.localhost:8443/"
        assert made["status"]["phase"] == "provisioning"
        assert made["status"]["isolation"] == {"passed": 0, "total": 0, "at": None}
        assert made["values"]["model"] == "demo-1"
        assert made["own_values"] == {}
        assert made["limits"]["memory_mb"] == 2048
        assert made["created_at"].endswith("Z")
        assert "secret" not in answer.text
        assert it.stand_in.signals > signals
        assert await it.ok("GET", "/tenants/acme") == made
        ends = {"next": None, "previous": None, "total": 1}
        assert (await it.ok("GET", "/tenants")) == {"items": [made], **ends}


async def test_ready_means_that_the_last_generation_is_applied(tmp_path: Path) -> None:
    """The kept status says ready; after a change it is shown as starting until it is applied."""
    async with api(tmp_path) as it:
        await it.sample()
        await it.created()
        await it.report("acme")
        assert (await it.ok("GET", "/tenants/acme"))["status"]["phase"] == "ready"
        changed = await it.ok("PATCH", "/tenants/acme", json={"values": {"model": "other"}})
        assert (changed["generation"], changed["status"]["phase"]) == (2, "starting")
        assert (await it.ok("GET", "/tenants?phase=ready"))["items"] == []
        await it.report("acme")
        found = (await it.ok("GET", "/tenants/acme"))["status"]
        assert (found["phase"], found["applied_generation"]) == ("ready", 2)


async def _waiting(it: ApiLab, phase: str, timeout: float = 30) -> asyncio.Task[Any]:
    url = f"/tenants/acme?wait={phase}&timeout={timeout}"
    task = asyncio.create_task(it.ok("GET", url))
    await asyncio.sleep(0.15)
    return task


async def test_wait_answers_when_the_change_is_applied(tmp_path: Path) -> None:
    """Three wait; a status of the old generation answers nobody, the one of the new all."""
    async with api(tmp_path) as it:
        await it.sample()
        await it.created()
        await it.ok("PATCH", "/tenants/acme", json={"name": "A"})
        tasks = [await _waiting(it, "ready") for _ in range(3)]
        await it.report("acme", applied_generation=1)
        await asyncio.sleep(0.3)
        assert not any(task.done() for task in tasks)
        await it.report("acme")
        for tenant in await asyncio.gather(*tasks):
            assert tenant["status"]["applied_generation"] == 2


async def test_wait_answers_after_its_time_with_what_is(tmp_path: Path) -> None:
    """Not an error: the tenant as it stands."""
    async with api(tmp_path) as it:
        await it.sample()
        await it.created()
        found = await it.ok("GET", "/tenants/acme?wait=ready&timeout=0.2")
        assert found["status"]["phase"] == "provisioning"


async def test_wait_does_not_wait_for_what_cannot_come(tmp_path: Path) -> None:
    """Failed, suspended or being deleted: answered at once. The failure of an older generation
    is not the answer to a change."""
    async with api(tmp_path) as it:
        await it.sample()
        await it.created()
        await it.report("acme", "failed", applied_generation=0)
        found = await (await _waiting(it, "ready"))
        assert found["status"]["phase"] == "failed"
        await it.ok("PATCH", "/tenants/acme", json={"name": "A"})
        repaired = await _waiting(it, "ready")
        assert not repaired.done()
        await it.report("acme")
        assert (await repaired)["status"]["phase"] == "ready"
        await it.ok("PATCH", "/tenants/acme", json={"suspended": True})
        assert (await (await _waiting(it, "ready")))["suspended"] is True
        await it.ok("DELETE", "/tenants/acme?data=erase")
        assert (await (await _waiting(it, "ready")))["status"]["phase"] == "deleting"


async def test_wait_does_not_wait_for_somebody(tmp_path: Path) -> None:
    """Blocked until somebody acts: answered at once, also where it serves by what it had before;
    what blocked an older generation is not the answer to a change."""
    async with api(tmp_path) as it:
        await it.sample()
        await it.created()
        for phase in ("provisioning", "degraded"):
            await it.report("acme", phase, applied_generation=0, reason="No key.", blocked=True)
            found = (await (await _waiting(it, "ready")))["status"]
            assert (found["phase"], found["blocked"], found["reason"]) == (phase, True, "No key.")
        await it.ok("PUT", "/tenants/acme/secrets/CRM_API_KEY", json={"value": "x"})
        assert (await it.ok("GET", "/tenants/acme"))["status"]["blocked"] is False
        repaired = await _waiting(it, "ready")
        assert not repaired.done()
        await it.report("acme")
        assert (await repaired)["status"]["phase"] == "ready"


async def test_asleep_counts_as_ready(tmp_path: Path) -> None:
    """A sleeping tenant answers as soon as it is asked."""
    async with api(tmp_path) as it:
        await it.sample()
        await it.created()
        await it.report("acme", "asleep")
        assert (await (await _waiting(it, "ready")))["status"]["phase"] == "asleep"


async def test_waiting_for_a_tenant_that_goes_is_answered(tmp_path: Path) -> None:
    """It is gone while somebody waits: 404, not a wait for ever."""
    async with api(tmp_path) as it:
        await it.sample()
        await it.created()
        task = asyncio.create_task(it.call("GET", "/tenants/acme?wait=ready&timeout=30"))
        await asyncio.sleep(0.15)
        await it.gone("acme")
        assert (await task).status_code in (200, 404)
        await it.refused(404, "GET", "/tenants/acme")


async def test_a_patch_is_a_merge_patch_with_if_match(tmp_path: Path) -> None:
    """null inherits, If-Match guards, unknown and wrong fields are told together."""
    async with api(tmp_path) as it:
        await it.sample()
        await it.created(values={"model": "m", "budget": 3}, limits={"cpu": 2})
        first = {"If-Match": '"1"'}
        patch = {"values": {"model": None}, "limits": {"cpu": None, "pids": 100}}
        changed = await it.ok("PATCH", "/tenants/acme", json=patch, headers=first)
        assert changed["values"]["model"] == "demo-1"
        assert changed["own_values"] == {"budget": 3}
        assert (changed["limits"]["cpu"], changed["limits"]["pids"]) == (1.0, 100)
        await it.refused(412, "PATCH", "/tenants/acme", json=patch, headers=first)
        await it.refused(412, "PATCH", "/tenants/acme", json=patch, headers={"If-Match": "x"})
        wrong = {"valeus": {}, "suspended": "yes", "values": None, "blueprint": 5}
        told = await it.refused(422, "PATCH", "/tenants/acme", json=wrong)
        found = {entry["pointer"]: entry for entry in told["errors"]}
        assert set(found) == {"/valeus", "/suspended", "/values", "/blueprint"}
        assert "values" in found["/valeus"]["hint"]


async def test_if_match_guards_every_change(tmp_path: Path) -> None:
    """Delete, restart, rotation and secrets too: who saw an older generation changes nothing."""
    async with api(tmp_path) as it:
        await it.sample()
        await it.created()
        token = await it.token("acme")
        await it.ok("PATCH", "/tenants/acme", json={"name": "Other"})
        for method, path, body in (
            ("DELETE", "/tenants/acme?data=erase", None),
            ("POST", "/tenants/acme/restart", {}),
            ("POST", "/tenants/acme/access/rotate", {}),
            ("PUT", "/tenants/acme/secrets/CRM_API_KEY", {"value": "x"}),
            ("DELETE", "/tenants/acme/secrets/CRM_API_KEY", None),
        ):
            await it.refused(412, method, path, json=body, headers={"If-Match": '"1"'})
        assert (await it.ok("GET", "/tenants/acme"))["generation"] == 2
        assert await it.token("acme") == token
        for again in ('"2"', '"2"'):
            path = "/tenants/acme?data=keep"
            answer = await it.call("DELETE", path, headers={"If-Match": again})
            assert answer.status_code == 202


async def test_if_match_takes_a_list_and_no_empty_one(tmp_path: Path) -> None:
    """Any entity tag of a list may be the current one; who sends an empty header meant to be
    guarded, and is."""
    async with api(tmp_path) as it:
        await it.sample()
        await it.created()

        async def patched(name: str, header: str) -> int:
            headers = {"If-Match": header}
            body = {"name": name}
            return (await it.call("PATCH", "/tenants/acme", json=body, headers=headers)).status_code

        assert await patched("A", '"7", W/"1"') == 202
        assert [await patched("B", h) for h in ("", " ", '"1", "7"', ",", '"x"')] == [412] * 5
        told = await it.refused(
            412, "PATCH", "/tenants/acme", json={"name": "B"}, headers={"If-Match": '"7", "1"'}
        )
        assert "generation 2, not 1 or 7" in told["detail"]
        assert (await it.ok("GET", "/tenants/acme"))["name"] == "A"
        assert await patched("B", "*") == 202


async def test_a_remembered_request_is_no_guess_at_its_secrets(tmp_path: Path) -> None:
    """What is kept of a body is keyed: whoever reads the database cannot try passwords on it, and
    the same key after a restart still recognises the request."""
    body = {"slug": "acme", "blueprint": "support-agent", "secrets": {"CRM_API_KEY": "1234"}}
    async with api(tmp_path) as it:
        await it.sample()
        once = {"Idempotency-Key": "one"}
        first = await it.ok("POST", "/tenants", json=body, headers=once)
        assert await it.ok("POST", "/tenants", json=body, headers=once) == first
        for written in (json.dumps(body), json.dumps(body, sort_keys=True)):
            assert hashlib.sha256(written.encode()).hexdigest().encode() not in it.stored()


async def test_head_is_get_without_its_body(tmp_path: Path) -> None:
    """What an uptime monitor asks for: status and headers of the GET, also of a refusal; streams
    stay refused, and what is possible is named."""
    async with api(tmp_path) as it:
        await it.sample()
        await it.created()
        for path, key in (("/health", None), ("/tenants/acme", ADMIN), ("/tenants/nobody", ADMIN),
                          ("/tenants", None)):
            get, head = await it.call("GET", path, key=key), await it.call("HEAD", path, key=key)
            assert (head.status_code, head.content) == (get.status_code, b"")
            assert head.headers["content-length"] == get.headers["content-length"]
        for path in ("/events", "/tenants/acme/events", "/tenants/acme/logs"):
            assert (await it.call("HEAD", path)).status_code == 405
        refused = await it.call("PUT", "/tenants/acme")
        assert refused.headers["allow"] == "DELETE, GET, HEAD, PATCH"


async def test_a_mistyped_name_is_not_taken_for_a_removed_one(tmp_path: Path) -> None:
    """null for a value or limit that neither is there nor could be: told, and nothing changed."""
    async with api(tmp_path) as it:
        await it.sample()
        await it.created(values={"model": "m"})
        patch = {"values": {"modle": None, "model": None}, "limits": {"cpus": None, "cpu": None}}
        told = await it.refused(422, "PATCH", "/tenants/acme", json=patch)
        found = {entry["pointer"]: entry["hint"] for entry in told["errors"]}
        assert found == {
            "/values/modle": "Did you mean model?",
            "/limits/cpus": "Did you mean cpu?",
        }
        assert (await it.ok("GET", "/tenants/acme"))["own_values"] == {"model": "m"}
        await it.ok("PATCH", "/tenants/acme", json={"values": {"budget": None}})


async def test_a_slug_given_away_ends_a_wait(tmp_path: Path) -> None:
    """Who waits for a tenant is never answered with the next one of its slug."""
    async with api(tmp_path) as it:
        await it.sample()
        await it.created()
        key = await it.token("acme")
        path = "/tenants/acme?wait=ready&timeout=30"
        waiting = asyncio.create_task(it.call("GET", path, key=key))
        await asyncio.sleep(0.15)
        async with it.database.write() as connection:
            await connection.execute(
                update(t.tenants).where(t.tenants.c.slug == "acme").values(slug="was-acme")
            )
            await touch(connection)
        await it.created()
        assert "another" in problem_of(await waiting, 404)["detail"]


async def test_restart_counts_as_a_change(tmp_path: Path) -> None:
    """With and without a body; safe mode stays until the next plain restart."""
    async with api(tmp_path) as it:
        await it.sample()
        await it.created()
        restarted = await it.ok("POST", "/tenants/acme/restart", json={"safe_mode": True})
        assert (restarted["generation"], restarted["safe_mode"]) == (2, True)
        again = await it.ok("POST", "/tenants/acme/restart")
        assert (again["generation"], again["safe_mode"]) == (3, False)
        await it.refused(422, "POST", "/tenants/acme/restart", json={"safe": True})


async def test_what_comes_later_says_so(tmp_path: Path) -> None:
    """sleep, wake and verify: refused with a sentence, after the tenant was found."""
    async with api(tmp_path) as it:
        await it.sample()
        await it.created()
        for verb in ("sleep", "wake", "verify"):
            await it.refused(501, "POST", f"/tenants/acme/{verb}", json={})
            await it.refused(404, "POST", f"/tenants/nobody/{verb}")


async def test_deleting_says_what_happens_to_the_data(tmp_path: Path) -> None:
    """No default; keep is listed as a volume and can be revived; a new tenant of the slug has
    nothing of it; a volume can be erased."""
    async with api(tmp_path) as it:
        await it.sample()
        made = await it.created()
        for query in ("", "?data=", "?data=maybe"):
            told = await it.refused(422, "DELETE", f"/tenants/acme{query}")
            assert told["errors"][0]["pointer"] == "/data"
        deleting = await it.call("DELETE", "/tenants/acme?data=keep")
        assert deleting.status_code == 202
        assert deleting.json()["status"]["phase"] == "deleting"
        body = {"slug": "acme", "blueprint": "support-agent"}
        assert "gone" in (await it.refused(409, "POST", "/tenants", json=body))["detail"]
        await it.steward.note_disk((await it.steward.cabin(made["id"])).id, 12.5)
        await it.steward.finish_delete(made["id"])
        (volume,) = (await it.ok("GET", "/volumes"))["items"]
        assert (volume["tenant_id"], volume["slug"]) == (made["id"], "acme")
        assert (volume["size_mb"], volume["used_mb"]) == (2048, 12.5)
        assert volume["restorable"] is True
        fresh = await it.created("acme")
        assert fresh["id"] != made["id"]
        revived = await it.created("again", restore_volume=volume["id"])
        assert revived["id"] != made["id"]
        await it.gone("again", "keep")
        assert (await it.call("DELETE", f"/volumes/{volume['id']}")).status_code == 202
        await it.refused(404, "DELETE", f"/volumes/{volume['id']}")
        assert (await it.ok("GET", "/volumes"))["items"] == []


async def test_the_same_idempotency_key_is_answered_the_same(tmp_path: Path) -> None:
    """Eight calls at once, and one after the tenant changed: equal to the byte, in
    whichever order the body is written; another body under the key is refused."""
    async with api(tmp_path) as it:
        await it.sample()
        body = {"slug": "acme", "blueprint": "support-agent"}
        headers = {"Idempotency-Key": "0b5f"}
        calls = (it.call("POST", "/tenants", json=body, headers=headers) for _ in range(8))
        answers = await asyncio.gather(*calls)
        await it.ok("PATCH", "/tenants/acme", json={"name": "Other"})
        answers.append(await it.call("POST", "/tenants", json=body, headers=headers))
        turned = dict(reversed(body.items()))
        answers.append(await it.call("POST", "/tenants", json=turned, headers=headers))
        assert {answer.status_code for answer in answers} == {202}
        assert len({answer.content for answer in answers}) == 1
        assert len({answer.headers["location"] for answer in answers}) == 1
        other = body | {"slug": "globex"}
        await it.refused(422, "POST", "/tenants", json=other, headers=headers)
        for key in ("", "x" * 256, "a\tb"):
            await it.refused(422, "POST", "/tenants", json=other, headers={"Idempotency-Key": key})


async def test_the_list_has_pages_that_a_cursor_joins(tmp_path: Path) -> None:
    """Every tenant once; a cursor of somebody else's making is refused."""
    async with api(tmp_path) as it:
        await it.sample()
        for slug in ("a", "b", "c", "d", "e"):
            await it.created(slug)
        seen: list[str] = []
        query = "?limit=2"
        while True:
            page = await it.ok("GET", f"/tenants{query}")
            seen += [tenant["slug"] for tenant in page["items"]]
            if page["next"] is None:
                break
            query = f"?limit=2&cursor={page['next']}"
        assert seen == ["a", "b", "c", "d", "e"]
        assert len((await it.ok("GET", "/tenants?blueprint=support-agent"))["items"]) == 5
        assert (await it.ok("GET", "/tenants?blueprint=other"))["items"] == []
        for bad in ("limit=0", "limit=501", "limit=x", "cursor=%25%25", "phase=happy"):
            told = await it.refused(422, "GET", f"/tenants?{bad}")
            assert told["errors"][0]["pointer"] == f"/{bad.partition('=')[0]}"


async def test_secrets_go_in_and_never_come_out(tmp_path: Path) -> None:
    """Names and times only; every answer, event and error is searched for the values."""
    async with api(tmp_path) as it:
        await it.sample()
        seen = []
        for name, body in (
            ("CRM_API_KEY", {"value": "hunter2"}),
            ("FILE_KEY", {"value": "hunter2", "as": "file"}),
        ):
            await it.sample()
            if name == "CRM_API_KEY":
                await it.created(secrets={"FIRST": "hunter2", "SECOND": {"value": "hunter2"}})
            answer = await it.call("PUT", f"/tenants/acme/secrets/{name}", json=body)
            assert answer.status_code == 204
        listed = await it.ok("GET", "/tenants/acme/secrets")
        kinds = {entry["name"]: entry["kind"] for entry in listed["items"]}
        assert kinds == {
            "CRM_API_KEY": "env",
            "FILE_KEY": "file",
            "FIRST": "env",
            "SECOND": "env",
        }
        for method, path, options in (
            ("GET", "/tenants/acme", {}),
            ("GET", "/tenants/acme/secrets", {}),
            ("GET", "/events", {}),
            ("GET", "/tenants/acme/access", {}),
            ("PUT", "/tenants/acme/secrets/NODE_OPTIONS", {"json": {"value": "hunter2"}}),
            ("PUT", "/tenants/acme/secrets/A", {"json": {"value": ["hunter2"]}}),
            ("PUT", "/tenants/acme/secrets/A", {"json": {"vale": "hunter2"}}),
            ("PUT", "/tenants/acme/secrets/A", {"json": {"value": "hunter2" * 9999}}),
            ("PUT", "/tenants/acme/secrets/A", {"content": b'{"value": "hunter2'}),
            ("POST", "/tenants", {"json": {"slug": 1, "secrets": {"A": {"valu": "hunter2"}}}}),
            ("POST", "/tenants", {"json": {"slug": "x", "secrets": {"PATH": "hunter2"}}}),
            ("PUT", "/providers/p", {"json": {"kind": "openai", "key": "hunter2"}}),
            ("PUT", "/providers/p", {"json": {"kind": "hunter2", "key": 5}}),
        ):
            seen.append(await it.call(method, path, **options))
        assert [answer.status_code for answer in seen] == [200] * 4 + [422] * 9
        assert not [answer.text for answer in seen if "hunter2" in answer.text]
        assert (await it.call("DELETE", "/tenants/acme/secrets/FIRST")).status_code == 204
        await it.refused(404, "DELETE", "/tenants/acme/secrets/FIRST")
        assert (await it.ok("GET", "/tenants/acme"))["generation"] == 4


async def test_access_gives_token_and_link_and_is_recorded(tmp_path: Path) -> None:
    """The token is the tenant's, the link leads to its reserved path, the audit log has it; a
    rotation replaces the token at once, also with the steward away."""
    async with api(tmp_path) as it:
        await it.sample()
        await it.created()
        given = await it.ok("GET", "/tenants/acme/access")
        assert given["url"] == "https://acme.t.localhost:8443/"
        assert given["open_url"].startswith(f"{given['url']}.stateroom/enter?ticket=")
        actions = [e["data"].get("action") for e in (await it.ok("GET", "/events"))["items"]]
        assert actions.count("access") == 1
        assert (await it.call("GET", "/tenants/acme", key=given["api_token"])).status_code == 200
        it.stand_in.away = True
        rotated = await it.ok("POST", "/tenants/acme/access/rotate")
        assert rotated["open_url"] is None
        assert rotated["api_token"] != given["api_token"]
        await it.refused(401, "GET", "/tenants/acme", key=given["api_token"])
        assert (await it.call("GET", "/tenants/acme", key=rotated["api_token"])).status_code == 200
        await it.refused(503, "GET", "/tenants/acme/access")
        actions = [e["data"].get("action") for e in (await it.ok("GET", "/events"))["items"]]
        assert (actions.count("access"), actions.count("rotate")) == (1, 1)


async def test_usage_stands_under_the_limits_names(tmp_path: Path) -> None:
    """What counts against a limit now, processes and requests with it."""
    async with api(tmp_path) as it:
        await it.sample()
        await it.created()
        now = (await it.ok("GET", "/tenants/acme/usage"))["now"]
        assert (now["pids"], now["requests_per_minute"]) == (21, 7)
        limits = (await it.ok("GET", "/tenants/acme"))["limits"]
        assert set(limits) - set(now) == {"cpu"}


async def test_with_the_steward_away_only_what_needs_it_fails(tmp_path: Path) -> None:
    """Logs, access, usage and plan: 503 with Retry-After. Everything else works."""
    async with api(tmp_path) as it:
        await it.sample()
        it.stand_in.away = True
        await it.created()
        for path in ("/tenants/acme/logs", "/tenants/acme/access", "/tenants/acme/usage", "/plan"):
            answer = await it.call("GET", path)
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
        await it.ok("PATCH", "/tenants/acme", json={"name": "A"})
        status = await it.ok("GET", "/status")
        assert (status["steward"], status["tenants"]["total"]) == (None, 1)


async def test_no_capacity_says_what_is_short(tmp_path: Path) -> None:
    """507, and the refused tenant is not there."""
    async with api(tmp_path) as it:
        await it.sample()
        await it.steward.set_capacity(1000, 10_000, 5)
        body = {"slug": "acme", "blueprint": "support-agent"}
        told = await it.refused(507, "POST", "/tenants", json=body)
        assert "1048 MiB are short" in told["detail"]
        await it.refused(404, "GET", "/tenants/acme")


async def test_a_blueprint_moves_with_a_patch(tmp_path: Path) -> None:
    """To another blueprint: its revision, its values."""
    async with api(tmp_path) as it:
        await it.sample()
        await it.ok("PUT", "/blueprints/sample", json=drawn())
        await it.created()
        moved = await it.ok("PATCH", "/tenants/acme", json={"blueprint": "sample"})
        assert (moved["blueprint"], moved["values"]) == ("sample", {})
