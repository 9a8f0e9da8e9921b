"""What a call costs, before and after; what may be said of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stateroom.broker.chat import limit_output, parse_chat
from stateroom.broker.cost import (
    Price,
    Tokens,
    cost,
    nano_of,
    text_tokens,
    unfinished,
    usd,
    value_tokens,
)
from stateroom.broker.nesting import is_deeper
from stateroom.broker.redact import redacted
from stateroom.broker.refusals import Refusal


def estimate(**changes: Any) -> Tokens:
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}], **changes}
    return parse_chat(json.dumps(body).encode())[0].estimate


def test_cost_is_exact_and_rounded_up() -> None:
    """Prices are per million tokens; not even one token of the cheapest model is free."""
    price = Price.of(0.15, 0.6)
    assert usd(cost(Tokens(1_000_000, 1_000_000), price)) == 0.75
    assert cost(Tokens(1, 0), Price.of(0.0000001, 0)) == 1
    assert cost(Tokens(10, 10), Price()) == 0


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.integers(0, 10**9), st.integers(0, 10**9))
def test_many_small_calls_are_no_cheaper_than_a_large_one(
    in_usd: float, out_usd: float, sent: int, made: int
) -> None:
    """Splitting a call never lowers its cost, and a cost is never negative."""
    price = Price.of(in_usd, out_usd)
    parts = [Tokens(sent // 2, made // 2), Tokens(sent - sent // 2, made - made // 2)]
    assert sum(cost(part, price) for part in parts) >= cost(Tokens(sent, made), price) >= 0


@given(st.text(max_size=300))
def test_text_is_estimated_high(text: str) -> None:
    """Never less than a third of its bytes; nothing is nothing."""
    assert text_tokens(text) >= len(text.encode("utf-8", "surrogatepass")) / 3
    assert text_tokens("") == 0


@given(st.text(max_size=50), st.text(max_size=50))
def test_more_said_is_never_estimated_lower(first: str, second: str) -> None:
    """An estimate only grows with what is said, so nothing can hide a part of a request."""
    def of(*contents: str) -> int:
        return estimate(messages=[{"role": "user", "content": c} for c in contents]).input

    assert of(first, second) >= max(of(first), of(second))


def test_media_is_estimated_by_its_size_not_as_text() -> None:
    """A picture of a megabyte is thousands of tokens, not a million, and never none."""
    def picture(url: str) -> int:
        part = {"type": "image_url", "image_url": {"url": url}}
        return estimate(messages=[{"role": "user", "content": [part]}]).input

    assert 3_000 < picture("https://images.example/1") < 4_000
    assert 10_000 < picture("data:image/png;base64," + "A" * 1_000_000) < 30_000


def test_the_output_is_what_may_be_made() -> None:
    """The larger of both limits, for each choice; without a limit what will be set."""
    assert estimate(max_tokens=5).output == 5
    assert estimate(max_tokens=5, max_completion_tokens=9).output == 9
    assert estimate(max_tokens=5, n=3).output == 15
    unlimited = parse_chat(b'{"model": "m", "messages": [{"role": "user"}]}')
    assert limit_output(unlimited[1])["max_completion_tokens"] == unlimited[0].estimate.output


def test_a_call_that_was_cut_off_costs_no_more_than_was_reserved() -> None:
    """All of its input, and the output that was seen or that the time allowed for."""
    reserved = Tokens(100, 1000)
    assert unfinished(reserved, seen=0, seconds=0) == Tokens(100, 0)
    assert unfinished(reserved, seen=40, seconds=0) == Tokens(100, 40)
    assert unfinished(reserved, seen=40, seconds=1) == Tokens(100, 300)
    assert unfinished(reserved, seen=40, seconds=60) == reserved


def test_money_goes_there_and_back() -> None:
    """A budget in USD is kept to the nano."""
    assert usd(nano_of(19.99)) == 19.99
    assert nano_of(-1) == 0


@pytest.mark.parametrize("key", ["", "short"])
def test_what_is_no_secret_is_left_alone(key: str) -> None:
    """An empty or tiny key would be found everywhere."""
    assert redacted({"a": ["short", ""]}, key) == {"a": ["short", ""]}


def test_a_key_is_removed_wherever_it_is() -> None:
    """In values and in names, however deep, as often as it is there."""
    found = redacted({"k-secret": [{"a": "x k-secret k-secret"}, 1, None]}, "k-secret")
    assert found == {"[removed]": [{"a": "x [removed] [removed]"}, 1, None]}


def deep(levels: int) -> str:
    """A list in a list in a list."""
    return "[" * levels + "]" * levels


@pytest.mark.parametrize("levels", [0, 1, 2, 7, 100, 101, 900])
def test_depth_is_counted_in_brackets(levels: int) -> None:
    """At most as many brackets in brackets as are allowed, beside whatever else there is."""
    text = f'{{"a": 1, "b": {deep(levels) or 0}}}'
    assert is_deeper(json.loads(text), 101) == (levels + 1 > 101)
    assert not is_deeper(json.loads(text), levels + 1)
    assert is_deeper(json.loads(text), levels)


@pytest.mark.parametrize("levels", [101, 600, 5_000, 100_000])
@pytest.mark.parametrize("name", ["image_url", "text"])
def test_a_request_that_is_nested_deeply_is_refused(levels: int, name: str) -> None:
    """With a sentence, before anything walks over it, however deep it is."""
    part = f'{{"type": "image_url", "{name}": {deep(levels)}}}'
    body = f'{{"model": "m", "messages": [{{"role": "user", "content": [{part}]}}]}}'
    with pytest.raises(Refusal, match="nested too deeply") as refused:
        parse_chat(body.encode())
    assert refused.value.status == 400


def test_no_estimate_goes_down_with_its_value() -> None:
    """Media in a thousand brackets are measured like media in one."""
    within: Any = "A" * 64_000
    for _ in range(3_000):
        within = {"a": [within]}
    assert value_tokens({"image_url": within}) > value_tokens({"image_url": "A" * 64_000})
