"""Builders: small, valid worlds for tests. A test names only what it is about."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from stateroom.domain.blueprint import Blueprint, parse
from stateroom.domain.cabin import Cabin, Installation
from stateroom.domain.compile import PinnedImage, TenantFacts, image_references

FIXTURES = Path(__file__).parent / "fixtures"
SAMPLE = Path(__file__).parents[1] / "src" / "stateroom" / "templates" / "support-agent.yaml"


def minimal_document() -> dict[str, Any]:
    """The least that can be drawn."""
    return {
        "name": "sample",
        "blocks": [
            {"id": "door", "kind": "url"},
            {"id": "agent", "kind": "openclaw", "options": {"version": "2026.9.6"}},
            {"id": "brain", "kind": "model", "options": {"model": "demo-1"}},
            {"id": "data", "kind": "volume"},
        ],
        "links": [["door", "agent"], ["agent", "brain"], ["agent", "data"]],
    }


def sample_document() -> dict[str, Any]:
    """The sample blueprint that comes with Stateroom."""
    document: dict[str, Any] = yaml.safe_load(SAMPLE.read_text())
    return document


def template(name: str) -> dict[str, Any]:
    """Another one of the blueprints that come with the package."""
    document: dict[str, Any] = yaml.safe_load((SAMPLE.parent / f"{name}.yaml").read_text())
    return document


def drawn(
    *more: Mapping[str, Any], name: str = "sample", **options: Mapping[str, Any]
) -> dict[str, Any]:
    """The minimal document with other options by block id (``agent={"cpu": 2}``), and `more`
    blocks, each linked with the agent."""
    document = minimal_document() | {"name": name}
    for block in document["blocks"]:
        block["options"] = block.get("options", {}) | dict(options.pop(block["id"], {}))
    assert not options, f"no block {sorted(options)}"
    document["blocks"] += [dict(block) for block in more]
    document["links"] += [["agent", block["id"]] for block in more]
    return document


def blueprint(*more: Mapping[str, Any], **options: Any) -> Blueprint:
    """The blueprint of `drawn(...)`."""
    return parse(drawn(*more, **options))


def tenant(**facts: Any) -> TenantFacts:
    """A tenant called Acme; `facts` are fields of TenantFacts."""
    slug = facts.get("slug", "acme")
    known = {
        "id": f"t-{slug}", "slug": slug, "name": slug.title(),
        "url": f"https://{slug}.t.localhost:8443/",
    }
    return TenantFacts(**(known | facts))


def cabin(number: int = 1, installation: str = "3f") -> Cabin:
    """A cabin of installation 3f with an id, uid range and subnet of its own."""
    return Cabin(Installation(installation), f"{number:08x}", number, number)


def images(bp: Blueprint) -> dict[str, PinnedImage]:
    """Every image that the blueprint needs, pinned."""
    command = ("openclaw", "gateway", "run")
    return {
        ref: PinnedImage(ref, f"sha256:{hashlib.sha256(ref.encode()).hexdigest()}", command)
        for ref in image_references(bp)
    }
