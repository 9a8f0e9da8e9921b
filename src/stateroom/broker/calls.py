"""One model call from beginning to end: check, reserve, ask, tell, settle.

In two steps. `prepare` is done at once and turns what the cabin sent into what will be sent on:
only one request at a time exists as a tree of values, which can be many times its size. `run`
takes as long as the model does and tells the answer to an `Out` as it comes. Whoever cancels it
(the cabin hung up) cuts off the provider too, and the meter settles what that can have cost.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from stateroom.broker import demo, refusals
from stateroom.broker.anthropic import Anthropic
from stateroom.broker.chat import Terms, limit_output, parse_chat
from stateroom.broker.cost import cost, nano_of
from stateroom.broker.dialect import Dialect, ProviderError, error_text
from stateroom.broker.grants import Grant, Provider, base_url_problem
from stateroom.broker.ledger import Ledger, next_month
from stateroom.broker.meter import Meter
from stateroom.broker.openai import OpenAI
from stateroom.broker.redact import redacted
from stateroom.broker.refusals import Refusal
from stateroom.broker.register import Register
from stateroom.broker.sse import Event, EventReader
from stateroom.broker.upstream import MAX_ERROR_BYTES, Answer, Unreachable, Upstream
from stateroom.errors import Away

log = logging.getLogger("stateroom.broker")

DIALECTS: dict[str, Dialect] = {"openai": OpenAI(), "anthropic": Anthropic()}
MAX_QUOTE = 1000
MAX_LOGGED = 200
MAX_WAIT = 3600
REFUSES_KEY = (401, 402, 403)
REFUSES_REQUEST = (400, 404, 413, 422)


class Out(Protocol):
    """Where an answer goes."""

    async def whole(self, document: dict[str, Any]) -> None: ...

    async def chunk(self, document: dict[str, Any]) -> None:
        """One event of a stream; the first one begins it."""
        ...

    async def alive(self) -> None:
        """Nothing to say yet, but still there."""
        ...

    async def end(self) -> None:
        """The stream is complete."""
        ...


@dataclass(frozen=True, slots=True)
class Prepared:
    """A call that may be made. dialect: None for the demo model. text: the demo model's answer.
    payload: what is sent to the provider."""

    grant: Grant
    provider: Provider
    dialect: Dialect | None
    terms: Terms
    payload: bytes = field(default=b"", repr=False)
    text: str = field(default="", repr=False)


class Calls:
    """wall: seconds since the epoch, for days and months. clock: seconds that only rise."""

    def __init__(
        self,
        register: Register,
        ledger: Ledger,
        upstream: Upstream,
        wall: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._register = register
        self._ledger = ledger
        self._upstream = upstream
        self._wall = wall
        self._clock = clock

    def prepare(self, grant: Grant, body: bytes) -> Prepared:
        """Raises Refusal when the call may not, or cannot, be made."""
        terms, document = parse_chat(body)
        grant = self._grant_for(grant, terms.model)
        provider = self._provider(grant)
        if provider.kind == "demo":
            text = demo.answer_text(terms, document)
            return Prepared(grant, provider, None, terms, text=text)
        dialect = DIALECTS[provider.kind]
        if grant.monthly_budget_usd is not None:
            document = limit_output(document)
        payload = encoded(dialect.request(document))
        return Prepared(grant, provider, dialect, terms, payload)

    async def run(self, call: Prepared, out: Out) -> None:
        """Raises Refusal; after the first chunk, the stream has to end with it."""
        with self._meter(call) as meter:
            if call.dialect is None:
                await self._demo(call, meter, out)
            else:
                await self._ask(call, call.dialect, meter, out)

    def _grant_for(self, grant: Grant, model: str) -> Grant:
        """The grant that names the model: today's, or the one that it just took the place of."""
        if model in grant.models:
            return grant
        former = self._register.former(grant)
        if former is not None and model in former.models:
            return former
        raise refusals.model_not_granted(model, grant.models)

    def _provider(self, grant: Grant) -> Provider:
        provider = self._register.provider(grant.provider)
        if provider is None:
            raise refusals.operator_must_act(
                "provider_unknown",
                f"The model provider {grant.provider} is not set up; the operator has to store it.",
            )
        if provider.kind not in (*DIALECTS, "demo"):
            raise refusals.operator_must_act(
                "provider_unusable", "The model provider is of a kind that the broker cannot speak."
            )
        if problem := base_url_problem(provider.kind, provider.base_url):
            raise refusals.operator_must_act("provider_unusable", problem)
        return provider

    def _meter(self, call: Prepared) -> Meter:
        estimate, price = call.terms.estimate, call.provider.price(call.terms.model)
        budget = call.grant.monthly_budget_usd
        now = self._wall()
        try:
            reservation = self._ledger.reserve(
                call.grant.tenant, now, estimate, cost(estimate, price),
                None if budget is None else nano_of(budget),
            )
        except Away as error:
            raise refusals.not_now(error.message) from error
        if reservation is None:
            raise refusals.over_budget(budget or 0.0, next_month(now))
        return Meter(self._ledger, reservation, estimate, price, self._clock)

    async def _demo(self, call: Prepared, meter: Meter, out: Out) -> None:
        terms, created = call.terms, int(self._wall())
        meter.told(demo.usage(terms, call.text))
        meter.done()
        if not terms.stream:
            await out.whole(demo.completion(terms, call.text, created))
            return
        for chunk in demo.chunks(terms, call.text, created):
            await _pass(terms, chunk, out)
        await out.end()

    async def _ask(self, call: Prepared, dialect: Dialect, meter: Meter, out: Out) -> None:
        key = call.provider.key
        meter.asked()
        try:
            async with self._upstream.ask(
                call.provider, dialect, call.payload, call.terms.stream
            ) as answer:
                if answer.status != 200:
                    meter.failed()
                    raise await _refusal(answer, key)
                if call.terms.stream:
                    await self._stream(call, dialect, answer, meter, out)
                else:
                    await self._whole(call, dialect, answer, meter, out)
        except (Unreachable, ProviderError) as error:
            meter.failed()
            raise refusals.provider_failed(_quoted(str(error), key)) from None

    async def _whole(
        self, call: Prepared, dialect: Dialect, answer: Answer, meter: Meter, out: Out
    ) -> None:
        document = await answer.document()
        if not isinstance(document, dict):
            raise ProviderError("answered something that is not an object")
        if document.get("error"):
            raise ProviderError(f"reported an error: {error_text(document) or 'no reason given'}")
        told = dialect.answer(document, int(self._wall()))
        for completion in told.documents:
            meter.saw(completion)
        meter.told(told.usage)
        meter.done()
        for completion in told.documents:
            await out.whole(redacted(completion, call.provider.key))

    async def _stream(
        self, call: Prepared, dialect: Dialect, answer: Answer, meter: Meter, out: Out
    ) -> None:
        if answer.kind != "text/event-stream":
            raise ProviderError("answered something that is not a stream of events")
        stream = dialect.stream(int(self._wall()))
        finished = False
        async for event in _events(answer):
            if event.comment:
                await out.alive()
                continue
            told = stream.feed(event)
            finished = finished or told.finished
            # First on the meter: it must not matter whether the cabin still listens.
            meter.told(told.usage)
            for chunk in told.documents:
                meter.saw(chunk)
                await _pass(call.terms, redacted(chunk, call.provider.key), out)
            if told.done:
                finished = True
                break
        if not finished:
            raise ProviderError("broke off in the middle")
        meter.done()
        await out.end()


def encoded(document: dict[str, Any]) -> bytes:
    # A client can send half of a surrogate pair, which UTF-8 has no form for.
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


async def _pass(terms: Terms, chunk: dict[str, Any], out: Out) -> None:
    """Without the usage that only we asked for; and not at all when nothing else was in it."""
    if not terms.wants_usage:
        chunk.pop("usage", None)
    if chunk.get("choices") or chunk.get("usage"):
        await out.chunk(chunk)


async def _events(answer: Answer) -> AsyncIterator[Event]:
    reader = EventReader()
    try:
        async for piece in answer.chunks():
            for event in reader.feed(piece):
                yield event
        for event in reader.end():
            yield event
    except ValueError as error:
        raise ProviderError("sent a stream that is not valid") from error


async def _refusal(answer: Answer, key: str) -> Refusal:
    """What the provider's refusal means to the cabin."""
    try:
        text = error_text(await answer.document(MAX_ERROR_BYTES))
    except (ProviderError, Unreachable):
        text = ""
    text = _quoted(text, key)
    log.warning("A model provider answered %d: %s", answer.status, text[:MAX_LOGGED],
                extra={"action": "model_call"})
    if answer.status in REFUSES_KEY:
        # Not in the provider's words: those show parts of the key and whose account it is.
        return refusals.operator_must_act(
            "provider_key_refused",
            f"The model provider does not accept the operator's key ({answer.status}); the "
            "operator has to store one that is good.",
        )
    if answer.status == 429:
        return refusals.provider_limit(_seconds(answer.retry_after))
    if answer.status in REFUSES_REQUEST:
        return refusals.provider_refused(answer.status, text or "no reason given")
    if 300 <= answer.status < 400:
        return refusals.operator_must_act(
            "provider_redirects",
            "The model provider's address leads elsewhere; the operator has to store the address "
            "that it leads to.",
        )
    return refusals.provider_failed(f"answered {answer.status}{text and ': ' + text}")


def _quoted(text: str, key: str) -> str:
    """Redacted first: a cut could leave the first half of a key."""
    text = str(redacted(text, key))
    line = " ".join(text.split())
    return line if len(line) <= MAX_QUOTE else line[:MAX_QUOTE] + "…"


def _seconds(value: str) -> int | None:
    return min(int(value), MAX_WAIT) if value.isascii() and value.isdigit() else None
