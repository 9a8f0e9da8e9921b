"""Anthropic's stream of a message, told as OpenAI's chunks of a completion. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stateroom.broker.cost import Tokens
from stateroom.broker.dialect import Told, count, event_document
from stateroom.broker.sse import Event

FINISH = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}
INPUT_COUNTS = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")


def finish_reason(stop_reason: object) -> str:
    return FINISH.get(str(stop_reason), "stop")


def input_tokens(usage: Mapping[str, Any]) -> int | None:
    """What was read from a cache or written to one is counted apart there; all of it is input."""
    counts = [count(usage[name]) for name in INPUT_COUNTS if usage.get(name) is not None]
    known = [number for number in counts if number is not None]
    return sum(known) if known else None


def usage_tokens(usage: object) -> Tokens | None:
    if not isinstance(usage, dict):
        return None
    sent, made = input_tokens(usage), count(usage.get("output_tokens"))
    return None if sent is None or made is None else Tokens(sent, made)


class AnthropicStream:
    """created: the time that every chunk carries."""

    def __init__(self, created: int) -> None:
        self._created = created
        self._id = ""
        self._model = ""
        self._input: int | None = None
        self._tools: dict[int, int] = {}

    def feed(self, event: Event) -> Told:
        document = event_document(event)
        match document.get("type"):
            case "message_start":
                return self._start(_object(document.get("message")))
            case "content_block_start":
                return self._block(document, _object(document.get("content_block")))
            case "content_block_delta":
                return self._delta(document, _object(document.get("delta")))
            case "message_delta":
                return self._end(_object(document.get("delta")), _object(document.get("usage")))
            case "message_stop":
                return Told(done=True)
        return Told()  # A ping, or what a later version of the API adds.

    def _start(self, message: Mapping[str, Any]) -> Told:
        self._id = str(message.get("id", ""))
        self._model = str(message.get("model", ""))
        self._input = input_tokens(_object(message.get("usage")))
        return Told((self._chunk({"role": "assistant", "content": ""}),))

    def _block(self, document: Mapping[str, Any], block: Mapping[str, Any]) -> Told:
        if block.get("type") == "text" and block.get("text"):
            return Told((self._chunk({"content": str(block["text"])}),))
        if block.get("type") != "tool_use":
            return Told()
        place = self._tools.setdefault(count(document.get("index")) or 0, len(self._tools))
        function = {"name": str(block.get("name", "")), "arguments": ""}
        call = {"index": place, "id": str(block.get("id", "")), "type": "function",
                "function": function}
        return Told((self._chunk({"tool_calls": [call]}),))

    def _delta(self, document: Mapping[str, Any], delta: Mapping[str, Any]) -> Told:
        if delta.get("type") == "text_delta":
            return Told((self._chunk({"content": str(delta.get("text", ""))}),))
        if delta.get("type") != "input_json_delta":
            return Told()
        place = self._tools.get(count(document.get("index")) or 0, 0)
        call = {"index": place, "function": {"arguments": str(delta.get("partial_json", ""))}}
        return Told((self._chunk({"tool_calls": [call]}),))

    def _end(self, delta: Mapping[str, Any], usage: Mapping[str, Any]) -> Told:
        sent = input_tokens(usage)
        made = count(usage.get("output_tokens"))
        sent = self._input if sent is None else sent
        last = self._chunk({}, finish_reason(delta.get("stop_reason")))
        if sent is None or made is None:
            return Told((last,), finished=True)
        told = {"prompt_tokens": sent, "completion_tokens": made, "total_tokens": sent + made}
        return Told((last, {**self._head(), "choices": [], "usage": told}),
                    Tokens(sent, made), finished=True)

    def _head(self) -> dict[str, Any]:
        return {"id": self._id, "object": "chat.completion.chunk", "created": self._created,
                "model": self._model}

    def _chunk(self, delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return {**self._head(), "choices": [choice]}


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
