"""/blueprints, /deployments, /providers, and the installation as a whole."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tests.builders import SAMPLE, drawn, sample_document
from tests.integration.api_lab import ApiLab, api


async def test_yaml_and_json_are_one_document(tmp_path: Path) -> None:
    """The sample as YAML and as JSON mean the same: one revision; the answer gives it back."""
    async with api(tmp_path) as it:
        headers = {"Content-Type": "application/yaml"}
        path = "/blueprints/support-agent"
        first = await it.ok("PUT", path, content=SAMPLE.read_bytes(), headers=headers)
        assert (first["revision"], first["created"]) == (1, True)
        second = await it.ok("PUT", path, json=sample_document())
        assert (second["revision"], second["created"]) == (1, False)
        assert second["digest"] == first["digest"]
        again = yaml.safe_dump(first["document"]).encode()
        assert (await it.ok("PUT", path, content=again, headers=headers))["revision"] == 1


async def test_moving_a_box_changes_the_layout_and_no_revision(tmp_path: Path) -> None:
    """Layout is kept with the newest revision, and left out it stays."""
    async with api(tmp_path) as it:
        moved = drawn() | {"layout": {"door": {"x": 1, "y": 2}}}
        await it.ok("PUT", "/blueprints/sample", json=drawn())
        saved = await it.ok("PUT", "/blueprints/sample", json=moved)
        assert (saved["revision"], saved["created"]) == (1, False)
        await it.ok("PUT", "/blueprints/sample", json=drawn())
        shown = await it.ok("GET", "/blueprints/sample")
        assert shown["layout"] == moved["layout"]
        assert "layout" not in shown["document"]


async def test_if_match_guards_a_blueprint(tmp_path: Path) -> None:
    """The ETag is the newest revision; an older one is refused."""
    async with api(tmp_path) as it:
        path = "/blueprints/sample"
        await it.ok("PUT", path, json=drawn())
        etag = (await it.call("GET", path)).headers["etag"]
        document = drawn(agent={"cpu": 2})
        await it.ok("PUT", path, json=document, headers={"If-Match": etag})
        await it.refused(412, "PUT", path, json=drawn(), headers={"If-Match": etag})


async def test_revisions_are_listed_shown_and_compared(tmp_path: Path) -> None:
    """With a sentence for each difference."""
    async with api(tmp_path) as it:
        await it.ok("PUT", "/blueprints/sample", json=drawn())
        await it.ok("PUT", "/blueprints/sample", json=drawn(agent={"cpu": 2}))
        listed = await it.ok("GET", "/blueprints/sample/revisions")
        assert [entry["revision"] for entry in listed["items"]] == [2, 1]
        one = await it.ok("GET", "/blueprints/sample/revisions/1")
        assert one["document"]["name"] == "sample"
        diff = await it.ok("GET", "/blueprints/sample/diff?from=1&to=2")
        (change,) = diff["changes"]
        assert (diff["from"], diff["to"], change["option"]) == (1, 2, "cpu")
        assert change["text"]
        (entry,) = (await it.ok("GET", "/blueprints"))["items"]
        assert (entry["name"], entry["revision"], entry["deployed_revision"]) == ("sample", 2, None)
        await it.refused(404, "GET", "/blueprints/sample/diff?from=1&to=3")
        await it.refused(404, "GET", "/blueprints/nothing/revisions")


async def test_the_schema_is_of_what_a_new_tenant_gets(tmp_path: Path) -> None:
    """The deployed revision's, or the one that is asked for."""
    async with api(tmp_path) as it:
        value = {"per_tenant": "model", "default": "m", "set_by": "tenant"}
        await it.ok("PUT", "/blueprints/sample", json=drawn(brain={"model": value}))
        await it.ok("POST", "/blueprints/sample/deploy", json={})
        await it.ok("PUT", "/blueprints/sample", json=drawn())
        schema = await it.ok("GET", "/blueprints/sample/schema")
        assert schema["properties"]["model"]["x-set-by"] == "tenant"
        newer = await it.ok("GET", "/blueprints/sample/schema?revision=2")
        assert newer["properties"] == {}


async def _with_a_newer_revision(it: ApiLab, *slugs: str) -> None:
    """These tenants are ready, and the newest revision is one that none of them runs."""
    await it.ok("PUT", "/blueprints/sample", json=drawn())
    for slug in slugs:
        await it.created(slug, blueprint="sample")
        await it.report(slug)
    await it.ok("PUT", "/blueprints/sample", json=drawn(agent={"cpu": 2}))


async def test_what_a_deployment_tells(tmp_path: Path) -> None:
    """Where it is to be found, and as a whole what the contract names; done is told by tenant."""
    async with api(tmp_path) as it:
        await _with_a_newer_revision(it, "a", "b", "c")
        answer = await it.call("POST", "/blueprints/sample/deploy", json={"canary": "10%"})
        assert answer.status_code == 202
        made = answer.json()
        where = answer.headers["location"].removeprefix("/api/v1")
        assert (made["revision"], made["previous_revision"]) == (2, 1)
        assert (made["state"], made["stage"], made["canary"]) == ("running", "canary", "10%")
        assert [(t["slug"], t["canary"], t["state"]) for t in made["tenants"]] == [
            ("a", True, "running"), ("b", False, "pending"), ("c", False, "pending"),
        ]  # fmt: skip
        await it.report("a", "starting", applied_generation=1, reached=2, reason="is starting")
        (first, *_) = (await it.ok("GET", where))["tenants"]
        assert first["steps"] == {
            "built": True, "started": True, "healthy": False, "routed": False,
        }  # fmt: skip
        assert first["reason"] == "is starting"
        await it.report("a")
        await it.go_on(made["id"])
        for slug in ("b", "c"):
            await it.report(slug)
        await it.go_on(made["id"])
        found = await it.ok("GET", where)
        assert (found["state"], found["stage"], found["finished_at"] is None) == (
            "done", "all", False,
        )  # fmt: skip
        assert {t["state"] for t in found["tenants"]} == {"done"}
        assert (await it.ok("GET", "/blueprints/sample"))["deployed_revision"] == 2
        assert (await it.ok("GET", "/deployments?blueprint=sample"))["items"] == [found]
        assert (await it.ok("GET", "/deployments?blueprint=other"))["items"] == []
        await it.refused(404, "GET", "/deployments/nothing")
        await it.refused(404, "POST", "/deployments/nothing/stop")
        await it.refused(409, "POST", f"/deployments/{made['id']}/stop")


async def test_of_a_deployment_for_many_some_are_told(tmp_path: Path) -> None:
    """Those who need somebody's eyes, canaries first; the counts are of all. One deployment tells
    all of its tenants unless it is asked for fewer, a list never does."""
    async with api(tmp_path) as it:
        await _with_a_newer_revision(it, "a", "b", "c")
        made = await it.ok("POST", "/blueprints/sample/deploy", json={"canary": "1"})
        await it.report("a")
        await it.go_on(made["id"])
        await it.report("c", "starting", applied_generation=1, reason="is starting")
        where = f"/deployments/{made['id']}"
        found = await it.ok("GET", where)
        assert [t["slug"] for t in found["tenants"]] == ["a", "b", "c"]
        few = await it.ok("GET", f"{where}?members=2")
        assert [t["slug"] for t in few["tenants"]] == ["b", "c"]
        assert few["counts"] == found["counts"]
        assert {state: count for state, count in found["counts"].items() if count} == {
            "done": 1, "running": 2,
        }  # fmt: skip
        (listed,) = (await it.ok("GET", "/deployments?members=0"))["items"]
        assert listed == {**found, "tenants": []}
        await it.refused(422, "GET", f"{where}?members=-1")


async def test_a_deployment_that_fails_is_put_back(tmp_path: Path) -> None:
    """`failed` while it is, `rolled_back` once it is, with why; a second one waits until then."""
    async with api(tmp_path) as it:
        await _with_a_newer_revision(it, "a", "b")
        made = await it.ok("POST", "/blueprints/sample/deploy", json={})
        told = await it.refused(409, "POST", "/blueprints/sample/deploy", json={})
        assert f"stateroom blueprints stop {made['id']}" in told["detail"]
        await it.report("a")
        await it.report("b", "failed", applied_generation=1, reason="it crashed")
        await it.go_on(made["id"])
        found = await it.ok("GET", f"/deployments/{made['id']}")
        assert (found["state"], found["finished_at"]) == ("failed", None)
        assert (await it.ok("GET", "/tenants/a"))["target_revision"] == 1
        for slug in ("a", "b"):
            await it.report(slug)
        await it.go_on(made["id"])
        found = await it.ok("GET", f"/deployments/{made['id']}")
        assert (found["state"], found["reason"]) == ("rolled_back", "b: it crashed")
        assert [t["state"] for t in found["tenants"]] == ["rolled_back", "rolled_back"]
        assert (await it.ok("GET", "/blueprints/sample"))["deployed_revision"] is None
        events = await it.store.events.newest(100, kinds=("deployment",))
        states = [event.data["state"] for event in events if "state" in event.data]
        assert states[-2:] == ["failed", "rolled_back"]


async def test_a_deployment_is_stopped(tmp_path: Path) -> None:
    """Whoever was moved is put back; asked twice it is stopped once; the audit log says so."""
    async with api(tmp_path) as it:
        await it.ok("PUT", "/blueprints/sample", json=drawn())
        await it.created("a", blueprint="sample")
        await it.report("a")
        await it.ok("PUT", "/blueprints/sample", json=drawn(agent={"cpu": 2}))
        made = await it.ok("POST", "/blueprints/sample/deploy", json={})
        for _ in range(2):
            answer = await it.call("POST", f"/deployments/{made['id']}/stop")
            assert (answer.status_code, answer.json()["stopping"]) == (202, True)
        await it.go_on(made["id"])
        assert (await it.ok("GET", "/tenants/a"))["target_revision"] == 1
        audit = await it.store.events.newest(100, kinds=("audit",))
        assert [e.data["action"] for e in audit].count("deployment_stop") == 1


@pytest.mark.parametrize("canary", ["none", "0%", 0, -1, "101%", "1.5", "10%%"])
async def test_a_share_that_is_none_is_refused(tmp_path: Path, canary: object) -> None:
    """With a pointer, and nobody is moved."""
    async with api(tmp_path) as it:
        await it.ok("PUT", "/blueprints/sample", json=drawn())
        body = {"canary": canary}
        told = await it.refused(422, "POST", "/blueprints/sample/deploy", json=body)
        assert told["errors"][0]["pointer"] == "/canary"
        assert (await it.ok("GET", "/deployments"))["items"] == []


async def test_deploying_to_nobody_is_done_at_once(tmp_path: Path) -> None:
    """A blueprint without tenants: the next ones get this revision."""
    async with api(tmp_path) as it:
        await it.ok("PUT", "/blueprints/sample", json=drawn())
        made = await it.ok("POST", "/blueprints/sample/deploy")
        assert (made["state"], made["tenants"]) == ("done", [])
        assert (await it.ok("GET", "/blueprints/sample"))["deployed_revision"] == 1


async def test_an_unsaved_document_is_planned(tmp_path: Path) -> None:
    """The steward is given the document as it was sent; nothing is saved."""
    async with api(tmp_path) as it:
        plan = await it.ok("POST", "/blueprints/sample/plan", json=drawn())
        assert plan["text"] == "preview\n"
        assert it.stand_in.previews == [("sample", drawn(), None, "")]
        await it.refused(404, "GET", "/blueprints/sample")
        told = await it.refused(422, "POST", "/blueprints/other/plan", json=drawn())
        assert told["errors"][0]["code"] == "other_name"


async def test_providers_are_kept_without_showing_their_key(tmp_path: Path) -> None:
    """has_key says whether there is one; demo is built in; one in use stays."""
    async with api(tmp_path) as it:
        body = {
            "kind": "openai",
            "base_url": "https://api.example.com/v1",
            "key": "sk-real",
            "prices": {"m": {"input": 1.25, "output": 10}},
        }
        made = await it.ok("PUT", "/providers/main", json=body)
        assert (made["has_key"], made["prices"]["m"]["output"]) == (True, 10)
        listed = await it.call("GET", "/providers")
        assert "sk-real" not in listed.text
        assert {p["name"]: p["built_in"] for p in listed.json()["items"]} == {
            "demo": True,
            "main": False,
        }
        local = {"kind": "openai", "base_url": "http://127.0.0.1:11434/v1"}
        assert (await it.ok("PUT", "/providers/main", json=local))["has_key"] is True
        await it.refused(409, "PUT", "/providers/demo", json=local)
        await it.ok("PUT", "/blueprints/sample", json=drawn(brain={"provider": "main"}))
        await it.created("acme", blueprint="sample")
        await it.refused(409, "DELETE", "/providers/main")
        await it.gone("acme")
        assert (await it.call("DELETE", "/providers/main")).status_code == 204
        await it.refused(404, "GET", "/providers/main")


async def test_the_plan_is_text_or_json_of_all_or_one(tmp_path: Path) -> None:
    """By Accept; a tenant by its slug."""
    async with api(tmp_path) as it:
        await it.sample()
        made = await it.created()
        text = await it.call("GET", "/plan?tenant=acme", headers={"Accept": "text/plain"})
        assert text.text == f"plan of {made['id']}\n"
        assert (await it.ok("GET", "/plan"))["text"] == "plan of all\n"


async def test_metrics_are_prometheus_text(tmp_path: Path) -> None:
    """Tenants by every phase, requests by method and status; each line well formed."""
    async with api(tmp_path) as it:
        await it.sample()
        await it.created()
        await it.report("acme")
        await it.call("BREW", "/tenants")
        text = (await it.call("GET", "/metrics")).text
        assert 'stateroom_tenants{phase="ready"} 1\n' in text
        assert 'stateroom_tenants{phase="failed"} 0\n' in text
        assert 'stateroom_api_requests_total{method="OTHER",status="405"} 1\n' in text
        for line in text.splitlines():
            assert re.fullmatch(r"# (HELP|TYPE) .+|\w+\{(\w+=\"[^\"]*\",?)+\} \d+", line), line


async def test_the_status_names_what_is_there(tmp_path: Path) -> None:
    """Version, tenants by phase, what the steward says."""
    async with api(tmp_path) as it:
        await it.sample()
        await it.created()
        status = await it.ok("GET", "/status")
        assert status["tenants"] == {"total": 1, "phases": {"provisioning": 1}}
        at = "2027-01-15T08:00:00.250Z"
        told = await it.stand_in.status()
        assert status["steward"] == {**told, "passed_at": at}
        assert status["console_url"] == "https://console.localhost:8443"
        assert status["tenant_url"] == "https://SLUG.t.localhost:8443/"
        assert status["api_url"] == "http://127.0.0.1:8070/api/v1"
        assert status["home"] == str(tmp_path)
