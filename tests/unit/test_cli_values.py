"""`--set` and `--limit`: text from a shell becomes what the schema means."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stateroom.cli.failure import Code, Failure
from stateroom.cli.values import limits, typed, values

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "model": {"type": "string"},
        "budget": {"type": "number"},
        "seats": {"type": "integer"},
        "beta": {"type": "boolean"},
        "tags": {"type": "array"},
        "cap": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        "code": {"type": ["string", "integer"]},
    },
}


@pytest.mark.parametrize(
    ("pair", "expected"),
    [
        ("model=3", "3"),
        ("model=true", "true"),
        ("model=", ""),
        ("model=a=b", "a=b"),
        ("budget=3", 3),
        ("budget=0.5", 0.5),
        ("budget=much", "much"),
        ("budget=NaN", "NaN"),
        ("budget=true", "true"),
        ("seats=3", 3),
        ("seats=3.5", "3.5"),
        ("beta=true", True),
        ("beta=1", "1"),
        ('tags=["a"]', ["a"]),
        ("cap=7", 7),
        ("cap=null", None),
        ("code=7", "7"),
        ("unknown=7", "7"),
        ("model:=7", 7),
        ('model:={"a": null}', {"a": None}),
        ("model:=null", None),
    ],
)
def test_a_value_has_the_type_that_the_schema_asks_for(pair: str, expected: Any) -> None:
    """Numbers, booleans and lists only where the schema says so; what does not fit stays text."""
    (found,) = values([pair], SCHEMA).values()
    assert found == expected
    assert type(found) is type(expected)


@given(st.text(), st.text(min_size=1))
def test_text_is_never_changed_where_the_schema_asks_for_text(raw: str, name: str) -> None:
    """Whatever a prompt says, it arrives as it was written."""
    assert typed(raw, {"type": "string"}) == raw
    assert typed(raw, None) == raw


@given(st.integers() | st.booleans() | st.none() | st.lists(st.integers()) | st.text())
def test_raw_json_is_taken_as_it_is(value: Any) -> None:
    """`:=` knows no schema."""
    assert values([f"model:={json.dumps(value)}"], SCHEMA) == {"model": value}


@pytest.mark.parametrize("pair", ["model", "=x", ":=1", "model:=", "model:={", "model:=NaN", ""])
def test_what_is_no_pair_is_wrong_usage(pair: str) -> None:
    """A typo is told before anything is sent."""
    with pytest.raises(Failure) as caught:
        values([pair], SCHEMA)
    assert caught.value.code is Code.USAGE


def test_a_value_given_twice_is_refused() -> None:
    """The last one does not silently win."""
    with pytest.raises(Failure, match="twice"):
        values(["model=a", "model:=1"], SCHEMA)


def test_limits_are_numbers() -> None:
    """Integers stay integers, null gives a limit back."""
    assert limits(["cpu=1.5", "memory_mb=2048", "pids:=null"]) == {
        "cpu": 1.5,
        "memory_mb": 2048,
        "pids": None,
    }


@pytest.mark.parametrize("pair", ["cpu=fast", "cpu=true", "cpu=", 'cpu:="1"x', "cpu=Infinity"])
def test_a_limit_that_is_no_number_is_wrong_usage(pair: str) -> None:
    """It never reaches the api."""
    with pytest.raises(Failure) as caught:
        limits([pair])
    assert caught.value.code is Code.USAGE
