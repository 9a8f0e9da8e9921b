"""/providers: model providers. The key is write-only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response

from stateroom.api import present
from stateroom.api.answers import ProviderOut, ProvidersOut
from stateroom.api.bodies import accepts, model_of
from stateroom.api.dependencies import Deps
from stateroom.api.keys import Operator
from stateroom.api.sent import ProviderIn
from stateroom.domain.names import shown
from stateroom.errors import Invalid, Problem
from stateroom.store.providers import NewProvider
from stateroom.store.sealing import Redacted

router = APIRouter(prefix="/providers", tags=["providers"])

_NAME = re.compile(r"[a-z]([a-z0-9-]{0,38}[a-z0-9])?")


@router.get("", response_model=ProvidersOut)
async def list_providers(deps: Deps, _caller: Operator) -> Any:
    found = await deps.repository.providers.all()
    return {"items": [present.provider(record) for record in found]}


@router.get("/{name}", response_model=ProviderOut)
async def show(name: str, deps: Deps, _caller: Operator) -> Any:
    return present.provider(await deps.repository.providers.get(name))


@router.put("/{name}", response_model=ProviderOut, openapi_extra=accepts(ProviderIn))
async def put(name: str, request: Request, deps: Deps, _caller: Operator) -> Any:
    """Add or change a provider. Without `key` the one that is there stays."""
    body = await model_of(request, ProviderIn)
    if found := tuple(_problems(name, body)):
        raise Invalid(found)
    prices = {model: price.model_dump() for model, price in body.prices.items()}
    key = Redacted(body.key) if body.key is not None else None
    new = NewProvider(body.kind, body.base_url, prices, key)
    record = await deps.repository.providers.put(name, new)
    deps.steward.signal()
    return present.provider(record)


@router.delete("/{name}", status_code=204)
async def delete(name: str, deps: Deps, _caller: Operator) -> Response:
    """Remove a provider and its key; refused while a tenant uses it."""
    await deps.repository.providers.delete(name)
    deps.steward.signal()
    return Response(status_code=204)


def _problems(name: str, body: ProviderIn) -> Iterator[Problem]:
    if not _NAME.fullmatch(name):
        hint = "Use 1 to 40 of a-z, 0-9 and hyphens; begin with a letter."
        yield Problem("/name", "bad_name", f"{shown(name)} is not a provider's name.", hint)
    if body.kind == "demo":
        if body.base_url or body.key:
            detail = "A demo provider is built in: it has no address and no key."
            yield Problem("/base_url", "not_for_demo", detail, "Leave both out.")
    elif problem := _address_problem(body.base_url):
        yield problem
    if body.key and not _is_header_value(body.key):
        detail = "A key is printable ASCII: it travels in a header."
        yield Problem("/key", "bad_key", detail, "Check that it was copied whole.")


def _address_problem(url: str) -> Problem | None:
    """https, or http to this machine: a key does not travel in the open."""
    hint = "Write it like https://api.example.com/v1."

    def wrong(detail: str) -> Problem:
        return Problem("/base_url", "bad_url", detail, hint)

    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return wrong("The address cannot be read.")
    if not url.isascii() or not url.isprintable() or " " in url:
        return wrong("The address holds characters that do not belong there.")
    if parts.scheme not in ("http", "https") or not host:
        return wrong("The address begins with https:// and a host.")
    if parts.username or parts.password or parts.query or parts.fragment:
        return wrong("The address holds no user, query or fragment; the key has its own field.")
    if parts.scheme == "http" and not _is_loopback(host):
        return wrong("Only an address of this machine may be http.")
    return None


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _is_header_value(key: str) -> bool:
    return key.isascii() and key.isprintable() and " " not in key
