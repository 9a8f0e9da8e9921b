"""Lines out of pieces, whatever a tenant writes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stateroom.engines.log_lines import CUT, LONGEST_LINE, LogLines


@given(st.lists(st.binary(max_size=40), max_size=8))
def test_pieces_do_not_matter(pieces: list[bytes]) -> None:
    """However a log is cut into pieces, its lines are the same; what no newline ends is none."""
    split = LogLines()
    whole = b"".join(pieces)
    expected = [line.decode(errors="replace") for line in whole.split(b"\n")[:-1]]
    assert [line for piece in pieces for line in split.add(piece)] == expected


def test_an_endless_line_costs_no_more_than_a_long_one() -> None:
    """Megabytes without a newline keeps no more than the longest line, which is given, cut and
    marked, when it ends; the next line is whole."""
    split = LogLines()
    piece = bytes(range(11, 256)) * 65
    for _ in range(10_000_000 // len(piece)):
        assert split.add(piece) == []
        assert len(split._rest) <= LONGEST_LINE + len(CUT)
    cut, whole = split.add(b"end\nnext\n")
    assert cut.endswith(CUT.decode()) and whole == "next"


def test_the_longest_line_is_whole() -> None:
    """A line of exactly the bound is not cut, one byte more is."""
    line = b"x" * LONGEST_LINE
    assert LogLines().add(line + b"\n") == [line.decode()]
    assert LogLines().add(line + b"y\n") == [(line + CUT).decode()]
