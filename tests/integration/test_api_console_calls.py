"""The console's smaller calls: templates, notices, capabilities, the webhook's settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stateroom.api.blueprints import LARGEST_LAYOUT
from stateroom.domain.blueprint import check
from tests.builders import sample_document
from tests.integration.api_lab import api, served

HOOK = {"url": "https://example.com/hooks?of=us", "events": ["tenant.ready"]}


async def test_every_template_can_be_saved_as_it_is(tmp_path: Path) -> None:
    """Good documents under their own names, with a title and a sentence, the simplest first."""
    async with api(tmp_path) as it:
        found = (await it.ok("GET", "/templates"))["items"]
        names = [template["name"] for template in found]
        assert names[:2] == ["minimal", "support-agent"]
        for template in found:
            assert check(template["document"]) == ()
            assert template["name"] == template["document"]["name"]
            assert template["title"]
            assert template["description"].endswith(".")
            assert isinstance(template["layout"], dict)
            await it.ok("PUT", f"/blueprints/{template['name']}", json=template["document"])


async def test_a_notice_is_no_problem(tmp_path: Path) -> None:
    """Told with what is wrong and without; a document that cannot be read has none."""
    async with api(tmp_path) as it:
        document = sample_document()
        document["blocks"].append({"id": "out", "kind": "egress", "options": {"domains": []}})
        told = await it.ok("POST", "/blueprints/check", json=document)
        assert [(n["code"], n["block"], n["pointer"]) for n in told["notices"]] == [
            ("not_enforced", "out", f"/blocks/{len(document['blocks']) - 1}")
        ]
        for odd in ([], "x", {"blocks": {}}, {"blocks": [1, None, {"kind": "egress"}]}):
            told = await it.ok("POST", "/blueprints/check", json=odd)
            assert told["ok"] is False
        broken = await it.ok(
            "POST", "/blueprints/check", content=b"{", headers={"Content-Type": "application/json"}
        )
        assert broken["notices"] == []


async def test_a_layout_is_kept_and_bounded(tmp_path: Path) -> None:
    """Moving boxes makes no revision; a layout that is a library is refused."""
    async with api(tmp_path) as it:
        await it.sample()
        layout = {"blocks": {"agent": {"x": 1, "y": 2}}, "viewport": {"x": 0, "y": 0, "zoom": 1}}
        path = "/blueprints/support-agent"
        saved = await it.ok("PUT", path, json={**sample_document(), "layout": layout})
        assert (saved["created"], saved["revision"], saved["layout"]) == (False, 1, layout)
        huge = {"blocks": {"x" * LARGEST_LAYOUT: {}}}
        told = await it.refused(422, "PUT", path, json={**sample_document(), "layout": huge})
        assert told["errors"][0]["pointer"] == "/layout"


async def test_the_status_says_what_there_is_and_what_to_see_to(tmp_path: Path) -> None:
    """Capabilities by name, also with the steward away; the webhook as its own call shows it."""
    async with api(tmp_path) as it:
        told = await it.ok("GET", "/status")
        assert told["capabilities"]["sleep"] is False
        assert set(told["capabilities"]) >= {"verify", "sleep", "wake", "egress"}
        assert (told["notices"], told["webhook"]) == ([], None)
        it.stand_in.away = True
        await it.ok("PUT", "/webhook", json=HOOK)
        told = await it.ok("GET", "/status")
        assert told["steward"] is None
        assert told["webhook"]["url"] == HOOK["url"]


async def test_a_webhooks_secret_is_answered_once(tmp_path: Path) -> None:
    """When it is made and when it is made anew; no call answers it afterwards."""
    async with api(tmp_path) as it:
        assert await it.ok("GET", "/webhook") is None
        first = await it.ok("PUT", "/webhook", json=HOOK)
        assert first["secret"].startswith("whsec_")
        kept = {name: value for name, value in first.items() if name != "secret"}
        assert kept == {
            "url": HOOK["url"], "events": ["tenant.ready"], "has_secret": True, "last": None,
            "waiting": 0, "dead": 0,
        }  # fmt: skip
        assert await it.ok("GET", "/webhook") == kept
        assert await it.ok("PUT", "/webhook", json=HOOK) == kept
        second = await it.ok("PUT", "/webhook", json={**HOOK, "rotate": True})
        assert second["secret"] not in ("", first["secret"])
        answer = await it.call("GET", "/events")
        assert "whsec_" not in answer.text
        assert first["secret"].encode() not in it.stored()


async def test_a_webhook_goes_and_is_tried_out(tmp_path: Path) -> None:
    """A test is accepted where there is one; without one both are 404."""
    async with api(tmp_path) as it:
        for method, path in (("DELETE", "/webhook"), ("POST", "/webhook/test")):
            await it.refused(404, method, path)
        await it.ok("PUT", "/webhook", json=HOOK)
        assert (await it.call("POST", "/webhook/test")).status_code == 202
        assert (await it.ok("GET", "/webhook"))["waiting"] == 1
        assert (await it.call("DELETE", "/webhook")).status_code == 204
        assert await it.ok("GET", "/webhook") is None


@pytest.mark.parametrize(
    "url",
    [
        "", "example.com", "ftp://example.com/", "file:///etc/passwd", "javascript:alert(1)",
        "https://", "https:///x", "https://user:pw@example.com/", "https://@example.com/",
        "https://example.com/#x", "https://example.com/#", "https://exa mple.com/",
        "https://example.com/\n", "https://example.com:99999/", "https://example.com:0/",
        "https://[::1/", "http://ex\u00e4mple.com/", "https://example.com\\@evil.example/",
        "unix:///var/run/docker.sock", "gopher://127.0.0.1/", "//example.com/",
    ],
)  # fmt: skip
async def test_what_is_no_address_of_the_web_is_refused(tmp_path: Path, url: str) -> None:
    """http or https and a host, no password in it; nothing is set."""
    async with api(tmp_path) as it:
        told = await it.refused(422, "PUT", "/webhook", json={**HOOK, "url": url})
        assert told["errors"][0]["pointer"] == "/url"
        assert await it.ok("GET", "/webhook") is None


@pytest.mark.parametrize("url", ["http://127.0.0.1:9000/x", "http://[::1]/", "http://localhost/"])
async def test_this_machine_is_an_address_like_any_other(tmp_path: Path, url: str) -> None:
    """It is the operator's own."""
    async with api(tmp_path) as it:
        await it.ok("PUT", "/webhook", json={**HOOK, "url": url})


@pytest.mark.parametrize(
    "change",
    [
        {"events": []}, {"events": ["tenant.gone"]}, {"events": "tenant.ready"}, {"url": 1},
        {"url": "https://example.com/" + "x" * 2048}, {"secret": "whsec_mine"}, {"rotate": "yes"},
    ],
)  # fmt: skip
async def test_a_wrong_webhook_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    """Each field with a problem of its own; the secret is ours to make."""
    async with api(tmp_path) as it:
        await it.refused(422, "PUT", "/webhook", json={**HOOK, **change})


async def test_events_carry_the_slug(tmp_path: Path) -> None:
    """So that whoever listens need not look the id up."""
    async with api(tmp_path) as it:
        await it.sample()
        await it.created()
        await it.report("acme")
        asked = "/events?follow=true&tail=1"
        async with served(it.app) as http, http.stream("GET", asked) as answer:
            async for line in answer.aiter_lines():
                if line.startswith("data:"):
                    assert '"slug":"acme"' in line
                    return
