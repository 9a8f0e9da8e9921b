"""A chat request: parsed, checked, reduced to what may pass. Pure.

What a cabin sends is rebuilt from a list of known fields. Unknown ones are dropped: among them
are such that choose other models ("models" at routers), other prices ("service_tier") or keep
the conversation in the operator's account ("store").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stateroom.broker import refusals
from stateroom.broker.cost import (
    DEFAULT_OUTPUT_TOKENS,
    TOKENS_PER_MESSAGE,
    Tokens,
    value_tokens,
)
from stateroom.broker.nesting import MAX_DEPTH, TooDeep, read_json

FIELDS = frozenset({
    "messages", "model", "stream", "stream_options", "temperature", "top_p", "top_k", "min_p",
    "max_tokens", "max_completion_tokens", "stop", "n", "presence_penalty", "frequency_penalty",
    "repetition_penalty", "logit_bias", "logprobs", "top_logprobs", "response_format", "seed",
    "tools", "tool_choice", "parallel_tool_calls", "functions", "function_call",
    "reasoning_effort", "reasoning", "thinking", "enable_thinking", "chat_template_kwargs",
    "verbosity", "prompt_cache_key", "modalities", "audio", "prediction",
})
TOOL_TYPES = frozenset({"function", "custom"})
"""Tools of other types are run by the provider, at its own price."""

MAX_OUTPUT_TOKENS = 10_000_000
MAX_CHOICES = 128
MAX_MARKS = 400_000
"""Structure that a request may have (brackets and commas). A value in memory is up to fifty
times larger than its text when it is made of brackets only."""

MAX_MODEL_LENGTH = 256


@dataclass(frozen=True, slots=True)
class Terms:
    """What a request asks for, without what it says: small enough to keep while it is answered.

    model: as asked for. stream, wants_usage: as the client wants them. estimate: how many
    tokens it can take, leaning high."""

    model: str
    stream: bool
    wants_usage: bool
    estimate: Tokens


def parse_chat(body: bytes) -> tuple[Terms, dict[str, Any]]:
    """The terms, and the document that may be sent on. Raises Refusal (400) with a sentence
    that says what is wrong."""
    document = {key: value for key, value in _object(body).items() if key in FIELDS}
    model = document.get("model")
    if not isinstance(model, str) or not model or len(model) > MAX_MODEL_LENGTH:
        raise refusals.invalid("`model` must be the id of a model.")
    messages = document.get("messages")
    if not isinstance(messages, list) or not messages:
        raise refusals.invalid("`messages` must be a list with at least one message.")
    if not all(isinstance(m, dict) and isinstance(m.get("role"), str) for m in messages):
        raise refusals.invalid("Each of `messages` must be an object with a `role`.")
    stream = _flag(document, "stream")
    options = document.get("stream_options")
    if options is not None and not isinstance(options, dict):
        raise refusals.invalid("`stream_options` must be an object.")
    _keep_own_tools(document)
    wants_usage = stream and bool((options or {}).get("include_usage"))
    return Terms(model, stream, wants_usage, _estimate(document)), document


def limit_output(document: dict[str, Any]) -> dict[str, Any]:
    """The document with a bound on the answer where the client set none: without one a budget
    could not be kept."""
    if _stated_output(document) is not None:
        return document
    return {**document, "max_completion_tokens": DEFAULT_OUTPUT_TOKENS}


def _object(body: bytes) -> Mapping[str, Any]:
    marks = body.count(b"[") + body.count(b"{") + body.count(b",")
    if marks > MAX_MARKS:
        raise refusals.invalid("The request has too many parts; send less of the conversation.")
    try:
        value = read_json(body)
    except TooDeep as error:
        raise refusals.invalid(
            f"The request is nested too deeply; at most {MAX_DEPTH} brackets may lie in each other."
        ) from error
    except ValueError as error:
        raise refusals.invalid("The request is not valid JSON.") from error
    if not isinstance(value, dict):
        raise refusals.invalid("The request must be a JSON object.")
    return value


def _flag(document: Mapping[str, Any], name: str) -> bool:
    value = document.get(name)
    if value is not None and not isinstance(value, bool):
        raise refusals.invalid(f"`{name}` must be true or false.")
    return bool(value)


def _keep_own_tools(document: dict[str, Any]) -> None:
    tools = document.get("tools")
    if tools is None:
        return
    if not isinstance(tools, list):
        raise refusals.invalid("`tools` must be a list.")
    kept = [tool for tool in tools if isinstance(tool, dict) and tool.get("type") in TOOL_TYPES]
    if kept:
        document["tools"] = kept
    else:
        # Providers refuse an empty list, and a choice among no tools.
        for name in ("tools", "tool_choice", "parallel_tool_calls"):
            document.pop(name, None)


def _estimate(document: Mapping[str, Any]) -> Tokens:
    messages = document["messages"]
    said = {name: document.get(name) for name in
            ("messages", "tools", "functions", "response_format", "prediction")}
    output = _stated_output(document)
    choices = _whole(document, "n", 1, MAX_CHOICES) or 1
    return Tokens(
        input=value_tokens(said) + TOKENS_PER_MESSAGE * len(messages),
        output=(DEFAULT_OUTPUT_TOKENS if output is None else output) * choices,
    )


def _stated_output(document: Mapping[str, Any]) -> int | None:
    """The larger one where both names are used: providers differ in which they follow."""
    stated = [
        value
        for name in ("max_completion_tokens", "max_tokens")
        if (value := _whole(document, name, 1, MAX_OUTPUT_TOKENS)) is not None
    ]
    return max(stated, default=None)


def _whole(document: Mapping[str, Any], name: str, least: int, most: int) -> int | None:
    value = document.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise refusals.invalid(f"`{name}` must be a whole number from {least} to {most}.")
    return value
