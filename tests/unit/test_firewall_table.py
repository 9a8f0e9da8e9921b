"""The firewall's text, whole, and the guard's word about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from stateroom.domain.cabin import Installation
from stateroom.guard.state import Moment, in_place, read_state, write_state
from stateroom.guard.table import render, transaction

INSTALLATION = Installation("3f", broker_port=8071)
TABLE = """\
table inet stateroom_st3f {
	chain input {
		type filter hook input priority filter; policy accept;
		iifname "st3f-*" jump from_cabin
		iifname != "st3f-*" tcp dport 8071 drop
	}

	chain from_cabin {
		meta nfproto ipv6 drop
		ct state established,related accept
		tcp dport 8071 fib daddr . iif type local accept
		drop
	}

	chain forward {
		type filter hook forward priority filter; policy accept;
		iifname "st3f-*" drop
		oifname "st3f-*" drop
	}

	chain output {
		type filter hook output priority filter; policy accept;
		oifname "st3f-*" jump to_cabin
	}

	chain to_cabin {
		meta nfproto ipv6 drop
		ct state established,related accept
		meta skuid 61001 accept
		meta skuid 61003 accept
		drop
	}
}
"""


def test_the_whole_table() -> None:
    """Every rule, in order; the allowed uids sorted and once each."""
    assert render(INSTALLATION, [61003, 61001, 61003]) == TABLE


def test_it_is_replaced_in_one_transaction() -> None:
    """There, so that it can be deleted; deleted; put: nft commits all of it or nothing."""
    assert transaction(INSTALLATION, [61001, 61003]) == (
        f"table inet stateroom_st3f\ndelete table inet stateroom_st3f\n{TABLE}"
    )


def test_nobody_allowed_is_a_mistake() -> None:
    """A firewall that lets not even the edge through would only look like an outage."""
    with pytest.raises(ValueError, match="uid"):
        render(INSTALLATION, [])


def at(seconds: float, boot: str = "b1") -> Moment:
    return Moment(boot, seconds)


def test_the_guards_word(tmp_path: Path) -> None:
    """Believed while fresh, and only when it says that the table is there."""
    path = tmp_path / "state.json"
    assert not read_state(path, at(1000))
    write_state(path, present=True, digest="d", now=at(1000))
    assert read_state(path, at(1000))
    assert read_state(path, at(1014))
    assert not read_state(path, at(1016))
    assert not read_state(path, at(900))
    write_state(path, present=False, digest="d", now=at(1000))
    assert not read_state(path, at(1000))
    broken = ("", "[]", '{"present": true}', '{"present": 1, "checked_at": 1000, "boot": "b1"}',
              '{"present": true, "checked_at": 1000}')
    for text in broken:
        path.write_text(text)
        assert not read_state(path, at(1000))


def test_what_was_said_before_the_machine_started_counts_for_nothing(tmp_path: Path) -> None:
    """However fast it came back: its firewall went with the kernel."""
    path = tmp_path / "state.json"
    write_state(path, present=True, digest="d", now=at(10, "b1"))
    assert not read_state(path, at(11, "b2"))
    write_state(path, present=True, digest="d", now=at(10, ""))
    assert not read_state(path, at(11, ""))


def test_a_clock_that_somebody_sets_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time of day may jump by a year: the age of what was said is counted by another clock."""
    path = tmp_path / "state.json"
    write_state(path, present=True, digest="d", now=Moment.now())
    monkeypatch.setattr("time.time", lambda: 4e9)
    assert in_place(path)
