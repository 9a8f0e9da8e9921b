"""What somebody should see to, from what the steward and the webhook say."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from stateroom.api.capabilities import capabilities, notices
from stateroom.domain.blocks import KINDS
from stateroom.domain.notices import notices as of_document
from stateroom.store.webhook import WebhookRecord

HOOK = WebhookRecord("https://example.com/", ("tenant.ready",), b"", b"", 0.0, 0.0, 0, "")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.sampled_from(["blocks", "kind", "id", "x"]), inner, max_size=4),
)
OPTIONS = st.dictionaries(st.sampled_from(["health", "health_command", "x"]), JSON)


def codes(*given_: object) -> list[str]:
    return [notice.code for notice in notices(*given_)]  # type: ignore[arg-type]


def test_a_part_that_is_away_is_said() -> None:
    """Each by name; what the steward does not speak of is not."""
    well = {"firewall": True, "edge": True, "broker": True}
    assert codes(well, None) == codes({}, None) == codes(None, None) == []
    assert codes({**well, "edge": False}, None) == ["edge_away"]


def test_a_webhook_that_nobody_takes_is_said() -> None:
    """While messages wait behind a failure, and for good once some were given up."""
    waiting = replace(HOOK, waiting=3)
    assert codes({}, HOOK) == codes({}, waiting) == []
    assert codes({}, replace(waiting, last_at=1.0, last_status=500)) == ["webhook_failing"]
    assert codes({}, replace(waiting, last_at=1.0, last_status=0)) == ["webhook_failing"]
    assert codes({}, replace(waiting, last_at=1.0, last_status=204)) == []
    assert codes({}, replace(HOOK, dead=1)) == ["webhook_gave_up"]


def test_the_engine_adds_to_what_there_is() -> None:
    """And the steward's word counts where both name it."""
    assert capabilities(None)["sleep"] is False
    told = capabilities({"capabilities": {"copies": True, "sleep": True}})
    assert (told["copies"], told["sleep"], told["verify"]) == (True, True, False)


def test_what_is_drawn_and_not_enforced_yet_is_said() -> None:
    """At its block; no other kind has anything to tell."""
    blocks = [{"id": kind, "kind": kind} for kind in KINDS]
    (notice,) = of_document({"name": "a", "blocks": blocks})
    place = f"/blocks/{list(KINDS).index('egress')}"
    assert (notice.code, notice.block, notice.pointer) == ("not_enforced", "egress", place)


@given(JSON, OPTIONS | JSON)
def test_any_document_has_its_notices(document: object, options: object) -> None:
    """Nothing that may be sent makes it stumble."""
    assert all(notice.code for notice in of_document(document))
    service = {"id": "db", "kind": "service", "options": options}
    found = of_document({"blocks": [service]})
    idle = isinstance(options, dict) and (
        "health_command" in options and options.get("health") != "command"
    )
    assert bool(found) is idle
