"""Calling a provider: the only code that leaves the machine.

The transport is used bare: no cookie jar, no redirects, no credentials from the environment.
What goes out is made here from nothing, so no header of a cabin's can be among it.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

import httpx

from stateroom.broker.dialect import Dialect, ProviderError
from stateroom.broker.grants import Provider
from stateroom.broker.nesting import read_json
from stateroom.broker.way_out import WayOut

CONNECT_SECONDS = 10.0
READ_SECONDS = 600.0
MAX_ANSWER_BYTES = 32 * 1024 * 1024
MAX_ERROR_BYTES = 64 * 1024


class Unreachable(Exception):
    """The provider could not be asked, or stopped answering. Its message completes the sentence
    "The model provider ..."."""


class Answer:
    """A provider's answer whose body has not been read yet."""

    def __init__(self, response: httpx.Response) -> None:
        self._response = response
        self.status = response.status_code
        self.kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        self.retry_after = response.headers.get("retry-after", "")

    async def chunks(self) -> AsyncIterator[bytes]:
        """As they arrive. Raises Unreachable, or ProviderError for a body in a coding that was
        not asked for."""
        if self._response.headers.get("content-encoding", "identity").lower() != "identity":
            raise ProviderError("answered in a coding that was not asked for")
        with _unreachable():
            async for chunk in self._response.aiter_raw():
                yield chunk

    async def document(self, limit: int = MAX_ANSWER_BYTES) -> Any:
        """The whole body as JSON. Raises ProviderError when it is none, or too long."""
        body = bytearray()
        async for chunk in self.chunks():
            body += chunk
            if len(body) > limit:
                raise ProviderError("sent an answer that is too long")
        try:
            return read_json(body)
        except ValueError as error:
            raise ProviderError("answered something that is not JSON") from error


class Upstream:
    """connect_seconds: to reach the provider. read_seconds: between two pieces of its answer,
    so also for the first one: a long thought of a model. way: through which proxy, trusting
    whom."""

    def __init__(
        self,
        connect_seconds: float = CONNECT_SECONDS,
        read_seconds: float = READ_SECONDS,
        way: WayOut | None = None,
    ) -> None:
        self._way = way or WayOut()
        self._timeout = httpx.Timeout(read_seconds, connect=connect_seconds).as_dict()
        self._limits = httpx.Limits(
            max_connections=None, max_keepalive_connections=20, keepalive_expiry=30.0
        )
        # By scheme and proxy. Made at the first use: an installation that has no such provider
        # saves the memory.
        self._transports: dict[tuple[str, str], httpx.AsyncHTTPTransport] = {}

    @asynccontextmanager
    async def ask(
        self, provider: Provider, dialect: Dialect, payload: bytes, stream: bool
    ) -> AsyncIterator[Answer]:
        """One request. payload: JSON. The connection is cut when the context is left before the
        answer is complete. Raises Unreachable."""
        with _unreachable():
            request = self._request(provider, dialect, payload, stream)
            response = await self._transport(request.url).handle_async_request(request)
        try:
            yield Answer(response)
        finally:
            await _close(response)

    async def close(self) -> None:
        for transport in self._transports.values():
            await transport.aclose()

    def _request(
        self, provider: Provider, dialect: Dialect, payload: bytes, stream: bool
    ) -> httpx.Request:
        headers = {
            "content-type": "application/json",
            "accept": "text/event-stream" if stream else "application/json",
            # A compressed stream could not be read event by event.
            "accept-encoding": "identity",
            "user-agent": "stateroom-broker",
        }
        return httpx.Request(
            "POST",
            dialect.url(provider.base_url),
            headers={**headers, **dialect.headers(provider.key)},
            content=payload,
            extensions={"timeout": self._timeout},
        )

    def _transport(self, url: httpx.URL) -> httpx.AsyncHTTPTransport:
        port = url.port or (443 if url.scheme == "https" else 80)
        proxy = self._way.proxy_for(url.scheme, url.host, port)
        kind = (url.scheme, proxy)
        if kind not in self._transports:
            self._transports[kind] = httpx.AsyncHTTPTransport(
                # Without TLS only this machine is spoken to.
                verify=self._trust() if url.scheme == "https" else False,
                proxy=self._proxy(proxy),
                limits=self._limits,
            )
        return self._transports[kind]

    def _proxy(self, url: str) -> httpx.Proxy | None:
        if not url:
            return None
        return httpx.Proxy(url, ssl_context=self._trust() if url.startswith("https:") else None)

    def _trust(self) -> ssl.SSLContext:
        file = self._way.authorities or os.environ.get("SSL_CERT_FILE") or None
        return ssl.create_default_context(cafile=file)


async def _close(response: httpx.Response) -> None:
    # It may be cut already; that is all that is wanted here.
    with suppress(httpx.HTTPError):
        await response.aclose()


@contextmanager
def _unreachable() -> Iterator[None]:
    """Turns httpx's errors into ours, without their texts, which can name addresses."""
    try:
        yield
    except (httpx.ConnectTimeout, httpx.ConnectError, httpx.ProxyError) as error:
        raise Unreachable("cannot be reached") from error
    except httpx.TimeoutException as error:
        raise Unreachable("did not answer in time") from error
    except (httpx.HTTPError, httpx.StreamError) as error:
        raise Unreachable("broke off in the middle") from error
    except httpx.InvalidURL as error:
        raise Unreachable("has an address that is not valid") from error
