"""OpenAI's chat completions said as Anthropic's messages, and back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stateroom.broker.anthropic import Anthropic
from stateroom.broker.chat import parse_chat
from stateroom.broker.cost import Tokens
from stateroom.broker.dialect import ProviderError
from stateroom.broker.refusals import Refusal

TOOL = {"type": "function", "function": {"name": "look", "description": "Looks.",
                                         "parameters": {"type": "object"}}}
CALL = {"id": "t1", "type": "function", "function": {"name": "look", "arguments": '{"a": 1}'}}


def said(messages: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    body = {"model": "claude", "messages": messages, **changes}
    return Anthropic().request(parse_chat(json.dumps(body).encode())[1])


def test_a_conversation_is_said_whole() -> None:
    """System texts go apart, calls and results of tools find each other, turns alternate."""
    asked = said([
        {"role": "system", "content": "Be kind."},
        {"role": "developer", "content": [{"type": "text", "text": "Be brief."}]},
        {"role": "user", "content": [{"type": "text", "text": "look"}, {"type": "image_url",
         "image_url": {"url": "data:image/png;base64,QUJD"}}]},
        {"role": "assistant", "content": "ok", "tool_calls": [CALL, {**CALL, "id": "t2"}]},
        {"role": "tool", "tool_call_id": "t1", "content": "seen"},
        {"role": "tool", "tool_call_id": "t2", "content": [{"type": "text", "text": "too"}]},
        {"role": "user", "content": "and?"},
    ], max_tokens=50, temperature=1.5, stop="END", stream=True, tools=[TOOL],
        tool_choice="required", parallel_tool_calls=False)
    use = {"type": "tool_use", "id": "t1", "name": "look", "input": {"a": 1}}
    assert asked == {
        "model": "claude", "max_tokens": 50, "stream": True, "temperature": 1,
        "stop_sequences": ["END"], "system": "Be kind.\n\nBe brief.",
        "messages": [
            {"role": "user", "content": [
                {"type": "text", "text": "look"},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png",
                                             "data": "QUJD"}}]},
            {"role": "assistant", "content": [
                {"type": "text", "text": "ok"}, use, {**use, "id": "t2"}]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "t1", "content": "seen"},
                {"type": "tool_result", "tool_use_id": "t2", "content": "too"},
                {"type": "text", "text": "and?"}]},
        ],
        "tools": [{"name": "look", "description": "Looks.", "input_schema": {"type": "object"}}],
        "tool_choice": {"type": "any", "disable_parallel_tool_use": True},
    }


def test_what_messages_does_not_allow_is_mended() -> None:
    """Empty texts are left out, a conversation begins with the user, broken arguments are none."""
    broken = {**CALL, "function": {"name": "look", "arguments": "{"}}
    asked = said([{"role": "assistant", "content": "", "tool_calls": [broken]},
                  {"role": "user", "content": " "}, {"role": "tool", "tool_call_id": "t1"}])
    assert asked["messages"] == [
        {"role": "user", "content": [{"type": "text", "text": "(continue)"}]},
        {"role": "assistant", "content": [
            {"type": "tool_use", "id": "t1", "name": "look", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1"}]},
    ]
    assert asked["max_tokens"] == 8192
    assert "tools" not in asked


@pytest.mark.parametrize(
    ("choice", "expected"),
    [("auto", {"type": "auto"}), ("none", {"type": "none"}), ("required", {"type": "any"}),
     (None, {"type": "auto"}),
     ({"type": "function", "function": {"name": "look"}}, {"type": "tool", "name": "look"})],
)
def test_the_choice_of_a_tool_is_kept(choice: object, expected: dict[str, str]) -> None:
    """Every way to say which tool has its counterpart."""
    asked = said([{"role": "user", "content": "x"}], tools=[TOOL], tool_choice=choice)
    assert asked["tool_choice"] == expected


def test_several_choices_are_refused() -> None:
    """A message has one answer only, and the refusal says so."""
    with pytest.raises(Refusal, match="one choice"):
        said([{"role": "user", "content": "x"}], n=2)


def test_an_answer_is_told_as_a_completion() -> None:
    """Text, calls, the reason to stop and the whole input come back in OpenAI's form."""
    told = Anthropic().answer({
        "type": "message", "id": "msg", "model": "claude", "stop_reason": "tool_use",
        "content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "a"},
                    {"type": "text", "text": "b"},
                    {"type": "tool_use", "id": "t1", "name": "look", "input": {"a": 1}}],
        "usage": {"input_tokens": 1, "cache_creation_input_tokens": 2,
                  "cache_read_input_tokens": 4, "output_tokens": 8},
    }, created=3)
    (completion,) = told.documents
    assert completion["choices"] == [{"index": 0, "finish_reason": "tool_calls", "message": {
        "role": "assistant", "content": "ab", "tool_calls": [CALL]}}]
    assert completion["usage"] == {"prompt_tokens": 7, "completion_tokens": 8, "total_tokens": 15}
    assert completion["created"] == 3
    assert told.usage == Tokens(7, 8)


@pytest.mark.parametrize("document", [{}, {"type": "message"}, {"type": "error", "content": []}])
def test_what_is_no_message_is_the_providers_failure(document: dict[str, Any]) -> None:
    """An answer of another kind is not passed off as an empty one."""
    with pytest.raises(ProviderError, match="not a message"):
        Anthropic().answer(document, 0)


@pytest.mark.parametrize("base", ["https://x.example", "https://x.example/", "https://x.example/v1"])
def test_the_address_may_end_with_its_version(base: str) -> None:
    """Both ways in which people write the address lead to the same place."""
    assert Anthropic().url(base) == "https://x.example/v1/messages"
