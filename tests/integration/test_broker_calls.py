"""Model calls through a real broker, on real sockets, to stand-ins of providers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from stateroom.broker.upstream import Upstream
from tests.stubs.broker_lab import REAL_KEY, Lab, broker_lab, chat_body, events, key_sha
from tests.stubs.model_server import (
    ModelServer,
    answers,
    begin_stream,
    breaks_off,
    chunk,
    event,
    hangs,
    says,
    streams,
)


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Lab]:
    async with broker_lab(tmp_path, upstream=Upstream(read_seconds=2)) as made:
        await made.give("a")
        yield made


async def test_a_call_is_answered_and_counted(lab: Lab) -> None:
    """A plain call reaches the provider with its real key and is counted with its usage."""
    async with ModelServer(answers("hello")) as server:
        await lab.provide(server.base_url)
        response = await lab.chat("a")
    assert response.status_code == 200
    assert response.json()["choices"][0]["message"]["content"] == "hello"
    assert server.seen[0].target == "/v1/chat/completions"
    assert server.seen[0].header("authorization") == f"Bearer {REAL_KEY}"
    assert server.seen[0].json == chat_body()
    assert await lab.taken("a") == (1, 10, 5)


async def test_cost_is_counted_by_the_providers_prices(lab: Lab) -> None:
    """The cost is input and output at their own prices per million tokens."""
    async with ModelServer(answers(usage=(1000, 100))) as server:
        await lab.provide(server.base_url, prices={"m": {"input": 3.0, "output": 15.0}})
        await lab.chat("a")
    (day,) = await lab.usage("a")
    assert day["cost_usd"] == pytest.approx(0.003 + 0.0015)


async def test_a_stream_passes_piece_by_piece(lab: Lab) -> None:
    """The first piece is there while the provider has not said the second."""
    gate = asyncio.Event()
    async with ModelServer(streams(("one", "two"), gate=gate)) as server:
        await lab.provide(server.base_url)
        body = json.dumps(chat_body(stream=True)).encode()
        async with lab.client.stream(
            "POST", "/v1/chat/completions", content=body, headers={"authorization": "Bearer a"}
        ) as response:
            lines = response.aiter_lines()
            first = json.loads((await anext(lines)).removeprefix("data: "))
            assert first["choices"][0]["delta"]["content"] == "one"
            gate.set()
            rest = [line async for line in lines]
    assert any("two" in line for line in rest)
    assert rest[-2:] == ["data: [DONE]", ""] or rest[-1] == "data: [DONE]"


async def test_usage_is_always_asked_for_and_hidden_when_not_wanted(lab: Lab) -> None:
    """A stream is counted although its cabin did not ask for usage, and shows none."""
    async with ModelServer(streams()) as server:
        await lab.provide(server.base_url)
        response = await lab.chat("a", stream=True)
    assert server.seen[0].json["stream_options"] == {"include_usage": True}
    assert "usage" not in response.text
    assert events(response)[-1] == "[DONE]"
    assert await lab.taken("a") == (1, 10, 5)


async def test_usage_is_shown_when_it_was_asked_for(lab: Lab) -> None:
    """A cabin that asks for the usage gets it as the last chunk, as from OpenAI."""
    async with ModelServer(streams()) as server:
        await lab.provide(server.base_url)
        response = await lab.chat("a", stream=True, stream_options={"include_usage": True})
    last = events(response)[-2]
    assert last["choices"] == []
    assert last["usage"]["total_tokens"] == 15


async def test_models_are_those_of_the_grant(lab: Lab) -> None:
    """The list of models is the grant's, in its order."""
    response = await lab.client.get("/v1/models", headers={"authorization": "Bearer a"})
    assert [model["id"] for model in response.json()["data"]] == ["m", "n"]


async def test_a_grant_is_in_force_and_gone_at_once(lab: Lab) -> None:
    """Grants act on the very next request, however fast they change. The model of the grant before
    is honoured a little longer, for a runtime that has not taken over the change; no other is."""
    async with ModelServer(answers()) as server:
        await lab.provide(server.base_url)
        for round_number in range(30):
            await lab.give("b", models=("m",))
            assert (await lab.chat("b")).status_code == 200, round_number
            await lab.give("b", models=("n",))
            assert (await lab.chat("b", model="n")).status_code == 200, round_number
            assert (await lab.chat("b")).status_code == 200, round_number
            assert (await lab.chat("b", model="neither")).status_code == 404, round_number
            await lab.grants.remove(key_sha("b"))
            assert (await lab.chat("b")).status_code == 401, round_number


async def test_a_changed_key_of_the_provider_is_used_by_the_next_call(lab: Lab) -> None:
    """A provider that is stored again replaces its key at once."""
    async with ModelServer(answers()) as server:
        await lab.provide(server.base_url)
        await lab.chat("a")
        await lab.provide(server.base_url, key="sk-another")
        await lab.chat("a")
    assert [seen.header("authorization") for seen in server.seen] == [
        f"Bearer {REAL_KEY}", "Bearer sk-another",
    ]


async def test_before_the_steward_came_the_answer_is_not_now(tmp_path: Path) -> None:
    """Without its folder the broker says 503 and not that the key is bad: OpenClaw would not
    use the key again for minutes."""
    async with broker_lab(tmp_path) as lab:
        response = await lab.chat("a")
        assert response.status_code == 503
        await lab.give("a")
        assert (await lab.chat("a")).status_code == 503
        await lab.provide("", kind="demo")
        assert (await lab.chat("a")).status_code == 200
        await lab.grants.remove_provider("main")
        assert (await lab.chat("a")).json()["error"]["code"] == "provider_unknown"


async def test_a_provider_that_hangs_up_early_costs_nothing(lab: Lab) -> None:
    """A provider that closes without a word is a 502, and what was reserved comes back."""
    async with ModelServer(_closes) as server:
        await lab.provide(server.base_url)
        await lab.give("a", monthly_budget_usd=60)
        for _ in range(4):
            assert (await lab.chat("a")).status_code == 502
        server.behave = answers()
        assert (await lab.chat("a")).status_code == 200
    assert await lab.taken("a") == (1, 10, 5)


async def test_a_provider_that_is_not_there_is_a_502(lab: Lab) -> None:
    """An address where nobody listens is said in a sentence, without the address."""
    async with ModelServer(answers()) as server:
        address = server.base_url
    await lab.provide(address)
    response = await lab.chat("a")
    assert response.status_code == 502
    assert "cannot be reached" in response.json()["error"]["message"]
    assert "127.0.0.1" not in response.text


async def test_a_provider_that_never_answers_is_given_up(lab: Lab) -> None:
    """A provider that hangs is given up after the time-out, refunded, and cut off."""
    async with ModelServer(hangs) as server:
        await lab.provide(server.base_url)
        response = await lab.chat("a")
        await asyncio.wait_for(server.cut.wait(), 10)
    assert response.status_code == 502
    assert "in time" in response.json()["error"]["message"]
    assert await lab.taken("a") == (0, 0, 0)


async def test_a_stream_that_breaks_off_ends_with_an_error(lab: Lab) -> None:
    """A stream without its end is never passed off as a whole one; what came is charged."""
    async with ModelServer(breaks_off(("12345678",))) as server:
        await lab.provide(server.base_url)
        response = await lab.chat("a", stream=True)
    told = events(response)
    assert told[0]["choices"][0]["delta"]["content"] == "12345678"
    assert told[-1]["error"]["code"] == "provider_failed"
    assert "[DONE]" not in told
    requests, sent, made = await lab.taken("a")
    assert (requests, made) == (1, 4)
    assert sent > 0


async def test_an_error_in_the_middle_of_a_stream_is_told(lab: Lab) -> None:
    """What a provider reports inside a stream reaches the cabin as OpenAI's error, redacted."""

    async def behave(_: object, writer: asyncio.StreamWriter) -> None:
        await begin_stream(writer)
        await event(writer, chunk("x"))
        await event(writer, {"error": {"message": f"overloaded {REAL_KEY}"}})

    async with ModelServer(behave) as server:
        await lab.provide(server.base_url)
        told = events(await lab.chat("a", stream=True))
    assert "overloaded [removed]" in told[-1]["error"]["message"]


@pytest.mark.parametrize(
    ("status", "seen_as", "code"),
    [
        (400, 400, "provider_refused"), (404, 404, "provider_refused"),
        (401, 400, "provider_key_refused"), (402, 400, "provider_key_refused"),
        (403, 400, "provider_key_refused"), (429, 429, "provider_rate_limited"),
        (500, 502, "provider_failed"), (529, 502, "provider_failed"),
        (302, 400, "provider_redirects"), (204, 502, "provider_failed"),
    ],
)
async def test_a_providers_refusal_is_told_and_refunded(
    lab: Lab, status: int, seen_as: int, code: str
) -> None:
    """Each refusal has OpenAI's form, the status its client acts well on, and costs nothing."""
    body = json.dumps({"error": {"message": "because of me"}}).encode() if status != 204 else b""
    headers = [("location", "http://127.0.0.1:1/elsewhere"), ("retry-after", "7")]
    async with ModelServer(says(status, body, headers=headers)) as server:
        await lab.provide(server.base_url)
        for stream in (False, True):
            response = await lab.chat("a", stream=stream)
            assert response.status_code == seen_as
            assert response.json()["error"]["code"] == code
    if status == 429:
        assert response.headers["retry-after"] == "7"
    assert len(server.seen) == 2
    assert await lab.taken("a") == (0, 0, 0)


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'{"x": 1}', b'{"error": "no"}', b"\xff\xfe", b"[" * 100_000]
)
async def test_garbage_from_a_provider_is_a_502(lab: Lab, body: bytes) -> None:
    """Whatever a provider answers that is no completion is a 502, and costs nothing."""
    async with ModelServer(says(200, body)) as server:
        await lab.provide(server.base_url)
        response = await lab.chat("a")
    assert (response.status_code, response.json()["error"]["type"]) == (502, "server_error")
    assert await lab.taken("a") == (0, 0, 0)


async def test_an_answer_without_an_end_is_a_502(lab: Lab) -> None:
    """An answer that is larger than any model's is not kept, however well it is formed."""
    async with ModelServer(answers("x" * (33 * 1024 * 1024))) as server:
        await lab.provide(server.base_url)
        response = await lab.chat("a")
    assert response.status_code == 502
    assert "too long" in response.json()["error"]["message"]


@pytest.mark.parametrize(
    "body", [b"", b"data: nonsense\n\n", b"data: []\n\n", b"data: \xff\n\n", b"data: {}\n\n",
             b"x" * (9 * 1024 * 1024)]
)
async def test_garbage_in_a_stream_is_a_502(lab: Lab, body: bytes) -> None:
    """A stream that is none is a 502 while nothing was passed on, also one without an end."""
    async with ModelServer(says(200, body, "text/event-stream")) as server:
        await lab.provide(server.base_url)
        response = await lab.chat("a", stream=True)
    assert response.status_code == 502
    assert await lab.taken("a") == (0, 0, 0)


async def test_no_usage_is_counted_by_what_was_seen(lab: Lab) -> None:
    """A provider that tells no usage does not make calls free."""
    async with ModelServer(streams(("12345678",), usage=None)) as server:
        await lab.provide(server.base_url)
        await lab.chat("a", stream=True)
        requests, sent, made = await lab.taken("a")
    assert (requests, made) == (1, 4)
    assert sent > 0


async def test_a_hang_up_cuts_the_provider_off_and_is_charged(lab: Lab) -> None:
    """Hanging up ends the provider's work, and does not make what was made free."""
    async with ModelServer(streams(("12345678", "x"), gate=asyncio.Event())) as server:
        await lab.provide(server.base_url)
        body = json.dumps(chat_body(stream=True)).encode()
        async with lab.client.stream(
            "POST", "/v1/chat/completions", content=body, headers={"authorization": "Bearer a"}
        ) as response:
            await anext(response.aiter_lines())
        await asyncio.wait_for(server.cut.wait(), 10)
    _, sent, made = await lab.settled("a", 1)
    assert sent > 0
    assert 4 <= made <= 10


async def test_a_hang_up_before_the_first_word_is_charged(lab: Lab) -> None:
    """Who hangs up while the provider still thinks pays for the thinking."""
    async with ModelServer(hangs) as server:
        await lab.provide(server.base_url)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(lab.chat("a", max_tokens=1), 0.5)
        await asyncio.wait_for(server.cut.wait(), 10)
    requests, sent, made = await lab.settled("a", 1)
    assert (requests, made) == (1, 1)
    assert sent > 0


async def test_the_demo_model_needs_nobody(lab: Lab) -> None:
    """The demo provider answers whole and streamed the same, and is counted."""
    await lab.provide("", kind="demo", key="", prices={})
    whole = await lab.chat("a", model="n")
    streamed = events(await lab.chat("a", model="n", stream=True))
    text = whole.json()["choices"][0]["message"]["content"]
    assert "Model asked for: n\n" in text
    assert "".join(c["choices"][0]["delta"].get("content", "") for c in streamed[:-1]) == text
    assert (await lab.taken("a"))[0] == 2


async def test_anthropic_is_spoken_where_the_provider_is_of_that_kind(lab: Lab) -> None:
    """A cabin's chat reaches an Anthropic provider as a message, and comes back as a chat."""
    message = {"type": "message", "id": "msg_1", "model": "m", "stop_reason": "end_turn",
               "content": [{"type": "text", "text": "bonjour"}],
               "usage": {"input_tokens": 7, "output_tokens": 3}}
    async with ModelServer(says(200, json.dumps(message).encode())) as server:
        await lab.provide(server.base_url, kind="anthropic")
        response = await lab.chat("a")
    assert server.seen[0].target == "/v1/messages"
    assert server.seen[0].header("x-api-key") == REAL_KEY
    assert server.seen[0].header("authorization") is None
    assert response.json()["choices"][0]["message"]["content"] == "bonjour"
    assert await lab.taken("a") == (1, 7, 3)


async def test_usage_answers_on_the_unix_socket_only(lab: Lab) -> None:
    """The steward's side is not there on TCP, nor the cabins' side on the socket."""
    assert (await lab.client.get("/usage/tenant-a")).status_code == 404
    assert (await lab.ask_steward_side("/v1/models")).status_code == 404
    assert (await lab.ask_steward_side("/usage/nobody")).json() == {"days": []}
    assert (await lab.ask_steward_side("/usage/x?days=0")).status_code == 400
    assert (await lab.ask_steward_side("/usage/x", "POST")).status_code == 404
    assert ((lab.home / "run/broker/broker.sock").stat().st_mode & 0o777) == 0o660


async def _closes(_: object, writer: asyncio.StreamWriter) -> None:
    writer.close()
