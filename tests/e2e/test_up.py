"""`stateroom up` on a real machine, and `down --purge` of one installation beside another."""

from __future__ import annotations

import pytest

from tests.e2e.cabins import containers
from tests.e2e.installation import OTHER, Stateroom, docker, loops, run, sweep


def identities(stateroom: Stateroom) -> dict[str, tuple[str, str]]:
    """Container -> its id and when it was started."""
    names = containers(stateroom)
    listed = docker("inspect", "-f", "{{.Id}} {{.State.StartedAt}}", *names).splitlines()
    found = {}
    for name, line in zip(names, listed, strict=True):
        container, _, started = line.partition(" ")
        found[name] = (container, started)
    return found


def test_the_first_up_says_where_everything_is(stateroom: Stateroom) -> None:
    """From nothing to two tenants: up prints their URLs, the console's and what to do next."""
    assert stateroom.first_up is not None
    said = stateroom.first_up.out
    https = stateroom.ports[0]
    for url in (
        f"https://acme.t.localhost:{https}/",
        f"https://globex.t.localhost:{https}/",
        f"https://console.localhost:{https}/",
    ):
        assert url in said
    commands = [line for line in said.splitlines() if line.startswith("  stateroom ")]
    assert len(commands) == 3


@pytest.mark.parametrize("words", [("up",), ("up", "--empty")])
def test_up_again_changes_nothing(stateroom: Stateroom, words: tuple[str, ...]) -> None:
    """On a machine where all runs, no container is made, removed or started anew."""
    before = identities(stateroom)
    stateroom.cli(*words)
    assert identities(stateroom) == before


def test_both_sample_tenants_answer(stateroom: Stateroom) -> None:
    """Each of the two answers a chat on its own HTTPS URL, with its own prompt."""
    for slug, name in (("acme", "Acme"), ("globex", "Globex")):
        with stateroom.door(slug) as door:
            assert f"You help the customers of {name}." in door.chat("hello")


def test_plain_http_leads_to_https(stateroom: Stateroom) -> None:
    """A person who types the name without https is sent to it."""
    https, http = stateroom.ports[:2]
    head = run(
        "curl", "-sI", "--resolve", f"acme.t.localhost:{http}:127.0.0.1",
        f"http://acme.t.localhost:{http}/chat?x=1",
    )  # fmt: skip
    assert f"location: https://acme.t.localhost:{https}/chat?x=1" in head.lower()


def test_a_second_installation_comes_and_goes_alone(stateroom: Stateroom) -> None:
    """`up --empty` makes no tenant; two installations share one Docker; `down --purge` of one
    leaves nothing of it behind and touches nothing of the other."""
    before = identities(stateroom)
    try:
        OTHER.cli("up", "--empty")
        prefix = OTHER.prefix
        assert prefix != stateroom.prefix
        assert OTHER.cli("tenants", "list", "--json").document["items"] == []
        OTHER.cli("down", "--purge", "--keep-images", "--yes")
        assert containers_of(prefix) == []
        assert docker("volume", "ls", "-q", "--filter", f"name={prefix}-") == ""
        assert docker("network", "ls", "-q", "--filter", f"name={prefix}-") == ""
        assert loops(prefix) == []
        assert f"stateroom_{prefix}" not in run("nft", "list", "tables")
        assert not OTHER.home.exists()
    finally:
        sweep(OTHER)
    assert identities(stateroom) == before


def containers_of(prefix: str) -> list[str]:
    label = f"label=stateroom.installation={prefix}"
    return docker("ps", "-aq", "--filter", label).split()
