"""The seam between one provider's way of speaking and the cabins' (OpenAI's). Pure.

A dialect turns a cabin's request into the provider's, and what comes back into OpenAI's form.
It performs nothing; upstream.py does the calling.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from stateroom.broker.cost import Tokens
from stateroom.broker.nesting import read_json
from stateroom.broker.sse import Event


@dataclass(frozen=True, slots=True)
class Told:
    """What one answer or one event says.

    documents: for the cabin, in OpenAI's form (completions, or chunks of one).
    usage: tokens taken, once the provider has said it for the whole call.
    finished: the model has said why it stopped. done: nothing more comes.
    """

    documents: tuple[dict[str, Any], ...] = ()
    usage: Tokens | None = None
    finished: bool = False
    done: bool = False


class ProviderError(Exception):
    """The provider answered something that is no answer. Its message completes the sentence
    "The model provider ..." and may quote the provider: redact it before anybody sees it."""


class Stream(Protocol):
    """One streamed answer; has a state, is used once."""

    def feed(self, event: Event) -> Told:
        """Raises ProviderError."""
        ...


class Dialect(Protocol):
    def url(self, base_url: str) -> str: ...

    def headers(self, key: str) -> dict[str, str]:
        """Those that carry the operator's key, and what the provider's API asks for besides."""
        ...

    def request(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Raises Refusal where the provider has no way to say it."""
        ...

    def answer(self, document: Mapping[str, Any], created: int) -> Told:
        """A whole answer. created: now, in seconds since the epoch. Raises ProviderError."""
        ...

    def stream(self, created: int) -> Stream: ...


def event_document(event: Event) -> dict[str, Any]:
    """The JSON object in an event. Raises ProviderError for anything else, and with the
    provider's own sentence for an error that it reports in the middle of a stream."""
    try:
        document = read_json(event.data)
    except ValueError as error:
        raise ProviderError("sent an event that is not JSON") from error
    if not isinstance(document, dict):
        raise ProviderError("sent an event that is not an object")
    if document.get("error"):
        raise ProviderError(f"reported an error: {error_text(document) or 'no reason given'}")
    return document


def error_text(document: object) -> str:
    """The sentence in a provider's error document, "" when there is none."""
    if not isinstance(document, dict):
        return ""
    error = document.get("error", document)
    if isinstance(error, str):
        return error
    if isinstance(error, dict) and isinstance(error.get("message"), str):
        return str(error["message"])
    return ""


def count(value: object) -> int | None:
    """A number of tokens as a provider reports it; None for what cannot be one."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**12:
        return value
    return None
