"""Streams over a real connection: events and logs as they come, resumed where one left."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from stateroom.api import tenants
from stateroom.api.in_flight import AT_ONCE
from stateroom.store.tenant_change import Change
from tests.builders import template
from tests.integration.api_lab import ApiLab, api, problem_of, served

SSE = {"Accept": "text/event-stream"}


async def _events(response: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    """Events and comments, as they come."""
    entry: dict[str, Any] = {}
    async for line in response.aiter_lines():
        if line.startswith(":"):
            yield {"comment": line}
        elif line:
            name, _, value = line.partition(": ")
            entry[name] = value
        elif entry:
            yield entry | {"data": json.loads(entry["data"])}
            entry = {}


async def _take(
    http: httpx.AsyncClient, path: str, count: int, comments: bool = False, **headers: str
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    async with http.stream("GET", path, headers=SSE | headers) as response:
        assert response.status_code == 200, await response.aread()
        assert response.headers["content-type"].startswith("text/event-stream")
        events = _events(response)
        while len(found) < count:
            event = await anext(events)
            if comments or "comment" not in event:
                found.append(event)
        await events.aclose()  # type: ignore[attr-defined]
    return found


async def _rename(it: ApiLab, name: str, slug: str = "acme") -> None:
    await it.store.changes.change(slug, Change({"name": name}))


async def test_events_come_as_they_happen(tmp_path: Path) -> None:
    """What is kept first, then each change, with rising ids and its kind as the event."""
    async with api(tmp_path) as it, served(it.app) as http:
        await it.sample()
        await it.created()
        reading = asyncio.create_task(_take(http, "/events", 4))
        await asyncio.sleep(0.3)
        await it.report("acme", "starting", applied_generation=0)
        await _rename(it, "A")
        found = await asyncio.wait_for(reading, 10)
        ids = [int(event["id"]) for event in found]
        assert ids == sorted(set(ids))
        assert [event["event"] for event in found] == ["deployment", "tenant", "tenant", "tenant"]
        assert found[2]["data"]["phase"] == "starting"
        assert found[2]["data"]["tenant"] == "acme"
        assert found[2]["data"]["since"].endswith("Z")


async def test_a_reader_who_comes_back_misses_nothing(tmp_path: Path) -> None:
    """With Last-Event-ID: everything behind it, once, whatever happened meanwhile."""
    async with api(tmp_path) as it, served(it.app) as http:
        await it.sample()
        await it.created()
        last = (await _take(http, "/events", 2))[-1]["id"]
        for n in range(300):
            await _rename(it, f"name {n}")
        found = await _take(http, "/events", 300, **{"Last-Event-ID": last})
        ids = [int(event["id"]) for event in found]
        assert ids == list(range(int(last) + 1, int(last) + 301))


async def test_a_tenants_stream_is_its_own(tmp_path: Path) -> None:
    """Others' events do not show, and do not keep its own from coming."""
    async with api(tmp_path) as it, served(it.app) as http:
        await it.sample()
        await it.created()
        await it.created("globex")
        key = {"Authorization": f"Bearer {await it.token('acme')}"}
        reading = asyncio.create_task(_take(http, "/tenants/acme/events", 2, **key))
        await asyncio.sleep(0.2)
        await _rename(it, "G", "globex")
        await asyncio.sleep(0.2)
        await _rename(it, "A")
        found = await asyncio.wait_for(reading, 10)
        assert {event["data"]["tenant"] for event in found} == {"acme"}


@pytest.mark.parametrize("how", ["rotated", "deleted"])
async def test_a_tenants_stream_ends_with_its_token(tmp_path: Path, how: str) -> None:
    """What happens to the tenant after its token is replaced, or it is deleted, is no longer told
    to whoever holds the old one; the operator's stream goes on."""
    async with api(tmp_path, heartbeat=0.05) as it, served(it.app) as http:
        await it.sample()
        await it.created()
        key = {"Authorization": f"Bearer {await it.token('acme')}"}
        path = "/tenants/acme/events?follow=true"
        async with (
            http.stream("GET", path, headers=key) as answer,
            http.stream("GET", path) as operators,
        ):
            lines = answer.aiter_lines()
            assert await anext(lines) == ": still here"
            if how == "rotated":
                await it.ok("POST", "/tenants/acme/access/rotate")
            else:
                await it.ok("DELETE", "/tenants/acme?data=keep")
            it.clock.pass_(1)
            async with asyncio.timeout(10):
                async for _ in lines:
                    pass
                events = _events(operators)
                for _ in range(3):
                    while "comment" not in await anext(events):
                        pass


async def test_the_operators_stream_ends_with_the_admin_key(tmp_path: Path) -> None:
    """Once another key is in force the old one hears no more."""
    async with (
        api(tmp_path, heartbeat=0.05) as it,
        served(it.app) as http,
        http.stream("GET", "/events?follow=true") as answer,
    ):
        lines = answer.aiter_lines()
        assert await anext(lines) == ": still here"
        (tmp_path / "admin.sha256").write_text(hashlib.sha256(b"new").hexdigest())
        it.clock.pass_(1)
        async with asyncio.timeout(10):
            async for _ in lines:
                pass


async def test_one_tenant_cannot_take_every_connection(tmp_path: Path) -> None:
    """Sixteen of its requests are under way at once, the next is 429 and says when to come again;
    another tenant and the operator, who may have more, are answered; one that ends makes room."""
    async with api(tmp_path, heartbeat=0.05) as it, served(it.app) as http:
        await it.sample()
        await it.created()
        await it.created("globex")
        key = {"Authorization": f"Bearer {await it.token('acme')}"}
        path = "/tenants/acme/events?follow=true"
        async with AsyncExitStack() as open_streams:
            for headers in (*[key] * (AT_ONCE - 1), *[{}] * (AT_ONCE + 1)):
                stream = await open_streams.enter_async_context(
                    http.stream("GET", path, headers=headers)
                )
                assert stream.status_code == 200
            async with http.stream("GET", path, headers=key):
                refused = await http.get("/tenants/acme", headers=key)
                problem_of(refused, 429)
                assert refused.headers["retry-after"] == "5"
                await it.ok("GET", "/tenants/globex", key=await it.token("globex"))
                await it.ok("GET", "/tenants/acme")
            async with asyncio.timeout(10):
                while (await http.get("/tenants/acme", headers=key)).status_code != 200:
                    pass


async def test_who_no_longer_waits_is_not_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sixteen calls that were to wait for minutes, and whose caller went away: the tenant may call
    again soon, and not only once they would have been answered."""
    monkeypatch.setattr(tenants, "LOOK_SECONDS", 0.5)
    async with api(tmp_path) as it, served(it.app) as http:
        await it.sample()
        await it.created()
        key = {"Authorization": f"Bearer {await it.token('acme')}"}
        path = "/tenants/acme?wait=ready&timeout=600"
        waiting = [asyncio.create_task(http.get(path, headers=key)) for _ in range(AT_ONCE)]
        watcher = it.app._console._api._app.state.dependencies.watcher  # type: ignore[attr-defined]
        for _ in range(500):
            if len(watcher._waiting) == AT_ONCE:
                break
            await asyncio.sleep(0.02)
        problem_of(await http.get("/tenants/acme", headers=key), 429)
        for call in waiting:
            call.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        async with asyncio.timeout(20):
            while (await http.get("/tenants/acme", headers=key)).status_code != 200:
                pass


async def test_a_quiet_stream_shows_that_it_lives(tmp_path: Path) -> None:
    """Comments, at the start and whenever nothing happens."""
    async with api(tmp_path, heartbeat=0.05) as it, served(it.app) as http:
        for path in ("/events?tail=0", "/tenants/acme/logs?follow=true&tail=0"):
            if "acme" in path:
                await it.sample()
                await it.created()
            found = await asyncio.wait_for(_take(http, path, 3, comments=True), 10)
            assert [*found[0]] == ["comment"]


async def test_events_are_json_unless_a_stream_is_asked_for(tmp_path: Path) -> None:
    """`follow=false` and plain requests end; a bad Last-Event-ID is a problem."""
    async with api(tmp_path) as it:
        await it.sample()
        await it.created()
        for query in ("", "?follow=false", "?tail=1"):
            found = await it.ok("GET", f"/events{query}")
            assert found["items"][-1]["data"]["change"] == "create"
        after = await it.ok("GET", "/events", headers={"Last-Event-ID": "1"})
        assert [entry["id"] for entry in after["items"]] == [2]
        for bad in ("x", "-1", "1" * 30):
            await it.refused(422, "GET", "/events", headers={"Last-Event-ID": bad})


async def test_logs_are_text_or_a_stream(tmp_path: Path) -> None:
    """The last lines as text; as SSE with their time as id, resumed behind it."""
    async with api(tmp_path) as it, served(it.app) as http:
        await it.sample()
        await it.created()
        it.stand_in.lines.append("2026-01-01T00:00:03Z with \u2028 and \x0b inside")
        text = await it.call("GET", "/tenants/acme/logs?tail=2")
        assert (
            text.text
            == "2026-01-01T00:00:02Z two\n2026-01-01T00:00:03Z with \u2028 and \x0b inside\n"
        )
        found = await _take(http, "/tenants/acme/logs?follow=true", 3)
        assert [event["event"] for event in found] == ["log"] * 3
        assert found[0]["data"]["text"] == "one"
        assert found[2]["data"]["line"].endswith("\u2028 and \x0b inside")
        resumed = await _take(
            http, "/tenants/acme/logs?follow=true", 1, **{"Last-Event-ID": found[1]["id"]}
        )
        assert resumed[0]["data"]["text"].startswith("with")


async def test_logs_of_a_service_are_asked_for_by_its_block(tmp_path: Path) -> None:
    """The agent's where none is named; one that the blueprint does not draw is told, with what
    it draws."""
    async with api(tmp_path) as it:
        await it.ok("PUT", "/blueprints/private-tools", json=template("private-tools"))
        await it.created(blueprint="private-tools")
        await it.call("GET", "/tenants/acme/logs")
        await it.call("GET", "/tenants/acme/logs?service=db")
        assert it.stand_in.asked_for == ["agent", "db"]
        for name in ("dbs", "agent", "rows"):
            body = await it.refused(404, "GET", f"/tenants/acme/logs?service={name}")
            assert f'no service "{name}"' in body["detail"]
        assert it.stand_in.asked_for == ["agent", "db"]


async def test_a_tenant_tells_its_services_and_what_counts_with_them(tmp_path: Path) -> None:
    """The limits that can be set are the agent's; a disk that was larger stays so in both."""
    async with api(tmp_path) as it:
        await it.ok("PUT", "/blueprints/private-tools", json=template("private-tools"))
        made = await it.created(blueprint="private-tools")
        agent, total = made["limits"], made["limits_total"]
        assert made["services"] == ["db"]
        assert (total["memory_mb"], total["disk_mb"]) == (
            agent["memory_mb"] + 256,
            agent["disk_mb"] + 256,
        )
        await it.sample()
        plain = await it.created("globex")
        assert (plain["services"], plain["limits_total"]) == ([], plain["limits"])


async def test_a_reader_who_goes_leaves_nothing_behind(tmp_path: Path) -> None:
    """Twenty streams opened and dropped: the watcher stops looking once nobody waits."""
    async with api(tmp_path) as it, served(it.app) as http:
        await it.sample()
        await asyncio.gather(*(_take(http, "/events", 1) for _ in range(20)))
        watcher = it.app._console._api._app.state.dependencies.watcher  # type: ignore[attr-defined]
        for _ in range(100):
            if not watcher._waiting and (watcher._looking is None or watcher._looking.done()):
                break
            await asyncio.sleep(0.05)
        assert not watcher._waiting
