"""The Anthropic dialect: OpenAI's chat completions said as Anthropic's Messages. Pure.

Text, images, system prompts and tools go both ways. What Messages has no word for (log
probabilities, penalties, a seed) is left out; more than one choice is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from stateroom.broker import refusals
from stateroom.broker.anthropic_stream import AnthropicStream, finish_reason, usage_tokens
from stateroom.broker.cost import DEFAULT_OUTPUT_TOKENS
from stateroom.broker.dialect import ProviderError, Told
from stateroom.broker.nesting import read_json

VERSION = "2023-06-01"
SYSTEM_ROLES = ("system", "developer")
Block = dict[str, Any]


class Anthropic:
    """A server that has POST {base_url}/v1/messages; base_url with or without the /v1."""

    def url(self, base_url: str) -> str:
        return base_url.rstrip("/").removesuffix("/v1") + "/v1/messages"

    def headers(self, key: str) -> dict[str, str]:
        return {"x-api-key": key, "anthropic-version": VERSION}

    def request(self, document: Mapping[str, Any]) -> dict[str, Any]:
        if document.get("n") not in (None, 1):
            raise refusals.invalid("This model answers with one choice only; leave out `n`.")
        asked: dict[str, Any] = {
            "model": document["model"],
            "max_tokens": _output_limit(document),
            "messages": _messages(document["messages"]),
        }
        if system := _system(document["messages"]):
            asked["system"] = system
        if document.get("stream"):
            asked["stream"] = True
        asked.update(_sampling(document))
        asked.update(_tools(document))
        return asked

    def answer(self, document: Mapping[str, Any], created: int) -> Told:
        content = document.get("content")
        if document.get("type") != "message" or not isinstance(content, list):
            raise ProviderError("answered something that is not a message")
        blocks = [block for block in content if isinstance(block, dict)]
        text = "".join(str(b.get("text", "")) for b in blocks if b.get("type") == "text")
        calls = [_tool_call(b) for b in blocks if b.get("type") == "tool_use"]
        usage = usage_tokens(document.get("usage"))
        completion: dict[str, Any] = {
            "id": str(document.get("id", "")),
            "object": "chat.completion",
            "created": created,
            "model": str(document.get("model", "")),
            "choices": [{
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": text or (None if calls else ""),
                    **({"tool_calls": calls} if calls else {}),
                },
                "finish_reason": finish_reason(document.get("stop_reason")),
            }],
        }
        if usage is not None:
            completion["usage"] = {
                "prompt_tokens": usage.input,
                "completion_tokens": usage.output,
                "total_tokens": usage.input + usage.output,
            }
        return Told((completion,), usage, finished=True, done=True)

    def stream(self, created: int) -> AnthropicStream:
        return AnthropicStream(created)


def _output_limit(document: Mapping[str, Any]) -> int:
    """Messages always has a limit."""
    stated = [document[name] for name in ("max_completion_tokens", "max_tokens")
              if document.get(name) is not None]
    return max(stated, default=DEFAULT_OUTPUT_TOKENS)


def _sampling(document: Mapping[str, Any]) -> dict[str, Any]:
    said: dict[str, Any] = {}
    temperature = document.get("temperature")
    if isinstance(temperature, int | float):
        said["temperature"] = min(temperature, 1)  # OpenAI's scale goes on to 2.
    for name in ("top_p", "top_k"):
        if document.get(name) is not None:
            said[name] = document[name]
    stop = document.get("stop")
    if stop:
        said["stop_sequences"] = [stop] if isinstance(stop, str) else stop
    return said


def _system(messages: list[dict[str, Any]]) -> str:
    texts = [_text(m.get("content")) for m in messages if m["role"] in SYSTEM_ROLES]
    return "\n\n".join(text for text in texts if text)


def _messages(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Turns alternate in Messages, and the results of several tools come in one turn."""
    turns: list[dict[str, Any]] = []
    for message in messages:
        if message["role"] in SYSTEM_ROLES:
            continue
        role = "assistant" if message["role"] == "assistant" else "user"
        blocks = _blocks(message)
        if not blocks:
            continue  # An empty block is refused there.
        if turns and turns[-1]["role"] == role:
            turns[-1]["content"].extend(blocks)
        else:
            turns.append({"role": role, "content": blocks})
    if not turns or turns[0]["role"] == "assistant":
        # A conversation begins with the user there; one cut off at the front may not.
        turns.insert(0, {"role": "user", "content": [{"type": "text", "text": "(continue)"}]})
    return turns


def _blocks(message: Mapping[str, Any]) -> list[Block]:
    content = message.get("content")
    if message["role"] in ("tool", "function"):
        result = {"type": "tool_result", "tool_use_id": str(message.get("tool_call_id", ""))}
        text = _text(content)
        return [{**result, "content": text} if text else result]
    blocks = _content_blocks(content)
    calls = message.get("tool_calls")
    if message["role"] == "assistant" and isinstance(calls, list):
        blocks.extend(_tool_use(call) for call in calls if isinstance(call, dict))
    return blocks


def _content_blocks(content: object) -> list[Block]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content.strip() else []
    if not isinstance(content, list):
        return []
    blocks = [_part(part) for part in content if isinstance(part, dict)]
    return [block for block in blocks if block is not None]


def _part(part: Mapping[str, Any]) -> Block | None:
    if part.get("type") == "image_url":
        image = part.get("image_url")
        return _image(str(image.get("url", "")) if isinstance(image, dict) else str(image))
    text = part.get("text")
    if not isinstance(text, str) or not text.strip():
        return None
    return {"type": "text", "text": text}


def _image(url: str) -> Block:
    head, comma, data = url.partition(",")
    if comma and head.startswith("data:") and head.endswith(";base64"):
        kind = head.removeprefix("data:").removesuffix(";base64")
        return {"type": "image",
                "source": {"type": "base64", "media_type": kind, "data": data}}
    return {"type": "image", "source": {"type": "url", "url": url}}


def _text(content: object) -> str:
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    texts = [part.get("text") for part in content if isinstance(part, dict)]
    return "\n".join(text for text in texts if isinstance(text, str))


def _tool_use(call: Mapping[str, Any]) -> Block:
    function = call.get("function")
    function = function if isinstance(function, dict) else {}
    try:
        given = read_json(function.get("arguments") or "{}")
    except (ValueError, TypeError):
        given = None  # The model wrote it, and models err.
    return {
        "type": "tool_use",
        "id": str(call.get("id", "")),
        "name": str(function.get("name", "")),
        "input": given if isinstance(given, dict) else {},
    }


def _tool_call(block: Mapping[str, Any]) -> dict[str, Any]:
    given = json.dumps(block.get("input") or {}, ensure_ascii=False)
    return {
        "id": str(block.get("id", "")),
        "type": "function",
        "function": {"name": str(block.get("name", "")), "arguments": given},
    }


def _tools(document: Mapping[str, Any]) -> dict[str, Any]:
    functions = [
        tool["function"] for tool in document.get("tools") or []
        if isinstance(tool.get("function"), dict)
    ]
    if not functions:
        return {}
    tools = [_tool(function) for function in functions]
    choice = _tool_choice(document.get("tool_choice"))
    if document.get("parallel_tool_calls") is False and choice["type"] != "none":
        choice["disable_parallel_tool_use"] = True
    return {"tools": tools, "tool_choice": choice}


def _tool(function: Mapping[str, Any]) -> dict[str, Any]:
    tool: dict[str, Any] = {
        "name": str(function.get("name", "")),
        "input_schema": function.get("parameters") or {"type": "object", "properties": {}},
    }
    if function.get("description"):
        tool["description"] = str(function["description"])
    return tool


def _tool_choice(choice: object) -> dict[str, Any]:
    if isinstance(choice, dict) and isinstance(choice.get("function"), dict):
        return {"type": "tool", "name": str(choice["function"].get("name", ""))}
    if choice == "required":
        return {"type": "any"}
    return {"type": "none"} if choice == "none" else {"type": "auto"}
