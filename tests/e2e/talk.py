"""Talking to a tenant's own URL, as its programs do: TLS checked against the installation's CA,
the tenant's name in Host and handshake, its API token."""

from __future__ import annotations

import json
import ssl
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

PATIENCE = 120.0


class _Loopback(httpx.BaseTransport):
    """Browsers and curl know that `*.localhost` is this machine; Python's resolver does not."""

    def __init__(self, ca: Path) -> None:
        self._inner = httpx.HTTPTransport(verify=ssl.create_default_context(cafile=str(ca)))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        # A request of its own: cookies are kept under the name that was asked for.
        sent = httpx.Request(
            request.method,
            request.url.copy_with(host="127.0.0.1"),
            headers=request.headers,
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": request.url.host},
        )
        return self._inner.handle_request(sent)

    def close(self) -> None:
        self._inner.close()


@dataclass
class Client:
    """One caller of one tenant."""

    http: httpx.Client

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.http.close()

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.http.get(path, **options)

    def models(self) -> httpx.Response:
        return self.http.get("/v1/models")

    def is_there(self) -> bool:
        """Its OpenClaw answers: the cheapest thing that only that can say. The first chat after a
        boot loads as much code as the boot."""
        answer = self.models()
        return answer.status_code == 200 and "openclaw" in [m["id"] for m in answer.json()["data"]]

    def asked(self, text: str, **options: Any) -> httpx.Response:
        return self.http.post("/v1/chat/completions", json=_question(text), **options)

    def chat(self, text: str) -> str:
        """The answer's text. Anything but an answer is an AssertionError."""
        answer = must(self.asked(text)).json()
        return str(answer["choices"][0]["message"]["content"])

    def stream(self, text: str) -> list[str]:
        """The pieces of a streamed answer, in the order in which they came."""
        body = {**_question(text), "stream": True}
        with self.http.stream("POST", "/v1/chat/completions", json=body) as response:
            assert response.status_code == 200, response.read()
            assert response.headers["content-type"].startswith("text/event-stream")
            lines = [line for line in response.iter_lines() if line.startswith("data: ")]
        assert lines[-1] == "data: [DONE]"
        chunks = [json.loads(line.removeprefix("data: ")) for line in lines[:-1]]
        deltas = [choice["delta"] for chunk in chunks for choice in chunk["choices"]]
        return [delta["content"] for delta in deltas if delta.get("content")]


def client(slug: str, port: int, ca: Path, token: str) -> Client:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return Client(
        httpx.Client(
            base_url=f"https://{slug}.t.localhost:{port}",
            headers=headers,
            transport=_Loopback(ca),
            timeout=PATIENCE,
        )
    )


def must(response: httpx.Response) -> httpx.Response:
    where = f"{response.request.method} {response.request.url.path}"
    assert response.is_success, f"{where}: {response.status_code} {response.text[:500]}"
    return response


def text_of(answer: httpx.Response) -> str:
    """Of a chat's answer, "" for a refusal."""
    if not answer.is_success:
        return ""
    return str(answer.json()["choices"][0]["message"]["content"])


@dataclass
class Steady:
    """Somebody who keeps asking a tenant, from the moment of `with` to its end. failures: a
    sentence for every question that was not answered with 200."""

    client: Client
    every: float = 0.15
    answered: int = 0
    failures: list[str] = field(default_factory=list)
    _ending: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ending.set()
        assert self._thread is not None
        self._thread.join()
        self.client.http.close()

    def _ask(self) -> None:
        while not self._ending.is_set():
            at = time.strftime("%H:%M:%S")
            try:
                answer = self.client.models()
            except httpx.HTTPError as error:
                self.failures.append(f"{at} {error!r}")
            else:
                if answer.status_code == 200:
                    self.answered += 1
                else:
                    self.failures.append(f"{at} {answer.status_code} {answer.text[:200]}")
            self._ending.wait(self.every)

    def never_failed(self) -> None:
        assert self.failures == []
        assert self.answered > 0


def _question(text: str) -> dict[str, Any]:
    return {"model": "openclaw", "messages": [{"role": "user", "content": text}]}
