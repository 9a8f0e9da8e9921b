"""Parameters of an address: each stands there once, and a flag needs no value."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

from fastapi import Request
from pydantic import BeforeValidator

from stateroom.domain.names import shown
from stateroom.domain.pointer import pointer
from stateroom.errors import Invalid, Problem

_REPEATED = frozenset({"tenants"})
"""Of those that are lists."""


async def each_once(request: Request) -> None:
    """Of two, as in `data=keep&data=erase`, none is what the caller meant for sure. As in a body.
    Raises Invalid."""
    counted = Counter(name for name, _ in request.query_params.multi_items())
    twice = [name for name, count in counted.items() if count > 1 and name not in _REPEATED]
    if twice:
        raise Invalid(
            [
                Problem(
                    pointer(name),
                    "duplicate_key",
                    f"The parameter {shown(name)} stands twice in the address.",
                    "Remove one.",
                )
                for name in twice
            ]
        )


Flag = Annotated[bool, BeforeValidator(lambda given: True if given == "" else given)]
"""`?follow` is `?follow=true`."""
