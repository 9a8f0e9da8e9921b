"""The pure parts of what is shown: events in, escapes out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stateroom.cli.failure import Code, Failure, problems_in
from stateroom.cli.paths import path
from stateroom.cli.screen import describe, moment, safe
from stateroom.cli.sse import Event, events
from stateroom.errors import Problem


def test_events_are_read_as_the_standard_says() -> None:
    """Comments are skipped, data lines are joined, the id stays until it changes."""
    lines = [
        *[": hello", "", "id: 7", "event: tenant", "data: {", 'data: "a": 1}', ""],
        *["data:x", "", "event: lonely", ""],
    ]
    assert list(events(lines)) == [
        Event("7", "tenant", '{\n"a": 1}'),
        Event("7", "message", "x"),
    ]


def test_an_event_that_was_cut_off_is_not_shown() -> None:
    """It comes whole after the next connection."""
    assert list(events(["id: 1", "data: whole", "", "id: 2", "data: half"])) == [
        Event("1", "message", "whole")
    ]


@given(st.text())
def test_what_is_shown_commands_no_terminal(text: str) -> None:
    """No control character passes but the tab, and what is harmless stays as it is."""
    shown = safe(text)
    assert not [c for c in shown if (ord(c) < 32 and c != "\t") or 127 <= ord(c) < 160]
    if text.isprintable() and text.isascii():
        assert shown == text


def test_an_escape_sequence_is_made_visible() -> None:
    """A tenant cannot clear the operator's screen, or write over a line."""
    assert safe("\x1b[2Jgone\r\u202e") == "\\x1b[2Jgone\\r\\u202e"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("2026-01-02T03:04:05Z", "2026-01-02 03:04:05Z"),
        ("2026-01-02T03:04:05.9+01:00", "2026-01-02 02:04:05Z"),
        (1767323045.5, "2026-01-02 03:04:05Z"),
        (0, ""),
        (None, ""),
        ("soon", "soon"),
    ],
)
def test_a_time_is_shown_in_utc(value: object, shown: str) -> None:
    """Whatever form it came in; what is no time is shown as it is."""
    assert moment(value) == shown


def test_a_problem_is_one_line_with_place_and_hint() -> None:
    """Pointer, block, sentence, hint: everything that is needed to mend it."""
    problem = Problem("/blocks/1/options/cpu", "x", "Too much.", "At most 4.", block="agent")
    assert describe(problem) == ("/blocks/1/options/cpu (block agent): Too much. Hint: At most 4.")


def test_problems_of_an_odd_answer_are_read_as_far_as_possible() -> None:
    """A newer api may say more, an older one less."""
    answer = {"errors": [{"detail": "a", "link": ["x", "y"], "new": 1}, "odd", {"link": "x"}]}
    assert problems_in(answer) == (
        Problem("", "", "a", link=("x", "y")),
        Problem("", "", ""),
    )
    assert problems_in({"errors": "none"}) == ()


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_a_name_that_is_a_path_is_not_found(name: str) -> None:
    """`tenants show ..` asks for nothing else than a tenant."""
    with pytest.raises(Failure) as caught:
        path("tenants", name)
    assert caught.value.code is Code.NOT_FOUND


def test_a_name_is_escaped_into_one_part() -> None:
    """A slash or a question mark stays inside the name."""
    assert path("tenants", "a/b?c d") == "/tenants/a%2Fb%3Fc%20d"
