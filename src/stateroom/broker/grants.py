"""Grants: who may ask the broker for what. The steward writes them, the broker reads them.

Two kinds of value, each named by a digest so that the steward can list what is in force
without opening anything:

* a `Grant` lets the bearer of one cabin's broker key ask one provider for some models
* a `Provider` says where that provider is, with the operator's real key and its prices

`Grants` is the seam: `FolderGrants` (folder.py) is the real one, `MemoryGrants` (fake.py) the
one for tests. The broker's own, reading side is register.py.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

from stateroom.broker.cost import Price
from stateroom.domain.runtime import stable_digest

KINDS = ("openai", "anthropic", "demo")
LOOPBACK = re.compile(r"localhost|127(\.\d{1,3}){3}|::1")
PROVIDER_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
KEY_SHA256 = re.compile(r"[0-9a-f]{64}")
ANY_MODEL = "*"


@dataclass(frozen=True, slots=True)
class Grant:
    """What one broker key may do.

    models: ids that may be asked for, the primary one first.
    monthly_budget_usd: for one UTC month, shared by all of the tenant's grants; None: no bound.
    address: the only address that may use the key, "" for any; a key that was stolen out of a
    cabin is then worth nothing in another.
    """

    cabin: str
    tenant: str
    provider: str
    models: tuple[str, ...]
    monthly_budget_usd: float | None = None
    address: str = ""


@dataclass(frozen=True, slots=True)
class Provider:
    """Where models come from. kind: one of KINDS. key: the operator's real one, never shown.
    prices: model -> {"input": USD per million tokens, "output": ...}; the model "*" stands for
    every other one. A model without a price costs nothing, so no budget can bound it."""

    kind: str
    base_url: str = ""
    key: str = field(default="", repr=False)
    prices: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def price(self, model: str) -> Price:
        row = self.prices.get(model) or self.prices.get(ANY_MODEL) or {}
        return Price.of(row.get("input", 0.0), row.get("output", 0.0))


class Grants(Protocol):
    """What is in force at the broker. Idempotent: an absent thing counts as removed. In force,
    or gone, for the first request that begins after the call returned. Raises only Retryable."""

    async def read(self) -> Mapping[str, str]:
        """SHA-256 (lower-case hex) of each broker key -> digest of its grant."""
        ...

    async def put(self, key_sha: str, grant: Grant) -> None:
        """Replaces what the key could do before."""
        ...

    async def remove(self, key_sha: str) -> None: ...

    async def read_providers(self) -> Mapping[str, str]:
        """Name of each provider -> digest of it."""
        ...

    async def put_provider(self, name: str, provider: Provider) -> None: ...

    async def remove_provider(self, name: str) -> None: ...


def grant_digest(grant: Grant) -> str:
    return stable_digest(grant_document(grant))[:32]


def provider_digest(provider: Provider) -> str:
    """Covers the key, so that a changed key is a changed provider."""
    return stable_digest(provider_document(provider))[:32]


def grant_document(grant: Grant) -> dict[str, Any]:
    return {
        "cabin": grant.cabin,
        "tenant": grant.tenant,
        "provider": grant.provider,
        "models": list(grant.models),
        "monthly_budget_usd": grant.monthly_budget_usd,
        "address": grant.address,
    }


def provider_document(provider: Provider) -> dict[str, Any]:
    return {
        "kind": provider.kind,
        "base_url": provider.base_url,
        "key": provider.key,
        "prices": {model: dict(row) for model, row in provider.prices.items()},
    }


def grant_from(document: Mapping[str, Any]) -> Grant:
    """The grant that `grant_document` wrote. Raises KeyError, TypeError or ValueError."""
    budget = document.get("monthly_budget_usd")
    return Grant(
        cabin=str(document["cabin"]),
        tenant=str(document["tenant"]),
        provider=str(document["provider"]),
        models=tuple(str(model) for model in document["models"]),
        monthly_budget_usd=None if budget is None else _amount(budget),
        address=str(document.get("address") or ""),
    )


def provider_from(document: Mapping[str, Any]) -> Provider:
    """The provider that `provider_document` wrote. Raises KeyError, TypeError or ValueError."""
    return Provider(
        kind=str(document["kind"]),
        base_url=str(document.get("base_url") or ""),
        key=str(document.get("key") or ""),
        prices={
            str(model): {str(side): _amount(usd) for side, usd in row.items()}
            for model, row in (document.get("prices") or {}).items()
        },
    )


def _amount(value: Any) -> float:
    amount = float(value)
    if not math.isfinite(amount):
        raise ValueError("an amount of money must be a finite number")
    return amount


def base_url_problem(kind: str, base_url: str) -> str:
    """What is wrong with a provider's address, as a sentence; "" when nothing is.

    The operator's key travels there: only over TLS, or in the clear to a server on the same
    machine. The demo provider is built in and has no address.
    """
    if kind == "demo":
        return ""
    try:
        parts = urlsplit(base_url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "The address is not a URL; write it as https://HOST/PATH."
    if not host or port == 0 or any(c.isspace() or not c.isprintable() for c in base_url):
        return "The address is not a URL; write it as https://HOST/PATH."
    if parts.username is not None or parts.password is not None:
        return "The address carries a user name or password; send the key as `key` instead."
    if parts.query or parts.fragment or "?" in base_url or "#" in base_url:
        return "The address carries a query or fragment; leave out what begins with ? or #."
    if parts.scheme == "https" or (parts.scheme == "http" and LOOPBACK.fullmatch(host)):
        return ""
    return "The address must begin with https:// (http:// only for a server on this machine)."
