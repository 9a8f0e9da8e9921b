"""The webhook end to end over a real store and real receivers: what is told, in which order, and
what a hostile receiver can do about it."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from stateroom.errors import NoCapacity
from stateroom.settings import Settings
from stateroom.steward.webhook import LONGEST_REST, LOOK, WebhookSender
from stateroom.store import webhook_outbox
from stateroom.store.webhook_delivery import Deliveries, Result
from stateroom.store.webhook_outbox import PAUSES, Delivery
from tests.integration.store_lab import Lab, lab

pytestmark = pytest.mark.usefixtures("either_database")

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
BOTH = ("tenant.ready", "tenant.failed")


@dataclass
class Receiver:
    """A server of the operator's. answer: what it does, 200 unless said."""

    url: str = ""
    heard: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    answer: Answer | None = None

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.bodies.append(body)
        self.heard.append(json.loads(body) if body else {})
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        return await self.answer(request) if self.answer else web.Response()

    @property
    def told(self) -> list[tuple[str, str]]:
        return [(message["type"], message["data"]["slug"]) for message in self.heard]


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", made.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    made.url = f"http://127.0.0.1:{port}/hooks?of=stateroom"
    yield made
    await runner.cleanup()


def status(code: int) -> Answer:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=code, text="a secret of the receiver's")

    return answer


def sender(it: Lab, seconds: float = 5.0) -> WebhookSender:
    outbox = Deliveries(it.database, it.clock)
    return WebhookSender(outbox, it.opener, Settings(home=it.path), it.clock, seconds)


async def sent(it: Lab, seconds: float = 5.0) -> None:
    """Everything that is due has been tried."""
    while await sender(it, seconds).send_due():
        pass


def verified(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """As a receiver checks it, by the words of the standard."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    wanted = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return f"v1,{wanted}" in headers["webhook-signature"].split(" ")


async def hook(it: Lab, url: str, *events: str) -> str:
    _, secret = await it.store.webhooks.put(url, events or BOTH)
    return secret.reveal() if secret else ""


async def last(it: Lab) -> tuple[int, str]:
    found = await it.store.webhooks.get()
    assert found is not None
    return found.last_status, found.last_detail


async def test_ready_and_failed_are_told_signed(tmp_path: Path) -> None:
    """In the standard's form: id, time and signature in headers, type, time and the tenant in the
    body; who has the secret can tell that it is from us."""
    async with lab(tmp_path) as it, receiver() as there:
        secret = await hook(it, there.url)
        made = await it.tenant("acme", name="Acme & Söhne")
        await it.report("acme")
        await sent(it)
        assert there.heard == [
            {
                "type": "tenant.ready",
                "timestamp": "2027-01-15T08:00:00.000Z",
                "data": {
                    "id": made.tenant.id, "slug": "acme", "name": "Acme & Söhne",
                    "blueprint": "support-agent", "revision": 1, "phase": "ready", "reason": "",
                    "url": "https://acme.t.localhost:8443/",
                },
            }
        ]  # fmt: skip
        headers, body = there.headers[0], there.bodies[0]
        assert headers["webhook-timestamp"] == "1800000000"
        assert headers["content-type"] == "application/json"
        assert verified(secret, headers, body)
        assert not verified(secret, headers, body + b" ")
        assert not verified(secret, headers | {"webhook-timestamp": "1800000001"}, body)
        await it.report("acme", "failed", reason="It ends by itself.")
        await sent(it)
        assert there.heard[1]["data"]["reason"] == "It ends by itself."
        assert there.told == [("tenant.ready", "acme"), ("tenant.failed", "acme")]
        assert await last(it) == (200, "Accepted.")


async def test_each_generation_is_told_once(tmp_path: Path) -> None:
    """A status that says the same again is no news; a change that is in force is."""
    async with lab(tmp_path) as it, receiver() as there:
        await hook(it, there.url)
        await it.tenant("acme")
        await it.report("acme", "starting")
        await it.report("acme")
        await it.report("acme", reason="Well.")
        await it.store.tenants.restart("acme", safe_mode=False)
        await it.report("acme", applied_generation=1)
        await it.report("acme")
        await sent(it)
        assert there.told == [("tenant.ready", "acme")] * 2
        for phase in ("failed", "failed", "starting", "failed", "degraded", "ready"):
            await it.report("acme", phase)
        await sent(it)
        kinds = [kind for kind, _ in there.told[2:]]
        assert kinds == ["tenant.failed", "tenant.failed", "tenant.ready"]


async def test_only_what_is_asked_for_is_told(tmp_path: Path) -> None:
    """No webhook, no message; one for failures hears of them alone; none of before is made up."""
    async with lab(tmp_path) as it, receiver() as there:
        await it.tenant("acme")
        await it.report("acme")
        await hook(it, there.url, "tenant.failed")
        await it.report("acme", "starting")
        await it.report("acme")
        await it.report("acme", "failed")
        await sent(it)
        assert there.told == [("tenant.failed", "acme")]


async def test_what_is_not_taken_is_sent_again_and_in_order(tmp_path: Path) -> None:
    """The same id and bytes each time; the tenant's next message waits, another tenant's does
    not."""
    async with lab(tmp_path) as it, receiver() as there:
        await hook(it, there.url)
        await it.tenant("acme")
        await it.report("acme")
        await it.report("acme", "failed")
        there.answer = status(500)
        await sent(it)
        there.answer = None
        await it.tenant("globex")
        await it.report("globex")
        await sent(it)
        assert there.told == [("tenant.ready", "acme"), ("tenant.ready", "globex")]
        it.clock.pass_(PAUSES[0])
        await sent(it)
        assert there.told[2:] == [("tenant.ready", "acme"), ("tenant.failed", "acme")]
        assert there.bodies[0] == there.bodies[2]
        assert there.headers[0]["webhook-id"] == there.headers[2]["webhook-id"]
        assert there.headers[2]["webhook-timestamp"] != there.headers[0]["webhook-timestamp"]
        assert len({headers["webhook-id"] for headers in there.headers}) == 3


async def test_pauses_grow_to_a_day_and_then_it_is_given_up_and_said(tmp_path: Path) -> None:
    """Not before its time, not for ever: then it is counted as dead, stands in the events, and the
    tenant's next message goes out."""
    async with lab(tmp_path) as it, receiver() as there:
        await hook(it, there.url)
        await it.tenant("acme")
        await it.report("acme")
        there.answer = status(503)
        for attempt, pause in enumerate(PAUSES, start=1):
            await sent(it)
            it.clock.pass_(pause - 1)
            await sent(it)
            assert len(there.heard) == attempt
            it.clock.pass_(1)
        await it.report("acme", "failed")
        await sent(it)
        found = await it.store.webhooks.get()
        assert found is not None
        assert (found.waiting, found.dead) == (1, 1)
        assert max(PAUSES) == 86_400
        events = await it.store.events.newest(5, kinds=("audit",))
        assert events[-1].data == {
            "action": "webhook_gave_up", "type": "tenant.ready", "tenant": "acme",
            "attempts": len(PAUSES) + 1,
        }  # fmt: skip
        there.answer = None
        await sent(it)
        assert there.told[-1] == ("tenant.failed", "acme")
        it.clock.pass_(31 * 24 * 3600)
        await it.steward.prune()
        found = await it.store.webhooks.get()
        assert found is not None
        assert found.dead == 0


async def test_a_crash_after_sending_sends_again(tmp_path: Path) -> None:
    """At least once: what was not written down as taken is not taken."""
    async with lab(tmp_path) as it, receiver() as there:
        await hook(it, there.url)
        await it.tenant("acme")
        await it.report("acme")

        class Crashing(Deliveries):
            async def note(self, *_: object) -> None:
                raise RuntimeError("the power is gone")

        crashing = WebhookSender(
            Crashing(it.database, it.clock), it.opener, Settings(home=it.path), it.clock
        )
        with pytest.raises(RuntimeError):
            await crashing.send_due()
        await sent(it)
        assert len(there.heard) == 2
        assert there.bodies[0] == there.bodies[1]


async def test_one_that_cannot_be_noted_takes_no_other_along(tmp_path: Path) -> None:
    """What came of the others is written down, so they are not sent again."""
    async with lab(tmp_path) as it, receiver() as there:
        await hook(it, there.url)
        for slug in ("acme", "globex"):
            await it.tenant(slug)
            await it.report(slug)

        class Picky(Deliveries):
            async def note(self, delivery: Delivery, url: str, result: Result) -> None:
                if delivery.body["data"]["slug"] == "acme":
                    raise NoCapacity("the disk below the database is full")
                await super().note(delivery, url, result)

        picky = WebhookSender(
            Picky(it.database, it.clock), it.opener, Settings(home=it.path), it.clock
        )
        with pytest.raises(NoCapacity):
            await picky.send_due()
        await sent(it)
        assert sorted(there.told) == [("tenant.ready", "acme")] * 2 + [("tenant.ready", "globex")]


async def test_a_database_that_takes_no_writes_is_no_flood(tmp_path: Path) -> None:
    """The same message goes out after longer and longer rests, up to a minute; once it can be
    noted it is not sent again, and the next one goes out as soon as ever."""
    async with lab(tmp_path) as it, receiver() as there:
        await hook(it, there.url)
        await it.tenant("acme")
        await it.report("acme")
        rests: list[float] = []

        class Full(Deliveries):
            async def note(self, delivery: Delivery, url: str, result: Result) -> None:
                if len(rests) < 8:
                    raise NoCapacity("the disk below the database is full")
                await super().note(delivery, url, result)

        async def rest(seconds: float) -> None:
            rests.append(seconds)
            if len(rests) == 10:
                raise asyncio.CancelledError

        full = WebhookSender(
            Full(it.database, it.clock), it.opener, Settings(home=it.path), it.clock, sleep=rest
        )
        with pytest.raises(asyncio.CancelledError):
            await full.run()
        assert rests == [2, 4, 8, 16, 32, LONGEST_REST, LONGEST_REST, LONGEST_REST, LOOK, LOOK]
        assert there.told == [("tenant.ready", "acme")] * 9


async def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    """A receiver cannot send our messages, or us, elsewhere: it is told as what it is."""
    async with lab(tmp_path) as it, receiver() as there, receiver() as elsewhere:
        await hook(it, there.url)
        await it.tenant("acme")
        await it.report("acme")

        async def lead_away(_: web.Request) -> web.StreamResponse:
            raise web.HTTPTemporaryRedirect(elsewhere.url)

        there.answer = lead_away
        await sent(it)
        assert len(there.heard) == 1
        assert elsewhere.heard == []
        code, detail = await last(it)
        assert code == 307
        assert "not followed" in detail


async def test_a_huge_and_endless_answer_is_not_read(tmp_path: Path) -> None:
    """The status is all that counts; the connection is cut in the middle of the rest."""
    cut = asyncio.Event()

    async def flood(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"x" * 65536)
        finally:
            cut.set()

    async with lab(tmp_path) as it, receiver() as there:
        await hook(it, there.url)
        await it.tenant("acme")
        await it.report("acme")
        there.answer = flood
        await sent(it)
        assert await last(it) == (200, "Accepted.")
        await asyncio.wait_for(cut.wait(), 10)


async def test_a_slow_receiver_is_left_waiting_and_holds_up_no_other_tenant(
    tmp_path: Path,
) -> None:
    """It hears the question, says nothing, and is asked again later."""

    async def sleep_on_acme(request: web.Request) -> web.StreamResponse:
        if json.loads(await request.read())["data"]["slug"] == "acme":
            await asyncio.sleep(60)
        return web.Response()

    async with lab(tmp_path) as it, receiver() as there:
        await hook(it, there.url)
        for slug in ("acme", "globex"):
            await it.tenant(slug)
            await it.report(slug)
        there.answer = sleep_on_acme
        await sent(it, seconds=0.3)
        assert sorted(there.told) == [("tenant.ready", "acme"), ("tenant.ready", "globex")]
        found = await it.store.webhooks.get()
        assert found is not None
        assert (found.waiting, found.dead) == (1, 0)


@pytest.mark.parametrize(
    "noise",
    [
        b"", b"SSH-2.0-OpenSSH_9\r\n", b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 100_000,
        b"HTTP/1.1 999999 ?\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"\x00" * 500,
    ],
)  # fmt: skip
async def test_what_is_no_http_is_told_without_its_words(tmp_path: Path, noise: bytes) -> None:
    """Whatever listens there: a sentence of ours, none of its bytes, and later another attempt."""

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(noise)
        writer.close()

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    async with lab(tmp_path) as it, server:
        await hook(it, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
        await it.tenant("acme")
        await it.report("acme")
        await sent(it, seconds=2)
        code, detail = await last(it)
        assert code == 0
        assert detail in (
            "It did not answer as HTTP does, or broke off.", "It did not answer within 2 s.",
        )  # fmt: skip


async def test_an_answer_s_words_are_kept_nowhere(tmp_path: Path) -> None:
    """What is behind the address cannot be read through us."""
    async with lab(tmp_path) as it, receiver() as there:
        await hook(it, there.url)
        await it.tenant("acme")
        await it.report("acme")
        there.answer = status(404)
        await sent(it)
        assert await last(it) == (404, "It answered 404; 200 to 299 accepts a message.")
        assert b"a secret of the receiver" not in it.stored()


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://nobody.invalid/"])
async def test_nobody_there_is_told(tmp_path: Path, url: str) -> None:
    """Refused, or no such name."""
    async with lab(tmp_path) as it:
        await hook(it, url)
        await it.tenant("acme")
        await it.report("acme")
        await sent(it)
        code, detail = await last(it)
        assert code == 0
        assert detail.startswith("It cannot be reached: ")


async def test_a_secret_is_changed_without_losing_a_message(tmp_path: Path) -> None:
    """For a day both sign; then the new one alone. Neither is in the database as it is."""
    async with lab(tmp_path) as it, receiver() as there:
        old = await hook(it, there.url)
        record, made = await it.store.webhooks.put(there.url, BOTH, rotate=True)
        assert made is not None
        new = made.reveal()
        assert new != old
        assert old.encode() not in it.stored()
        assert base64.b64decode(new.removeprefix("whsec_")) not in it.stored()
        assert new not in repr(record)
        for seconds, olds in ((0, True), (24 * 3600, False)):
            it.clock.pass_(seconds)
            await it.store.webhooks.test()
            await sent(it)
            headers, body = there.headers[-1], there.bodies[-1]
            assert verified(new, headers, body)
            assert verified(old, headers, body) is olds


async def test_a_test_is_tried_once_and_hastens_the_others_when_it_is_taken(
    tmp_path: Path,
) -> None:
    """It means no tenant; a receiver that is well again need not wait hours for what it missed."""
    async with lab(tmp_path) as it, receiver() as there:
        await hook(it, there.url)
        await it.tenant("acme")
        await it.report("acme")
        there.answer = status(500)
        await it.store.webhooks.test()
        await sent(it)
        assert sorted(there.told) == [("tenant.ready", "acme"), ("webhook.test", "example")]
        it.clock.pass_(1)
        await sent(it)
        assert len(there.heard) == 2
        there.answer = None
        await it.store.webhooks.test()
        await sent(it)
        assert there.told[2:] == [("webhook.test", "example"), ("tenant.ready", "acme")]


async def test_another_address_gets_what_waits_and_none_gets_nothing(tmp_path: Path) -> None:
    """A new receiver hears the old one's messages at once; a webhook that is removed takes them
    with it, and a result of the old address is not shown as the new one's."""
    async with lab(tmp_path) as it, receiver() as there:
        await hook(it, "http://127.0.0.1:1/")
        await it.tenant("acme")
        await it.report("acme")
        await sent(it)
        assert (await last(it))[0] == 0
        assert await hook(it, there.url) == ""
        assert await last(it) == (0, "")
        await sent(it)
        assert there.told == [("tenant.ready", "acme")]
        await it.report("acme", "failed")
        await it.store.webhooks.delete()
        assert await it.store.webhooks.get() is None
        await hook(it, there.url)
        await sent(it)
        assert len(there.heard) == 1


async def test_the_outbox_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A receiver that is gone for weeks fills no disk: beyond the bound messages are given up, and
    of those the newest are kept."""
    monkeypatch.setattr(webhook_outbox, "MOST_WAITING", 2)
    monkeypatch.setattr(webhook_outbox, "MOST_DEAD", 1)
    async with lab(tmp_path) as it:
        await hook(it, "http://127.0.0.1:1/")
        await it.tenant("acme")
        for phase in ("ready", "failed", "ready", "failed"):
            await it.report("acme", phase)
        found = await it.store.webhooks.get()
        assert found is not None
        assert (found.waiting, found.dead) == (2, 2)
        await it.steward.prune()
        found = await it.store.webhooks.get()
        assert found is not None
        assert (found.waiting, found.dead) == (2, 1)


async def test_a_secret_that_does_not_open_is_said(tmp_path: Path) -> None:
    """A database under another installation's key: nothing is sent unsigned."""
    from stateroom.store.sealing import Opener, new_keypair

    async with lab(tmp_path) as it, receiver() as there:
        await hook(it, there.url)
        await it.store.webhooks.test()
        outbox = Deliveries(it.database, it.clock)
        other = Opener(new_keypair()[0])
        await WebhookSender(outbox, other, Settings(home=it.path), it.clock).send_due()
        assert there.heard == []
        assert "have a new one made" in (await last(it))[1]
