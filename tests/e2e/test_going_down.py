"""`stateroom down` keeps what `up` brings back."""

from __future__ import annotations

from tests.e2e.cabins import agent_of
from tests.e2e.installation import Stateroom, docker


def test_down_keeps_and_up_brings_back(stateroom: Stateroom) -> None:
    """After `down` nothing runs and nothing is lost; after `up` the same tenants answer, with
    their data and the same tokens, and with a secret that was set just before the end."""
    agent_of(stateroom, "globex").sh("echo kept > /data/down.txt")
    token = stateroom.access("globex")["api_token"]
    stateroom.secret("acme", "CRM_API_KEY", LAST)
    stateroom.cli("down")
    label = f"label=stateroom.installation={stateroom.prefix}"
    assert docker("ps", "-q", "--filter", label) == ""
    stateroom.cli("up")
    assert agent_of(stateroom, "globex").sh("cat /data/down.txt") == "kept"
    with stateroom.door("globex", token) as door:
        assert door.is_there()
    assert agent_of(stateroom, "acme").environment()["CRM_API_KEY"] == LAST


LAST = "the-one-that-must-not-leak-51c7"
