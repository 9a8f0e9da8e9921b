"""What a hostile cabin tries on the broker, over real sockets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from stateroom.broker.limits import MIB, Bounds
from tests.stubs.broker_lab import REAL_KEY, Lab, broker_lab, chat_body, key_sha
from tests.stubs.model_server import ModelServer, answers, hangs, streams

SMALL = Bounds(calls=4, body=2 * MIB, cabin_bytes=3 * MIB, total_bytes=4 * MIB,
               body_seconds=0.5, header_seconds=0.5, connections=8)


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with ModelServer(answers()) as made:
        yield made


@pytest.fixture
async def lab(tmp_path: Path, server: ModelServer) -> AsyncIterator[Lab]:
    async with broker_lab(tmp_path) as made:
        await made.provide(server.base_url)
        await made.give("a")
        await made.give("b", models=("n",))
        yield made


@pytest.fixture
async def tight(tmp_path: Path, server: ModelServer) -> AsyncIterator[Lab]:
    """A broker whose bounds are small enough to run into."""
    async with broker_lab(tmp_path, SMALL) as made:
        await made.provide(server.base_url)
        await made.give("a")
        await made.give("b")
        yield made


async def raw(lab: Lab, data: bytes, source: str = "127.0.0.1") -> bytes:
    """Everything that comes back for exactly these bytes, until the broker closes."""
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", lab.broker.port, local_addr=(source, 0)
    )
    try:
        writer.write(data)
        return await asyncio.wait_for(reader.read(), 20)
    except ConnectionError:
        return b""
    finally:
        writer.close()


def request(line: str, *headers: str, body: bytes = b"") -> bytes:
    head = [line, "host: broker", "connection: close", f"content-length: {len(body)}", *headers]
    return "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body


AS_A = "authorization: Bearer a"
CHAT = json.dumps(chat_body()).encode()


NO_KEYS: list[list[str]] = [
    [], ["authorization:"], ["authorization: Bearer"], ["authorization: Bearer "],
    ["authorization: Bearer nobody"], ["authorization: Basic YTph"], ["authorization: a"],
    [AS_A, "authorization: Bearer b"], ["x-api-key: a"], ["cookie: authorization=Bearer a"],
    [f"authorization: Bearer {key_sha('a')}"], ["authorization: Bearer \xff\xfe"],
    ["authorization: Bearer ../a"], ["proxy-authorization: Bearer a"],
]


async def test_only_a_cabins_own_key_opens(lab: Lab, server: ModelServer) -> None:
    """No key, a wrong one, its hash, two at once, or the key in another place: 401."""
    for headers in NO_KEYS:
        answer = await raw(lab, request("POST /v1/chat/completions HTTP/1.1", *headers, body=CHAT))
        assert answer.startswith(b"HTTP/1.1 401 "), headers
    assert server.seen == []


async def test_a_removed_grant_gives_nothing(lab: Lab, server: ModelServer) -> None:
    """A key whose grant was removed is as good as none, from the next request on."""
    await lab.grants.remove(key_sha("a"))
    assert (await lab.chat("a")).status_code == 401
    response = await lab.client.get("/v1/models", headers={"authorization": "Bearer a"})
    assert response.status_code == 401
    assert server.seen == []


async def test_a_key_bound_to_an_address_is_worth_nothing_elsewhere(lab: Lab) -> None:
    """A key that was stolen out of a cabin cannot be used from another cabin's address."""
    await lab.give("bound", address="127.0.0.2")
    message = request("GET /v1/models HTTP/1.1", "authorization: Bearer bound",
                      "x-forwarded-for: 127.0.0.2", "x-real-ip: 127.0.0.2")
    assert (await raw(lab, message, "127.0.0.1")).startswith(b"HTTP/1.1 401 ")
    assert (await raw(lab, message, "127.0.0.2")).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "body",
    [
        chat_body(model="gpt-expensive"), chat_body(model="M"), chat_body(model=" m"),
        chat_body(model="m\u0000"), chat_body(model="m,n,gpt"), chat_body(model="M" * 300),
        chat_body(model=["m"]), chat_body(model=None), chat_body(model="*"),
    ],
)
async def test_only_granted_models_pass(
    lab: Lab, server: ModelServer, body: dict[str, Any]
) -> None:
    """A model that was not granted, however it is written, never reaches the provider."""
    response = await lab.post("a", json.dumps(body).encode())
    assert response.status_code in (400, 404)
    assert response.json()["error"]["message"]
    assert server.seen == []


async def test_a_refused_model_says_what_is_allowed(lab: Lab) -> None:
    """The sentence names the models that the cabin may ask for, and no other cabin's."""
    response = await lab.chat("b", model="m")
    assert response.status_code == 404
    assert response.json()["error"]["code"] == "model_not_found"
    assert response.json()["error"]["message"].endswith("it may ask for: n.")


async def test_what_could_choose_more_than_a_model_is_dropped(
    lab: Lab, server: ModelServer
) -> None:
    """A second `model`, a router's fallbacks, dearer service, the provider's own tools: only
    what is known and what was checked is sent on."""
    body = (
        b'{"model": "gpt-expensive", "models": ["gpt-expensive"], "route": "fallback",'
        b' "service_tier": "priority", "store": true, "metadata": {"a": "b"}, "user": "x",'
        b' "web_search_options": {}, "plugins": [{"id": "web"}], "provider": {"order": []},'
        b' "tools": [{"type": "web_search"}, {"type": "function", "function": {"name": "f"}}],'
        b' "messages": [{"role": "user", "content": "hi"}], "model": "m"}'
    )
    assert (await lab.post("a", body)).status_code == 200
    assert server.seen[0].json == {
        "model": "m",
        "messages": [{"role": "user", "content": "hi"}],
        "tools": [{"type": "function", "function": {"name": "f"}}],
    }


async def test_no_header_of_a_cabin_reaches_the_provider(lab: Lab, server: ModelServer) -> None:
    """What goes out is made by the broker alone, whatever a cabin sends."""
    await raw(lab, request(
        "POST /v1/chat/completions HTTP/1.1", AS_A, "cookie: session=1", "x-api-key: mine",
        "openai-organization: org-1", "x-forwarded-for: 192.0.2.1", "forwarded: for=x",
        "traceparent: 00-1", "user-agent: evil", "accept-encoding: gzip", "te: trailers",
        "x-real-ip: 192.0.2.1", "x-host: evil.example", body=CHAT,
    ))
    names = sorted(name for name, _ in server.seen[0].headers)
    assert names == ["accept", "accept-encoding", "authorization", "content-length",
                     "content-type", "host", "user-agent"]
    assert server.seen[0].header("authorization") == f"Bearer {REAL_KEY}"
    assert server.seen[0].header("user-agent") == "stateroom-broker"


async def test_no_header_of_a_provider_reaches_a_cabin(lab: Lab, server: ModelServer) -> None:
    """Nothing that names the operator's account comes back, and no cookie is kept."""
    server.behave = answers(headers=[
        ("set-cookie", "provider=1"), ("openai-organization", "org-operator"),
        ("x-request-id", "req-1"), ("server", "provider"), ("location", "/x"),
    ])
    first = await lab.chat("a")
    await lab.chat("a")
    assert sorted(first.headers) == ["content-length", "content-type"]
    assert server.seen[1].header("cookie") is None


OTHER_LINES = [
    "POST //v1/chat/completions HTTP/1.1", "POST /v1/chat/completions/ HTTP/1.1",
    "POST /v1/../v1/chat/completions HTTP/1.1", "POST /v1/%2e%2e/v1/chat/completions HTTP/1.1",
    "POST /v1/chat%2Fcompletions HTTP/1.1", "POST /V1/chat/completions HTTP/1.1",
    "POST /v1/chat/completions;x HTTP/1.1", "POST /v1/chat/completions%00 HTTP/1.1",
    "POST /v1/./chat/completions HTTP/1.1", "POST /v1/c%68at/completions HTTP/1.1",
    "POST /v1/embeddings HTTP/1.1", "POST /v1/files HTTP/1.1", "POST / HTTP/1.1",
    "POST /usage/tenant-a HTTP/1.1", "GET /usage/tenant-a HTTP/1.1",
    "GET /v1/chat/completions HTTP/1.1", "PUT /v1/chat/completions HTTP/1.1",
    "OPTIONS * HTTP/1.1", "TRACE /v1/models HTTP/1.1", "HEAD /v1/models HTTP/1.1",
    "DELETE /v1/models HTTP/1.1", "POST /v1/models HTTP/1.1",
]


async def test_other_paths_and_methods_are_not_there(lab: Lab, server: ModelServer) -> None:
    """Only the exact paths exist, as they were sent."""
    for line in OTHER_LINES:
        answer = await raw(lab, request(line, AS_A, body=CHAT))
        assert answer.startswith(b"HTTP/1.1 404 "), line
    assert server.seen == []


async def test_the_broker_is_no_proxy(lab: Lab, server: ModelServer) -> None:
    """Neither an absolute address, nor CONNECT, nor a Host header makes it call anywhere else."""
    port = server.base_url.split(":")[2].split("/")[0]
    for line in (
        f"GET http://127.0.0.1:{port}/v1/models HTTP/1.1",
        f"POST http://127.0.0.1:{port}/v1/chat/completions HTTP/1.1",
        "GET http://169.254.169.254/latest/meta-data HTTP/1.1",
        f"CONNECT 127.0.0.1:{port} HTTP/1.1",
    ):
        answer = await raw(lab, request(line, AS_A, body=CHAT))
        assert answer.startswith(b"HTTP/1.1 404 "), line
    assert server.seen == []
    await raw(lab, request(
        "POST /v1/chat/completions HTTP/1.1", AS_A, "x-forwarded-host: evil.example",
        "x-upstream: http://evil.example", body=CHAT,
    ))
    assert server.seen[0].header("host") == f"127.0.0.1:{port}"


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\x01\x02\x03\r\n\r\n", b"GET\r\n\r\n", b"GET /v1/models HTTP/9.9\r\n\r\n",
        b"GET /v1/models HTTP/1.1\r\n\r\n", b"POST / HTTP/1.1\r\nhost: a\r\nbad header\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: a\r\nx: " + b"y" * 100_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_refused(tight: Lab, data: bytes) -> None:
    """Bytes that are no request are refused or cut off, and the next one is served."""
    answer = await raw(tight, data)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 4")
    assert (await tight.chat("a")).status_code == 200


async def test_a_body_that_is_too_large_is_refused(tight: Lab, server: ModelServer) -> None:
    """Too large is 413, whether its length was announced or not, and nothing is sent on."""
    large = b"x" * (SMALL.body + 1)

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"x" * 65536

    announced = await tight.post("a", large)
    unannounced = await tight.client.post(
        "/v1/chat/completions", content=pieces(), headers={"authorization": "Bearer a"}
    )
    assert (announced.status_code, unannounced.status_code) == (413, 413)
    assert "2 MiB" in announced.json()["error"]["message"]
    assert server.seen == []


async def test_large_bodies_of_one_cabin_do_not_keep_another_out(
    tight: Lab, server: ModelServer
) -> None:
    """One cabin that holds as much as it may is told to wait; another is served meanwhile."""
    server.behave = hangs
    text = "x" * (2 * MIB - 500)
    large = json.dumps(chat_body(messages=[{"role": "user", "content": text}])).encode()
    calls = [asyncio.create_task(tight.post("a", large)) for _ in range(4)]
    first, _ = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
    assert {call.result().status_code for call in first} == {503}
    await server.until_seen(1)
    server.behave = answers()
    assert (await tight.chat("b")).status_code == 200
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)


NO_CHATS = [
    b"", b"null", b"[]", b'"m"', b"{", b'{"model": "m"}', b'{"model": "m", "messages": []}',
    b'{"model": "m", "messages": ["hi"]}', b'{"model": "m", "messages": {"role": "user"}}',
    b'{"model": "m", "messages": [{"role": 1}]}', b"\xff\xfe", b"[" * 1_000_000,
    b'{"model": "m", "messages": [' + b"[]," * 500_000 + b"[]]}",
    b'{"model": "m", "messages": [{"role": "user", "content": ['
    + b"[]," * 500_000 + b"[]]}]}",
    b'{"model": "m", "n": 1e400, "messages": [{"role": "user"}]}',
    b'{"model": "m", "seed": NaN, "messages": [{"role": "user"}]}',
    b'{"model": "m", "max_tokens": -1, "messages": [{"role": "user"}]}',
    b'{"model": "m", "max_tokens": true, "messages": [{"role": "user"}]}',
    b'{"model": "m", "max_tokens": 1e3, "messages": [{"role": "user"}]}',
    b'{"model": "m", "n": 0, "messages": [{"role": "user"}]}',
    b'{"model": "m", "n": 1000000, "messages": [{"role": "user"}]}',
    b'{"model": "m", "stream": "yes", "messages": [{"role": "user"}]}',
    b'{"model": "m", "stream_options": [], "messages": [{"role": "user"}]}',
    b'{"model": "m", "tools": {}, "messages": [{"role": "user"}]}',
    b'{"model": "m", "seed": ' + b"1" * 5000 + b', "messages": [{"role": "user"}]}',
]


async def test_a_body_that_is_no_chat_is_a_400(lab: Lab, server: ModelServer) -> None:
    """Every malformed body gets a sentence, never a failure of ours, and costs nothing."""
    for body in NO_CHATS:
        response = await lab.post("a", body)
        assert response.status_code == 400, body[:100]
        assert response.json()["error"]["type"] == "invalid_request_error"
    assert server.seen == []
    assert await lab.taken("a") == (0, 0, 0)


async def test_half_a_surrogate_pair_passes_as_a_question_mark(
    lab: Lab, server: ModelServer
) -> None:
    """Text that JSON can carry and UTF-8 cannot breaks nothing."""
    body = b'{"model": "m", "messages": [{"role": "user", "content": "a\\ud800b"}]}'
    assert (await lab.post("a", body)).status_code == 200
    assert server.seen[0].json["messages"][0]["content"] == "a?b"


async def test_a_head_that_comes_too_slowly_is_cut_off(tight: Lab) -> None:
    """A connection that never finishes the head of a request does not stay."""
    assert await raw(tight, b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n") == b""
    assert await raw(tight, b"") == b""


async def test_a_second_head_that_comes_too_slowly_is_cut_off(tight: Lab) -> None:
    """Having been served once buys no patience."""
    first = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"
    answer = await raw(tight, first + b"GET /healthz HTTP/1.1\r\n")
    assert answer.count(b"HTTP/1.1 200") == 1


async def test_a_body_that_comes_too_slowly_is_refused(tight: Lab, server: ModelServer) -> None:
    """A body that does not arrive in time is a 408, and its place is free again."""
    slow = (b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer a\r\n"
            b"content-length: 1000\r\n\r\n{")
    answered = await asyncio.gather(*(raw(tight, slow) for _ in range(SMALL.calls)))
    assert all(answer.startswith(b"HTTP/1.1 408 ") for answer in answered)
    assert (await tight.chat("a")).status_code == 200
    assert len(server.seen) == 1


async def test_connections_of_one_address_do_not_use_up_anothers(tight: Lab) -> None:
    """One address may hold so many connections; the others are closed, and another address is
    served meanwhile."""
    held = [await asyncio.open_connection("127.0.0.1", tight.broker.port)
            for _ in range(SMALL.connections)]
    message = request("GET /healthz HTTP/1.1")
    assert await raw(tight, message) == b""
    assert b"200" in await raw(tight, message, "127.0.0.2")
    for _, writer in held:
        writer.close()
        await writer.wait_closed()
    served = b""
    for _ in range(500):
        # The broker notices a moment later that a connection has ended.
        served = served or await raw(tight, message)
    assert b"200" in served


async def test_many_cabins_together_cannot_use_up_the_broker(
    tmp_path: Path, server: ModelServer
) -> None:
    """When all together hold as many connections as there may be, nobody gets another one; who
    holds none yet gets the first."""
    async with broker_lab(tmp_path, replace(SMALL, all_connections=6, header_seconds=60)) as full:
        held = [
            await asyncio.open_connection("127.0.0.1", full.broker.port, local_addr=(source, 0))
            for source in ("127.0.0.2", "127.0.0.3") for _ in range(3)
        ]
        message = request("GET /healthz HTTP/1.1")
        for source in ("127.0.0.2", "127.0.0.3"):
            assert await raw(full, message, source) == b""
        assert b"200" in await raw(full, message, "127.0.0.4")
        for _, writer in held:
            writer.transport.abort()


async def test_calls_of_one_cabin_are_bounded(tight: Lab, server: ModelServer) -> None:
    """A cabin with as many calls as it may have gets 429; another cabin is served."""
    server.behave = hangs
    waiting = [asyncio.create_task(tight.chat("a")) for _ in range(SMALL.calls)]
    await server.until_seen(SMALL.calls)
    refused = await tight.chat("a")
    assert refused.status_code == 429
    assert refused.json()["error"]["code"] == "too_many_requests"
    server.behave = answers()
    transport = httpx.AsyncHTTPTransport(local_address="127.0.0.2", verify=False)
    async with httpx.AsyncClient(transport=transport, base_url=tight.client.base_url) as other:
        response = await other.post("/v1/chat/completions", content=CHAT,
                                    headers={"authorization": "Bearer b"})
    assert response.status_code == 200
    for call in waiting:
        call.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_a_second_request_on_a_connection_needs_its_own_key(lab: Lab) -> None:
    """What came before on the same connection gives nothing to what follows."""
    first = b"GET /v1/models HTTP/1.1\r\nhost: x\r\nauthorization: Bearer a\r\n\r\n"
    answer = await raw(lab, first + request("GET /v1/models HTTP/1.1"))
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.count(b"HTTP/1.1 401 ") == 1


async def test_two_lengths_do_not_hide_a_request(lab: Lab, server: ModelServer) -> None:
    """A request with both a length and chunks is not read as two by the provider's side."""
    hidden = request("POST /v1/chat/completions HTTP/1.1", AS_A, body=CHAT)
    body = b"0\r\n\r\n" + hidden
    answer = await raw(lab, (
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer a\r\n"
        b"transfer-encoding: chunked\r\ncontent-length: %d\r\n\r\n" % len(body)
    ) + body)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert all(seen.json == chat_body() for seen in server.seen)


async def test_who_does_not_read_holds_up_nobody(lab: Lab, server: ModelServer) -> None:
    """A cabin that asks for a stream and never reads it does not slow another one."""
    server.behave = streams(["x" * 60_000] * 400)
    reader, writer = await asyncio.open_connection("127.0.0.1", lab.broker.port, limit=1024)
    writer.write(request("POST /v1/chat/completions HTTP/1.1", AS_A,
                         body=json.dumps(chat_body(stream=True)).encode()))
    await server.until_seen(1)
    server.behave = answers()
    await lab.give("b")
    assert (await asyncio.wait_for(lab.chat("b"), 10)).status_code == 200
    writer.close()
    assert reader is not None


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
async def test_brackets_without_end_are_a_sentence_and_no_trace(
    lab: Lab, server: ModelServer, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    """However deep a request is nested, whichever dialect it would be put into: 400, nothing in
    the log, nothing at the provider."""
    await lab.provide(server.base_url, kind)
    for levels in (150, 600, 950, 90_000):
        brackets = "[" * levels + "]" * levels
        for part in (f'{{"type": "image_url", "image_url": {brackets}}}', brackets):
            body = f'{{"model": "m", "messages": [{{"role": "user", "content": [{part}]}}]}}'
            answer = await lab.post("a", body.encode())
            assert answer.status_code == 400, levels
            assert "nested too deeply" in answer.json()["error"]["message"]
    assert server.seen == []
    assert caplog.records == []
