"""Blueprints that stories begin with, small enough for a machine that does much else."""

from __future__ import annotations

from typing import Any


def document(name: str, *, secret_required: bool = False) -> dict[str, Any]:
    """An agent with a model, a disk and a secret that is not needed, unless it is."""
    return {
        "name": name,
        "blocks": [
            {"id": "door", "kind": "url", "options": {}},
            agent(1536),
            {"id": "brain", "kind": "model", "options": {"provider": "demo", "model": "demo-1"}},
            {"id": "data", "kind": "volume", "options": {"path": "/data", "size_mb": 256}},
            {"id": "crm", "kind": "secret",
             "options": {"name": "CRM_API_KEY", "required": secret_required}},
        ],
        "links": [["door", "agent"], ["agent", "brain"], ["agent", "data"], ["agent", "crm"]],
    }  # fmt: skip


def agent(memory_mb: int) -> dict[str, Any]:
    options = {"version": "2026.9.6", "memory_mb": memory_mb}
    return {"id": "agent", "kind": "openclaw", "options": options}


def with_memory(document: dict[str, Any], memory_mb: int) -> dict[str, Any]:
    others = [block for block in document["blocks"] if block["id"] != "agent"]
    return {**document, "blocks": [*others, agent(memory_mb)]}
