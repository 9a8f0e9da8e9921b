"""What OpenClaw is told: files, environment and what a digest is made over."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stateroom.domain.cabin import Cabin, Installation
from stateroom.domain.content import AgentContent, ContentVersion, SecretRef
from stateroom.runtimes import openclaw

CABIN = Cabin(Installation("3f"), "1a2b3c4d", 7, 3)
VERSION = ContentVersion(4, "d", "e")
CONTENT = AgentContent(
    tenant_id="t1",
    slug="acme",
    url="https://acme.t.localhost:8443/",
    models=("demo-1",),
    prompt="You help.",
    tools="minimal",
    variables=(("FEATURE", "on"),),
    secrets=(SecretRef("CRM", "env", "1"), SecretRef("CERT", "file", "1")),
)
SECRETS = {"CRM": b"crm-value", "CERT": b"cert-value"}


def files(content: AgentContent = CONTENT) -> dict[str, bytes]:
    return dict(openclaw.render(content, CABIN, VERSION, SECRETS, "broker-key").files)


def config(content: AgentContent = CONTENT) -> dict[str, Any]:
    found = json.loads(files(content)["openclaw.json"])
    assert isinstance(found, dict)
    return found


def environment(content: AgentContent = CONTENT) -> dict[str, str]:
    pairs = files(content)["env"].decode().split("\0")
    assert pairs.pop() == ""
    return dict(pair.split("=", 1) for pair in pairs)


def strings(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for part in (*value, *value.values()) for text in strings(part)]
    if isinstance(value, list):
        return [text for part in value for text in strings(part)]
    return [value] if isinstance(value, str) else []


def test_secrets_arrive_as_they_were_asked_for() -> None:
    """Kind env is environment and file, kind file is a file alone; neither is in the config."""
    found = files()
    assert found["secrets/CRM"] == b"crm-value"
    assert found["secrets/CERT"] == b"cert-value"
    assert environment()["CRM"] == "crm-value"
    assert "CERT" not in environment()
    assert b"value" not in found["openclaw.json"]


def test_the_platforms_variables_are_there() -> None:
    """The cabin knows whose it is, under which address, and its own key for the broker."""
    found = environment()
    assert found["STATEROOM_TENANT"] == "acme"
    assert found["STATEROOM_URL"] == "https://acme.t.localhost:8443/"
    assert found[openclaw.BROKER_KEY] == "broker-key"
    assert found["FEATURE"] == "on"


def test_only_the_edge_is_trusted_and_only_the_owner_let_in() -> None:
    """Identity comes from the host's end of the bridge, for one user and one origin."""
    gateway = config()["gateway"]
    assert gateway["trustedProxies"] == [str(CABIN.gateway)]
    assert gateway["auth"]["trustedProxy"]["allowUsers"] == ["owner@acme"]
    assert gateway["controlUi"]["allowedOrigins"] == ["https://acme.t.localhost:8443"]


def test_no_flag_of_openclaw_that_is_dangerous_by_its_own_name() -> None:
    """Signing in needs none of them."""
    assert not [text for text in strings(config()) if text.lower().startswith("dangerously")]


def test_models_are_asked_of_the_broker_alone() -> None:
    """One provider, on the cabin's own gateway, with the cabin's own key."""
    models = config()["models"]
    assert models["mode"] == "replace"
    assert list(models["providers"]) == ["main"]
    assert models["providers"]["main"]["baseUrl"] == f"http://{CABIN.gateway}:8071/v1"
    assert models["providers"]["main"]["apiKey"]["id"] == openclaw.BROKER_KEY


def test_a_models_name_is_data() -> None:
    """What looks like OpenClaw's own substitution reaches it as plain text."""
    found = config(replace(CONTENT, models=("${HOME}",)))
    assert found["models"]["providers"]["main"]["models"][0]["id"] == "$${HOME}"
    assert found["agents"]["defaults"]["model"]["primary"] == "main/$${HOME}"


@given(st.text())
def test_a_prompt_is_a_file_and_nothing_else(prompt: str) -> None:
    """No prompt changes the configuration, whatever it holds."""
    content = replace(CONTENT, prompt=prompt.replace("\ud800", ""))
    try:
        text = content.prompt.encode()
    except UnicodeEncodeError:
        return  # A blueprint refuses broken Unicode.
    found = files(content)
    assert found["openclaw.json"] == files()["openclaw.json"]
    assert found["install/workspace/AGENTS.md"] == text.rstrip(b"\n") + b"\n"


def test_a_digest_follows_every_change_and_no_value() -> None:
    """A new version of a secret is a new content; its value is never digested."""
    before = openclaw.canonical(CONTENT, CABIN)
    newer = replace(CONTENT, secrets=(SecretRef("CRM", "env", "2"), CONTENT.secrets[1]))
    assert openclaw.canonical(newer, CABIN) != before
    assert openclaw.canonical(replace(CONTENT, prompt="Other."), CABIN) != before
    assert openclaw.canonical(replace(CONTENT, models=("demo-2",)), CABIN) != before
    assert openclaw.canonical(replace(CONTENT, safe_mode=True), CABIN) != before


def test_only_the_environment_asks_for_a_restart() -> None:
    """Prompt, model and file secrets are taken over by the running process."""
    before = openclaw.canonical_environment(CONTENT)
    calm = replace(CONTENT, prompt="Other.", models=("demo-2",))
    calm = replace(calm, secrets=(CONTENT.secrets[0], SecretRef("CERT", "file", "9")))
    assert openclaw.canonical_environment(calm) == before
    for changed in (
        replace(CONTENT, variables=(("FEATURE", "off"),)),
        replace(CONTENT, secrets=(SecretRef("CRM", "env", "2"),)),
        replace(CONTENT, safe_mode=True),
    ):
        assert openclaw.canonical_environment(changed) != before


def test_safe_mode_begins_beside_the_state_in_data() -> None:
    """State, caches and workspace are elsewhere, and nothing is to be put into /data, so that
    nothing there is read or needed at the boot."""
    safe = replace(CONTENT, safe_mode=True)
    found = environment(safe)
    workspace = config(safe)["agents"]["defaults"]["workspace"]
    assert f"{workspace}/AGENTS.md".removeprefix("/run/stateroom/") in files(safe)
    assert "/data" not in " ".join(strings(config(safe)))
    assert not [name for name in files(safe) if name.startswith("install/")]
    assert found["OPENCLAW_STATE_DIR"] == found["HOME"] == openclaw.SAFE_STATE
    assert "OPENCLAW_STATE_DIR" not in environment()


def test_a_content_does_not_show_itself() -> None:
    """Not by repr: logs hold reprs."""
    shown = repr(openclaw.render(CONTENT, CABIN, VERSION, SECRETS, "broker-key"))
    assert "crm-value" not in shown
    assert "broker-key" not in shown


def test_a_content_names_itself() -> None:
    """OpenClaw repeats its mark in a header of every answer, and the prober reads it back."""
    header = config()["gateway"]["http"]["securityHeaders"]["strictTransportSecurity"]
    assert openclaw.acting_on(header) == VERSION.mark
    assert config()["gateway"]["http"]["endpoints"] == {"chatCompletions": {"enabled": True}}


@pytest.mark.parametrize(
    "header", ["", "max-age=31536000", "content=4-d", "max-age=0; Content=4-d"]
)
def test_a_header_of_somebody_else_names_no_content(header: str) -> None:
    """Nothing is guessed: what is not in our own form is no mark."""
    assert openclaw.acting_on(header) == ""


@given(st.text())
def test_a_mark_that_a_tenant_made_up_is_short(text: str) -> None:
    """Whatever the header says, what is kept of it is bounded."""
    assert len(openclaw.acting_on(f"max-age=0; content={text}")) <= openclaw.LONGEST_MARK


def test_no_two_contents_of_a_cabin_have_one_mark() -> None:
    """A content that comes back is another one (A, B, A), and so is one of the same generation
    that says something else, as after a database was put back."""
    marks = {ContentVersion(n, d * 64, "e").mark for n in (4, 5) for d in "ab"}
    assert len(marks) == 4
    assert max(map(len, marks)) < openclaw.LONGEST_MARK
