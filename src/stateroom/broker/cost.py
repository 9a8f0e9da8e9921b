"""What a call costs: pure arithmetic on tokens and prices.

Money is whole nano-USD: sums of many small floats drift, sums of integers do not. Costs are
rounded up, so that no number of small calls is free.

Before a call its size is only estimated. The estimate leans high on purpose: what is reserved
is what a budget can lose to calls that run at the same time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

NANO = 1_000_000_000
PER_PRICE = 1_000_000
"""Prices are per this many tokens."""

DEFAULT_OUTPUT_TOKENS = 8192
"""What a call may produce when it does not say: enough for a long answer."""

OUTPUT_TOKENS_PER_SECOND = 300
"""Faster than common providers produce. Bounds what a call that was cut off can have cost,
also for a model that thinks without showing it."""

TOKENS_PER_MESSAGE = 8
TOKENS_PER_MEDIA = 3000
MEDIA_BYTES_PER_TOKEN = 64
MEDIA_KEYS = frozenset({"image_url", "input_audio", "file"})


@dataclass(frozen=True, slots=True)
class Price:
    """In nano-USD per million tokens."""

    input: int = 0
    output: int = 0

    @classmethod
    def of(cls, input_usd: float, output_usd: float) -> Price:
        return cls(_nano(input_usd), _nano(output_usd))

    @property
    def free(self) -> bool:
        return not self.input and not self.output


@dataclass(frozen=True, slots=True)
class Tokens:
    input: int = 0
    output: int = 0


def cost(tokens: Tokens, price: Price) -> int:
    """In nano-USD, rounded up."""
    return -(-(tokens.input * price.input + tokens.output * price.output) // PER_PRICE)


def usd(nano: int) -> float:
    return nano / NANO


def nano_of(usd_amount: float) -> int:
    return _nano(usd_amount)


def _nano(usd_amount: float) -> int:
    # A negative price would fill a budget up again.
    return max(0, round(usd_amount * NANO))


def text_tokens(text: str) -> int:
    """A high estimate. A token is four characters of English, but hardly ever less than two of
    any ASCII text and never less than one byte of anything else."""
    if text.isascii():
        return -(-len(text) // 2)
    other = len(text.encode("utf-8", "surrogatepass")) - len(text)
    return -(-len(text) // 2) + other


def value_tokens(value: Any) -> int:
    """The same for a JSON value: all of its text, its keys too, media by their size."""
    total = 0
    todo = [value]
    while todo:
        item = todo.pop()
        if isinstance(item, str):
            total += text_tokens(item)
        elif isinstance(item, dict):
            for key, inner in item.items():
                total += text_tokens(key)
                if key in MEDIA_KEYS:
                    total += TOKENS_PER_MEDIA + _size(inner) // MEDIA_BYTES_PER_TOKEN
                else:
                    todo.append(inner)
        elif isinstance(item, list):
            todo.extend(item)
        elif item is not None:
            total += 2
    return total


def _size(value: Any) -> int:
    total = 0
    todo = [value]
    while todo:
        item = todo.pop()
        if isinstance(item, str):
            total += len(item)
        elif isinstance(item, dict):
            total += sum(map(len, item))
            todo.extend(item.values())
        elif isinstance(item, list):
            todo.extend(item)
        else:
            total += 8
    return total


def unfinished(reserved: Tokens, seen: int, seconds: float) -> Tokens:
    """What is charged for a call that was cut off before its usage was known: all of its input,
    and the output that was seen or that could have been made in the time, whichever is more,
    but no more than was reserved. Else hanging up early would be free."""
    made = max(seen, int(seconds * OUTPUT_TOKENS_PER_SECOND))
    return Tokens(reserved.input, min(reserved.output, made))
