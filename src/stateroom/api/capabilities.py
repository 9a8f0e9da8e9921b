"""What this installation is capable of so far, and what somebody should see to: for the console,
which shows no button that leads nowhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from stateroom.errors import Problem
from stateroom.store.webhook import WebhookRecord

_SO_FAR = {"verify": False, "sleep": False, "wake": False, "egress": False}
"""Those of the program itself; the steward knows what the engine adds."""


def capabilities(steward: Mapping[str, Any] | None) -> dict[str, bool]:
    told = (steward or {}).get("capabilities")
    return {**_SO_FAR, **(told if isinstance(told, Mapping) else {})}


def notices(
    steward: Mapping[str, Any] | None, hook: WebhookRecord | None
) -> tuple[Problem, ...]:
    """In the form of problems; the pointer is into what /status answers. That the steward is away
    is said there already: it is null."""
    return (*_of_parts(steward), *_of_webhook(hook))


def _of_parts(steward: Mapping[str, Any] | None) -> Iterator[Problem]:
    for part, sentence in (
        ("firewall", "The firewall's table is not in place: no cabin is started meanwhile."),
        ("edge", "The edge does not answer: no route changes meanwhile."),
        ("broker", "The broker does not answer: no model does meanwhile."),
    ):
        if (steward or {}).get(part) is False:
            hint = "It is put right by itself within seconds; else `stateroom doctor` says why."
            yield Problem(f"/steward/{part}", f"{part}_away", sentence, hint)


def _of_webhook(hook: WebhookRecord | None) -> Iterator[Problem]:
    if hook is None:
        return
    if hook.dead:
        detail = f"The webhook gave up {hook.dead} of its messages: its receiver took none of them."
        hint = "See its last result and repair the receiver; the tenants' own status is up to date."
        yield Problem("/webhook/dead", "webhook_gave_up", detail, hint)
    elif hook.waiting and hook.last_at and not 200 <= hook.last_status < 300:
        detail = f"The webhook's receiver does not take its messages; {hook.waiting} wait."
        hint = "They are tried again for forty hours. A test that goes well has them sent at once."
        yield Problem("/webhook/last", "webhook_failing", detail, hint)
