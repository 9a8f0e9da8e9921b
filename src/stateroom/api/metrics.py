"""Counting, and Prometheus' text form of it: a few numbers need no library."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

MEDIA_TYPE = "text/plain; version=0.0.4"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class RequestCounter:
    """ASGI: counts answers by method and status. An open set of methods would let a caller
    grow our memory, so others count as one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.counts: Counter[tuple[str, int]] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in METHODS else "OTHER"

        async def counting(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.counts[method, message["status"]] += 1
            await send(message)

        await self._app(scope, receive, counting)


def render(tenants: Mapping[str, int], requests: Mapping[tuple[str, int], int]) -> str:
    """tenants: by phase. requests: by method and status."""
    return "".join(
        (
            *_family(
                "stateroom_tenants",
                "gauge",
                "Tenants by phase.",
                ((f'phase="{phase}"', count) for phase, count in sorted(tenants.items())),
            ),
            *_family(
                "stateroom_api_requests_total",
                "counter",
                "Requests that the API answered.",
                (
                    (f'method="{method}",status="{status}"', count)
                    for (method, status), count in sorted(requests.items())
                ),
            ),
        )
    )


def _family(name: str, kind: str, text: str, samples: Iterable[tuple[str, int]]) -> Iterable[str]:
    yield f"# HELP {name} {text}\n# TYPE {name} {kind}\n"
    for labels, value in samples:
        yield f"{name}{{{labels}}} {value}\n"
