"""Streams of events: read however they are cut, told in OpenAI's form."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stateroom.broker.anthropic import Anthropic
from stateroom.broker.cost import Tokens
from stateroom.broker.dialect import ProviderError, Told
from stateroom.broker.openai import OpenAI
from stateroom.broker.sse import MAX_EVENT_BYTES, Event, EventReader

STREAM = (
    b": sign of life\r\n\r\nevent: greeting\r\ndata: one\r\ndata:two\r\n\r\n"
    b"id: 7\nretry: 10\ndata: {\"a\": \"\xc3\xa9\"}\n\ndata: last"
)
EVENTS = [Event("", comment=True), Event("one\ntwo", "greeting"), Event('{"a": "é"}'),
          Event("last")]


def read(pieces: list[bytes]) -> list[Event]:
    reader = EventReader()
    events = [event for piece in pieces for event in reader.feed(piece)]
    return events + list(reader.end())


@given(st.lists(st.integers(0, len(STREAM)), max_size=20))
def test_events_do_not_depend_on_how_bytes_arrive(cuts: list[int]) -> None:
    """Cut anywhere, also inside a letter, the same events come out."""
    places = [0, *sorted(cuts), len(STREAM)]
    pieces = [STREAM[a:b] for a, b in pairwise(places)]
    assert read(pieces) == EVENTS


def test_an_event_without_an_end_is_refused() -> None:
    """Neither one endless line nor endless lines of one event are kept."""
    with pytest.raises(ValueError, match="too long"):
        read([b"data: " + b"x" * (MAX_EVENT_BYTES + 1)])
    line = b"data: " + b"x" * 100_000 + b"\n"
    with pytest.raises(ValueError, match="too long"):
        read([line] * (MAX_EVENT_BYTES // 100_000 + 2))


def told_by(stream: Any, documents: list[dict[str, Any]]) -> list[Told]:
    return [stream.feed(Event(json.dumps(document))) for document in documents]


def test_openai_is_passed_on() -> None:
    """A chunk passes as it is; the end, the usage and the reason to stop are noticed."""
    chunk = {"choices": [{"index": 0, "delta": {"content": "x"}, "finish_reason": None}]}
    last = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    usage = {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 4}}
    stream = OpenAI().stream(0)
    assert told_by(stream, [chunk, last, usage]) == [
        Told((chunk,)), Told((last,), finished=True), Told((usage,), Tokens(3, 4)),
    ]
    assert stream.feed(Event("[DONE]")) == Told(done=True)


def test_anthropic_is_told_as_chunks() -> None:
    """Text, tool calls, the reason to stop and the usage become OpenAI's; thinking is left out."""
    usage = {"input_tokens": 5, "cache_read_input_tokens": 2, "output_tokens": 1}
    told = told_by(Anthropic().stream(9), [
        {"type": "message_start", "message": {"id": "msg", "model": "c", "usage": usage}},
        {"type": "ping"},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking"}},
        {"type": "content_block_delta", "index": 0,
         "delta": {"type": "thinking_delta", "thinking": "hm"}},
        {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "hi"}},
        {"type": "content_block_stop", "index": 1},
        {"type": "content_block_start", "index": 2,
         "content_block": {"type": "tool_use", "id": "t1", "name": "look", "input": {}}},
        {"type": "content_block_delta", "index": 2,
         "delta": {"type": "input_json_delta", "partial_json": '{"a"'}},
        {"type": "content_block_delta", "index": 2,
         "delta": {"type": "input_json_delta", "partial_json": ": 1}"}},
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"},
         "usage": {"output_tokens": 11}},
        {"type": "message_stop"},
    ])
    documents = [document for one in told for document in one.documents]
    deltas = [document["choices"][0]["delta"] for document in documents if document["choices"]]
    call = {"index": 0, "id": "t1", "type": "function",
            "function": {"name": "look", "arguments": ""}}
    assert deltas == [
        {"role": "assistant", "content": ""}, {"content": "hi"}, {"tool_calls": [call]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '{"a"'}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": ": 1}"}}]}, {},
    ]
    assert documents[-2]["choices"][0]["finish_reason"] == "tool_calls"
    assert documents[-1]["usage"] == {
        "prompt_tokens": 7, "completion_tokens": 11, "total_tokens": 18,
    }
    assert {d["id"] for d in documents} == {"msg"}
    assert {d["created"] for d in documents} == {9}
    assert [one.usage for one in told if one.usage] == [Tokens(7, 11)]
    assert told[-1].done


@pytest.mark.parametrize("dialect", [OpenAI(), Anthropic()])
@pytest.mark.parametrize("data", ["x", "[]", "null", '{"error": {"message": "busy"}}',
                                  '{"type": "error", "error": {"type": "overloaded_error"}}'])
def test_an_event_that_is_none_ends_the_stream(dialect: Any, data: str) -> None:
    """Garbage and reported errors are the provider's failure, in words."""
    with pytest.raises(ProviderError, match=r"sent an event|reported an error: (busy|no reason)"):
        dialect.stream(0).feed(Event(data))
