"""Getting past a budget, or at the operator's key: what a hostile cabin or a careless provider
could do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from stateroom.broker.limits import Bounds
from tests.stubs.broker_lab import REAL_KEY, Lab, broker_lab, chat_body, events
from tests.stubs.model_server import (
    ModelServer,
    answers,
    begin_stream,
    chunk,
    echoes_the_key,
    event,
    hangs,
    says,
)

ESCAPED = '{"choices": [{"index": 0, "delta": {"content": "KEY"}}]}'


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with ModelServer(answers(usage=(20, 10))) as made:
        yield made


@pytest.fixture
async def lab(tmp_path: Path, server: ModelServer) -> AsyncIterator[Lab]:
    async with broker_lab(tmp_path, Bounds(calls=100, connections=200)) as made:
        await made.provide(server.base_url)
        yield made


async def test_fifty_at_once_do_not_get_past_a_budget(lab: Lab, server: ModelServer) -> None:
    """Calls that run at the same time, from two cabins of one tenant, spend no more together
    than the budget; and what was reserved in vain can be spent afterwards."""
    for key in ("a", "b"):
        await lab.give(key, tenant="tenant-a", monthly_budget_usd=200)
    responses = await asyncio.gather(*(lab.chat("ab"[n % 2]) for n in range(50)))
    statuses = [response.status_code for response in responses]
    passed = statuses.count(200)
    assert set(statuses) == {200, 429}
    assert 1 <= passed <= 6
    assert await lab.taken("a") == (passed, 20 * passed, 10 * passed)
    while (await lab.chat("a")).status_code == 200:
        passed += 1
    assert passed * 30 <= 200
    assert passed >= 4
    assert len(server.seen) == passed


async def test_calls_under_way_count_against_the_budget(lab: Lab, server: ModelServer) -> None:
    """While one call could still take all that is left, a second one is refused in a sentence."""
    await lab.give("a", monthly_budget_usd=60)
    server.behave = hangs
    first = asyncio.create_task(lab.chat("a"))
    await server.until_seen(1)
    second = await lab.chat("a")
    assert second.status_code == 429
    assert second.headers["x-should-retry"] == "false"
    error = second.json()["error"]
    assert error["code"] == "budget_exceeded"
    # OpenClaw repeats a 429 for a minute and a half unless it finds these words in it.
    assert "monthly limit" in error["message"]
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)


@pytest.mark.parametrize(
    "changes",
    [
        {"max_tokens": 1000}, {"max_completion_tokens": 1000}, {"max_tokens": None},
        {"n": 100}, {"max_tokens": 1, "max_completion_tokens": 1000},
        {"messages": [{"role": "user", "content": "x" * 1000}]},
        {"messages": [{"role": "user", "content": "鯨" * 100}]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "x" * 1000}]}]},
        {"messages": [{"role": "user", "x": {"y": ["z" * 1000]}}]},
        {"messages": [{"role": "user", "content": [
            {"type": "image_url", "image_url": {"url": "https://images.example/x"}}]}]},
        {"tools": [{"type": "function", "function": {"name": "f", "description": "x" * 1000}}]},
    ],
)
async def test_what_could_cost_more_than_is_left_is_not_asked(
    lab: Lab, server: ModelServer, changes: dict[str, object]
) -> None:
    """Wherever the size of a call hides, it is reserved before the provider is asked."""
    await lab.give("a", monthly_budget_usd=200)
    assert (await lab.chat("a", **changes)).status_code == 429
    assert server.seen == []
    assert (await lab.chat("a")).status_code == 200


async def test_an_answer_without_a_limit_gets_one_under_a_budget(
    lab: Lab, server: ModelServer
) -> None:
    """A cabin with a budget that sets no limit gets the one that was reserved; a cabin
    without a budget is left alone."""
    await lab.give("a", monthly_budget_usd=100_000)
    await lab.give("free")
    for key in ("a", "free"):
        await lab.chat(key, max_tokens=None)
    assert server.seen[0].json["max_completion_tokens"] == 8192
    assert "max_completion_tokens" not in server.seen[1].json


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": -1000, "completion_tokens": 0}, {"prompt_tokens": "many"}, [], 7,
        {"prompt_tokens": 10**30, "completion_tokens": 1},
        {"prompt_tokens": True, "completion_tokens": True},
    ],
)
async def test_a_usage_that_cannot_be_is_not_believed(
    lab: Lab, server: ModelServer, usage: object
) -> None:
    """No usage that a provider can tell gives a tenant money back, or breaks the ledger."""
    document = {"choices": [{"message": {"role": "assistant", "content": "12345678"}}],
                "usage": usage}
    server.behave = says(200, json.dumps(document).encode())
    await lab.give("a")
    assert (await lab.chat("a")).status_code == 200
    requests, sent, made = await lab.taken("a")
    assert (requests, 20 < sent < 100, 3 < made < 20) == (1, True, True)


async def test_a_price_below_zero_fills_no_budget(lab: Lab, server: ModelServer) -> None:
    """A negative price is none: it would give money back with every call."""
    await lab.provide(server.base_url, prices={"m": {"input": -5.0, "output": -5.0}})
    await lab.give("a")
    await lab.chat("a")
    assert (await lab.usage("a"))[0]["cost_usd"] == 0


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 429, 500, 503])
async def test_a_key_that_a_provider_echoes_stops_here(
    lab: Lab, server: ModelServer, status: int
) -> None:
    """A provider that repeats the key it was sent does not tell it to the cabin."""
    server.behave = echoes_the_key(status)
    await lab.give("a")
    for stream in (False, True):
        response = await lab.chat("a", stream=stream)
        assert REAL_KEY not in response.text
        assert REAL_KEY not in str(response.headers)


async def test_a_key_that_is_echoed_in_a_stream_stops_here(lab: Lab, server: ModelServer) -> None:
    """Also in the middle of a stream, and however its letters are escaped."""
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in REAL_KEY)

    async def behave(_: object, writer: asyncio.StreamWriter) -> None:
        await begin_stream(writer, [("x-key", REAL_KEY)])
        await event(writer, chunk(f"your key: {REAL_KEY}"))
        await event(writer, ESCAPED.replace("KEY", escaped))
        await event(writer, chunk(None, "stop"))
        await event(writer, "[DONE]")

    server.behave = behave
    await lab.give("a")
    response = await lab.chat("a", stream=True)
    told = events(response)
    assert told[0]["choices"][0]["delta"]["content"] == "your key: [removed]"
    assert told[1]["choices"][0]["delta"]["content"] == "[removed]"
    assert REAL_KEY not in response.text


async def test_a_redirect_takes_the_key_nowhere(lab: Lab, server: ModelServer) -> None:
    """A provider's address that leads elsewhere is not followed with the operator's key."""
    async with ModelServer(answers()) as elsewhere:
        target = [("location", f"{elsewhere.base_url}/chat/completions")]
        for status in (301, 302, 307, 308):
            server.behave = says(status, b"", headers=target)
            await lab.give("a")
            assert (await lab.chat("a")).json()["error"]["code"] == "provider_redirects"
        assert elsewhere.seen == []


@pytest.mark.parametrize(
    "base_url", ["http://provider.example/v1", "ftp://127.0.0.1/", "file:///etc/passwd", "",
                 "https://user:pass@provider.example/", "http://127.0.0.1.provider.example/"]
)
async def test_the_key_goes_nowhere_in_the_clear(lab: Lab, base_url: str) -> None:
    """A provider's address that is neither TLS nor on this machine is refused when used, too."""
    await lab.provide(base_url)
    await lab.give("a")
    response = await lab.chat("a")
    assert response.json()["error"]["code"] == "provider_unusable"


async def test_the_demo_model_tells_no_other_tenants_words(lab: Lab) -> None:
    """The demo model keeps nothing between calls."""
    await lab.provide("", kind="demo", key="")
    await lab.give("a")
    await lab.give("b")
    await lab.chat("a", messages=[{"role": "user", "content": "the word is whale"}])
    assert "whale" not in (await lab.chat("b")).text
    assert chat_body()["messages"][0]["content"] in (await lab.chat("b")).text
