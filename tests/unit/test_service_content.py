"""What a service is told: its own environment and files, and what a digest is made over."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stateroom.domain.cabin import Cabin, Installation
from stateroom.domain.content import AgentContent, ContentVersion, SecretRef, ServiceContent
from stateroom.runtimes import openclaw, service

VERSION = ContentVersion(4, "d", "e")
DB = ServiceContent(
    role="db",
    variables=(("MODE", "plain"),),
    secrets=(SecretRef("PASSWORD", "env", "1"), SecretRef("CERT", "file", "1")),
)
SECRETS = {"PASSWORD": b"it=is\nlong", "CERT": b"cert", "OTHER": b"the agent's"}
AGENT = AgentContent("t1", "acme", "https://acme.test/", ("demo-1",), "You help.", "minimal")


def test_it_is_told_what_is_its_own() -> None:
    """Variables and secrets of kind env in the environment, secrets as files; nobody else's."""
    content = service.render(DB, VERSION, SECRETS)
    assert content.version == VERSION
    assert dict(content.files) == {
        "env": b"MODE=plain\0PASSWORD=it=is\nlong\0",
        "secrets/CERT": b"cert",
        "secrets/PASSWORD": b"it=is\nlong",
    }
    assert "long" not in repr(content)


def test_without_anything_there_is_an_empty_environment() -> None:
    """The file is there, so that one that was removed is not taken for one that is kept."""
    content = service.render(ServiceContent("db"), VERSION, {})
    assert content.files == (("env", b""),)


@pytest.mark.parametrize(
    ("changed", "environment"),
    [
        (replace(DB, variables=(("MODE", "other"),)), True),
        (replace(DB, secrets=(SecretRef("PASSWORD", "env", "2"), DB.secrets[1])), True),
        (replace(DB, secrets=(DB.secrets[0], SecretRef("CERT", "file", "2"))), False),
        (replace(DB, secrets=(DB.secrets[0],)), False),
    ],
    ids=["variable", "secret", "file secret", "no file secret"],
)
def test_every_change_is_another_content(changed: ServiceContent, environment: bool) -> None:
    """And only that of the environment begins the service anew."""
    assert service.canonical(changed) != service.canonical(DB)
    same = service.canonical_environment(changed) == service.canonical_environment(DB)
    assert same is not environment


def test_a_services_content_is_part_of_its_cabins() -> None:
    """One digest speaks for all of a cabin; the agent's environment is its own."""
    cabin = Cabin(Installation("3f"), "1a2b3c4d", 7, 3)
    beside = replace(AGENT, services=(DB,))
    assert openclaw.canonical(beside, cabin) != openclaw.canonical(AGENT, cabin)
    assert openclaw.canonical_environment(beside) == openclaw.canonical_environment(AGENT)
