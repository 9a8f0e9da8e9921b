"""The demo model: answers without any provider, always the same to the same request. Pure.

It is for trying things out, and says so. It shows what reached it: the model's name, the last
thing the user said, and the tenant's own prompt.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from stateroom.broker.chat import Terms
from stateroom.broker.cost import Tokens, text_tokens
from stateroom.broker.tenant_prompt import own_prompt

MAX_SAID = 2_000
MAX_PROMPT = 16_000
SYSTEM_ROLES = ("system", "developer")
INTERNAL = re.compile(
    r"<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>.*?<<<END_OPENCLAW_INTERNAL_CONTEXT>>>", re.DOTALL
)
RUNTIME_LINE = re.compile(r"\n+Runtime: agent=[^\n]*\Z")
"""OpenClaw adds this to what the user said (seen with 2026.9.6)."""

PIECE = re.compile(r"\s*\S+\s*|\s+")


def answer_text(terms: Terms, document: Mapping[str, Any]) -> str:
    messages = document["messages"]
    said = last_said(messages)
    prompt = own_prompt(system_text(messages))
    return "\n\n".join((
        "I am Stateroom's demo model: no provider and no key stands behind this answer.",
        f"Model asked for: {terms.model}",
        f"You said: {_bounded(said, MAX_SAID) or '(nothing)'}",
        f"Your own prompt, as it reached me:\n{_bounded(prompt, MAX_PROMPT) or '(none)'}",
    ))


def last_said(messages: list[Mapping[str, Any]]) -> str:
    """The text of the last message of the user's that says something."""
    for message in reversed(messages):
        if message["role"] == "user":
            text = INTERNAL.sub("", text_of(message.get("content")))
            text = RUNTIME_LINE.sub("", text.rstrip()).strip()
            if text:
                return text
    return ""


def system_text(messages: list[Mapping[str, Any]]) -> str:
    texts = [text_of(m.get("content")) for m in messages if m["role"] in SYSTEM_ROLES]
    return "\n\n".join(text for text in texts if text)


def text_of(content: object) -> str:
    """The text of a message's content: a string, or a list of parts."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    texts = [part.get("text") for part in content if isinstance(part, dict)]
    return "\n".join(text for text in texts if isinstance(text, str))


def usage(terms: Terms, text: str) -> Tokens:
    return Tokens(terms.estimate.input, text_tokens(text))


def completion(terms: Terms, text: str, created: int) -> dict[str, Any]:
    """text: of `answer_text`."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text},
              "finish_reason": "stop"}
    return {**_head(terms, text, created), "object": "chat.completion", "choices": [choice],
            "usage": _usage_document(usage(terms, text))}


def chunks(terms: Terms, text: str, created: int) -> Iterator[dict[str, Any]]:
    """The same answer in pieces of a word, the usage last."""
    head = {**_head(terms, text, created), "object": "chat.completion.chunk"}
    yield {**head, "choices": [_delta({"role": "assistant", "content": ""})]}
    for piece in PIECE.findall(text):
        yield {**head, "choices": [_delta({"content": piece})]}
    yield {**head, "choices": [_delta({}, "stop")]}
    yield {**head, "choices": [], "usage": _usage_document(usage(terms, text))}


def _delta(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "finish_reason": finish}


def _head(terms: Terms, text: str, created: int) -> dict[str, Any]:
    identity = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]
    return {"id": f"chatcmpl-demo-{identity}", "created": created, "model": terms.model}


def _usage_document(tokens: Tokens) -> dict[str, int]:
    return {"prompt_tokens": tokens.input, "completion_tokens": tokens.output,
            "total_tokens": tokens.input + tokens.output}


def _bounded(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[:limit] + " […]"
