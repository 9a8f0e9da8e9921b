"""The canary: which share of the tenants goes first, as an operator writes it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from stateroom.domain.names import shown
from stateroom.errors import Invalid, Problem

_SHARE = re.compile(r"(?P<count>[1-9][0-9]{0,5})(?P<percent>%?)(?!\n)")


def share_of(given: str | int | None, at: str = "/canary") -> str:
    """In one form: "10%", a count, or "" for everybody at once. Raises Invalid."""
    text = "" if given is None else str(given).strip()
    if not text:
        return ""
    found = _SHARE.fullmatch(text)
    if found is None or (found["percent"] and int(found["count"]) > 100):
        detail = f"{shown(text)} is no share of the tenants."
        hint = 'Write "10%" (from 1% to 100%), or a number of tenants.'
        raise Invalid([Problem(at, "bad_canary", detail, hint)])
    return "" if text == "100%" else text


def first(share: str, slugs: Sequence[str]) -> frozenset[str]:
    """Who goes first: a percentage is rounded up, so it is at least one. Nobody where the share
    is everybody: nothing would come after it."""
    if not share or not slugs:
        return frozenset()
    if share.endswith("%"):
        count = -(-len(slugs) * int(share[:-1]) // 100)
    else:
        count = int(share)
    return frozenset(slugs[:count]) if count < len(slugs) else frozenset()
