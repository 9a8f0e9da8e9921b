"""The OpenAI dialect: what cabins speak, so nearly nothing has to be said differently. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stateroom.broker.cost import Tokens
from stateroom.broker.dialect import ProviderError, Told, count, event_document
from stateroom.broker.sse import Event


class OpenAI:
    """Any server that has POST {base_url}/chat/completions."""

    def url(self, base_url: str) -> str:
        return base_url.rstrip("/") + "/chat/completions"

    def headers(self, key: str) -> dict[str, str]:
        return {"authorization": f"Bearer {key}"} if key else {}

    def request(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Asks for the usage at the end of a stream, also where the cabin did not."""
        if not document.get("stream"):
            return {key: value for key, value in document.items() if key != "stream_options"}
        options = document.get("stream_options") or {}
        return {**document, "stream_options": {**options, "include_usage": True}}

    def answer(self, document: Mapping[str, Any], created: int) -> Told:
        if not isinstance(document.get("choices"), list):
            raise ProviderError("answered something that is not a chat completion")
        return Told((dict(document),), _usage(document.get("usage")), finished=True, done=True)

    def stream(self, created: int) -> OpenAIStream:
        return OpenAIStream()


class OpenAIStream:
    def feed(self, event: Event) -> Told:
        if event.data.strip() == "[DONE]":
            return Told(done=True)
        document = event_document(event)
        choices = document.get("choices")
        usage = _usage(document.get("usage"))
        if not isinstance(choices, list):
            if usage is None:
                raise ProviderError("sent an event that is not part of a chat completion")
            choices = document["choices"] = []
        finished = any(isinstance(c, dict) and bool(c.get("finish_reason")) for c in choices)
        return Told((document,), usage, finished)


def _usage(value: object) -> Tokens | None:
    if not isinstance(value, dict):
        return None
    sent, made = count(value.get("prompt_tokens")), count(value.get("completion_tokens"))
    return None if sent is None or made is None else Tokens(sent, made)
