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
    """Of two, as in `data=keep&data=erase`, none is what the caller meant for sure. As in a body;
    what the call does not know counts for nothing here either. Raises Invalid."""
    known = {field.alias for field in request.scope["route"].dependant.query_params} - _REPEATED
    counted = Counter(name for name, _ in request.query_params.multi_items() if name in known)
    twice = [name for name, count in counted.items() if count > 1]
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
