"""Refusals: what the broker says instead of an answer, in the shape that OpenAI's API uses.

The status is chosen for the client that will read it. OpenClaw (measured with 2026.9.6) takes
401, 402 and 403 as "this key is no good" and does not use its key again for ten minutes,
whatever changes meanwhile; 400, 429 and 503 it tries again with the next message. So those
three are kept for a cabin's own key; a budget that is used up is 429, and a provider that
refuses the operator's key is our trouble (503), never the cabin's.
"""

from __future__ import annotations

from typing import Any

from stateroom.errors import StateroomError


class Refusal(StateroomError):
    """The broker does not do this.

    status: of HTTP. kind: OpenAI's word for the family. code: a stable word for programs.
    retry_after: seconds after which another try can help, None when it cannot by itself.
    """

    def __init__(
        self, status: int, kind: str, code: str, message: str, retry_after: int | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.code = code
        self.retry_after = retry_after

    def document(self) -> dict[str, Any]:
        return error_document(self.message, self.kind, self.code)

    def headers(self) -> dict[str, str]:
        if self.retry_after is not None:
            return {"retry-after": str(self.retry_after)}
        # OpenAI's clients repeat every 429 and 5xx by themselves unless they are told not to.
        return {"x-should-retry": "false"}


def error_document(message: str, kind: str, code: str | None) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def not_found() -> Refusal:
    return Refusal(
        404, "invalid_request_error", "not_found",
        "There is nothing here; the broker has POST /v1/chat/completions and GET /v1/models.",
    )


def unknown_key() -> Refusal:
    return Refusal(401, "authentication_error", "invalid_api_key", "This broker key is not known.")


def invalid(message: str) -> Refusal:
    return Refusal(400, "invalid_request_error", "invalid_request", message)


def too_large(limit: int) -> Refusal:
    return Refusal(
        413, "invalid_request_error", "request_too_large",
        f"The request is larger than {limit // (1024 * 1024)} MiB; send less of the conversation.",
    )


def too_slow() -> Refusal:
    return Refusal(
        408, "invalid_request_error", "request_too_slow",
        "The request did not arrive in time; send it again.",
    )


def too_many(limit: int) -> Refusal:
    return Refusal(
        429, "rate_limit_exceeded", "too_many_requests",
        f"This cabin has {limit} model calls under way already; wait for one to end.",
        retry_after=1,
    )


def busy() -> Refusal:
    return Refusal(
        503, "server_error", "busy",
        "The broker holds too many large requests just now; try again in a moment.", retry_after=2,
    )


def model_not_granted(model: str, allowed: tuple[str, ...]) -> Refusal:
    return Refusal(
        403, "permission_error", "model_not_granted",
        f"This cabin may not ask for the model {_quote(model)}; "
        f"it may ask for: {', '.join(allowed) or 'none'}.",
    )


def over_budget(budget_usd: float, next_month: str) -> Refusal:
    return Refusal(
        429, "rate_limit_exceeded", "budget_exceeded",
        f"This call could exceed the monthly model budget of {budget_usd:.2f} USD. It starts anew "
        f"on {next_month} (UTC); the operator can raise it, or ask for a shorter answer.",
    )


def unavailable(code: str, message: str, retry_after: int | None = None) -> Refusal:
    return Refusal(503, "server_error", code, message, retry_after)


def provider_failed(code: str, message: str, status: int = 502) -> Refusal:
    return Refusal(status, "server_error", code, message)


def _quote(text: str) -> str:
    return ascii(text if len(text) <= 100 else text[:100] + "…")
