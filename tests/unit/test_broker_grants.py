"""Grants and providers as values: digests, documents, addresses, and the fake."""

from __future__ import annotations

import dataclasses
import json

import pytest

from stateroom.broker.fake import MemoryGrants
from stateroom.broker.grants import (
    Grant,
    Provider,
    base_url_problem,
    grant_digest,
    grant_document,
    grant_from,
    provider_digest,
    provider_document,
    provider_from,
)

GRANT = Grant("c1", "t1", "main", ("a", "b"), 20.0, "10.0.0.2")
PROVIDER = Provider("openai", "https://x.example/v1", "sk-1", {"a": {"input": 1.0, "output": 2.0}})


@pytest.mark.parametrize(
    "changes",
    [{"cabin": "c2"}, {"tenant": "t2"}, {"provider": "p"}, {"models": ("b", "a")}, {"models": ()},
     {"monthly_budget_usd": None}, {"monthly_budget_usd": 0.0}, {"address": ""}],
)
def test_every_part_of_a_grant_is_in_its_digest(changes: dict[str, object]) -> None:
    """A grant that differs in anything has another digest."""
    assert grant_digest(dataclasses.replace(GRANT, **changes)) != grant_digest(GRANT)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes", [{"kind": "demo"}, {"base_url": "https://y.example"}, {"key": "sk-2"},
                {"prices": {}}, {"prices": {"a": {"input": 1.0, "output": 3.0}}}],
)
def test_every_part_of_a_provider_is_in_its_digest(changes: dict[str, object]) -> None:
    """A provider that differs in anything has another digest."""
    changed = dataclasses.replace(PROVIDER, **changes)  # type: ignore[arg-type]
    assert provider_digest(changed) != provider_digest(PROVIDER)


def test_documents_carry_everything() -> None:
    """What is written as JSON is read as the same value."""
    assert grant_from(json.loads(json.dumps(grant_document(GRANT)))) == GRANT
    assert provider_from(json.loads(json.dumps(provider_document(PROVIDER)))) == PROVIDER


def test_a_providers_key_is_not_shown() -> None:
    """Neither repr nor str of a provider has its key."""
    assert "sk-1" not in f"{PROVIDER!r} {PROVIDER}"


@pytest.mark.parametrize("amount", [float("nan"), float("inf")])
def test_an_amount_that_is_none_is_refused(amount: float) -> None:
    """Not a number and infinity would pass every comparison with a budget."""
    with pytest.raises(ValueError, match="finite"):
        grant_from({**grant_document(GRANT), "monthly_budget_usd": amount})
    with pytest.raises(ValueError, match="finite"):
        provider_from({**provider_document(PROVIDER), "prices": {"a": {"input": amount}}})


def test_a_price_is_the_models_own_or_everybodys() -> None:
    """The model's own price counts, else that of "*", else nothing."""
    priced = dataclasses.replace(PROVIDER, prices={**PROVIDER.prices, "*": {"input": 9.0}})
    assert priced.price("a") == PROVIDER.price("a")
    assert priced.price("x").input == 9_000_000_000
    assert PROVIDER.price("x").free


@pytest.mark.parametrize(
    "url", ["https://api.example/v1", "https://api.example:8443", "http://127.0.0.1:9/v1",
            "http://localhost:9", "http://[::1]:9/v1"],
)
def test_addresses_that_keep_the_key_safe_pass(url: str) -> None:
    """TLS anywhere, or in the clear on this machine."""
    assert base_url_problem("openai", url) == ""


@pytest.mark.parametrize(
    "url", ["", "api.example", "http://api.example", "ftp://127.0.0.1", "https://", "https:///x",
            "https://u:p@api.example", "https://u@api.example", "https://api.example/?a=b",
            "https://api.example/#x", "https://api.example?", "https://api.example:99999",
            "https://api.exa mple", "https://api.example/\n", "https://[::1",
            "http://127.0.0.1.evil.example", "http://localhost.evil.example", "//api.example"],
)
def test_other_addresses_are_refused_with_a_sentence(url: str) -> None:
    """Whatever could show the key on its way, or is no address, is told as a sentence."""
    assert base_url_problem("openai", url).endswith(".")


def test_the_demo_needs_no_address() -> None:
    """The built-in provider is nowhere."""
    assert base_url_problem("demo", "") == ""


async def test_the_fake_keeps_the_seams_promises() -> None:
    """Put, put again and remove are idempotent, and digests tell versions apart."""
    grants = MemoryGrants()
    await grants.remove("k")
    await grants.put("k", GRANT)
    await grants.put("k", dataclasses.replace(GRANT, models=()))
    await grants.put_provider("main", PROVIDER)
    assert await grants.read() == {"k": grant_digest(dataclasses.replace(GRANT, models=()))}
    assert await grants.read_providers() == {"main": provider_digest(PROVIDER)}
    await grants.remove("k")
    await grants.remove_provider("main")
    assert (await grants.read(), await grants.read_providers()) == ({}, {})
