"""Refusals: what the broker says instead of an answer, in the shape that OpenAI's API uses.

The status is chosen for the client that will read it. OpenClaw (measured with 2026.9.6)

* takes 401, 402 and 403 as "this key is no good", and for up to ten minutes does not use its
  key again, whatever changes meanwhile; so only an unknown key gets one of those
* repeats 5xx, and 429 unless it speaks of a monthly limit, for a minute and a half, and then
  hides the reason; so they are for what passes by itself
* shows the sentence of a 400 or 404 at once, and asks again with the next message; so those
  are for what somebody has to act on, also where it is the operator

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
        404, "invalid_request_error", "model_not_found",
        f"This cabin may not ask for the model {_quote(model)}; "
        f"it may ask for: {', '.join(allowed) or 'none'}.",
    )


def over_budget(budget_usd: float, next_month: str) -> Refusal:
    return Refusal(
        429, "rate_limit_exceeded", "budget_exceeded",
        f"The monthly limit for models is reached: this call could exceed {budget_usd:.2f} USD. "
        f"It starts anew on {next_month} (UTC); until then the operator can raise it.",
    )


def not_now(message: str) -> Refusal:
    """Something of ours is missing and will be back."""
    return Refusal(503, "server_error", "unavailable", message, retry_after=2)


def operator_must_act(code: str, message: str) -> Refusal:
    return Refusal(400, "provider_error", code, message)


def provider_limit(retry_after: int | None) -> Refusal:
    return Refusal(
        429, "rate_limit_exceeded", "provider_rate_limited",
        "The model provider takes no more requests just now; try again in a moment.", retry_after,
    )


def provider_refused(status: int, message: str) -> Refusal:
    """The provider does not like the request itself."""
    return Refusal(status, "invalid_request_error", "provider_refused",
                   f"The model provider refused the request: {message}")


def provider_failed(message: str) -> Refusal:
    return Refusal(502, "server_error", "provider_failed", f"The model provider {message}.")


def _quote(text: str) -> str:
    return ascii(text if len(text) <= 100 else text[:100] + "…")
