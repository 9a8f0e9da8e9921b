"""AgentContent -> the files that OpenClaw reads: a pure function.

The shape of the configuration follows OpenClaw's own documentation (its npm package, `docs/`:
gateway/trusted-proxy-auth.md, gateway/secrets/, gateway/configuration/) for version 2026.9.

Tenants' texts are data. OpenClaw expands ``${NAME}`` in string values of its config and reads
objects with ``$include`` or a SecretRef's shape: texts are only ever strings here, and a dollar
before a brace is doubled, which is OpenClaw's own way to write a plain one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from stateroom.domain.cabin import AGENT_PORT, Cabin
from stateroom.domain.content import AgentContent, Content, ContentVersion
from stateroom.domain.runtime import stable_digest
from stateroom.runtimes import service, told

BROKER_KEY = "STATEROOM_BROKER_KEY"
"""Lives as long as the cabin, so it may be environment. OpenClaw refuses a key *file* that is
not private to its own user, and content files belong to the steward."""

SAFE_STATE = "/tmp/safe-mode"
SAFE_WORKSPACE = "/run/stateroom/workspace"
"""In safe mode nothing is installed into /data, which may be full or hostile. OpenClaw reads its
prompt where the platform wrote it, and does not mind that it cannot write there."""

FORM = 2
"""Raised when what `render` adds beside the rest changes, so that it is written everywhere."""

MARK_HEADER = "Strict-Transport-Security"
_MARK = "max-age=0; content="
LONGEST_MARK = 64


def render(
    content: AgentContent,
    cabin: Cabin,
    version: ContentVersion,
    secrets: Mapping[str, bytes],
    broker_key: str,
) -> Content:
    """Everything that the agent finds under /run/stateroom, but for the version file, which the
    engine writes. `secrets` by name: the opened values of `content.secrets`."""
    files: dict[str, bytes] = {
        "openclaw.json": _json(_marked(_config(content, cabin), version)),
        _prompt_file(content): _prompt(content.prompt),
        "env": told.environment(
            [*_variables(content), (BROKER_KEY, broker_key)], content.secrets, secrets
        ),
    }
    files |= told.secret_files(content.secrets, secrets)
    return Content(version, tuple(sorted(files.items())))


def canonical(content: AgentContent, cabin: Cabin) -> str:
    """What the content's keyed digest is made over: everything but secret values, which their
    versions stand for, as one text."""
    refs = [[r.name, r.kind, r.version] for r in content.secrets]
    config = _config(content, cabin)
    said = [FORM, config, content.prompt, _variables(content), refs, content.safe_mode]
    if content.services:
        said.append([service.canonical(one) for one in content.services])
    return stable_digest(said)


def canonical_environment(content: AgentContent) -> str:
    """The same for the part that only a new process takes over."""
    refs = [[r.name, r.version] for r in content.secrets if r.kind == "env"]
    return stable_digest([_variables(content), refs, content.safe_mode])


def acting_on(header: str) -> str:
    """The mark of the content that OpenClaw acts on, from the header of one of its answers;
    "" for a header that names none. A tenant may say anything: it is only ever compared."""
    return header.removeprefix(_MARK)[:LONGEST_MARK] if header.startswith(_MARK) else ""


def user_of(slug: str) -> str:
    """Whom OpenClaw is told a signed-in caller is: the owner of this tenant's runtime."""
    return f"owner@{slug}"


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()


def _prompt_file(content: AgentContent) -> str:
    """What is under install/ the entry point puts into /data."""
    return f"{'' if content.safe_mode else 'install/'}workspace/AGENTS.md"


def _prompt(text: str) -> bytes:
    return (text.rstrip("\n") + "\n").encode()


def _variables(content: AgentContent) -> list[tuple[str, str]]:
    own = dict(content.variables)
    own["STATEROOM_TENANT"] = content.slug
    own["STATEROOM_URL"] = content.url
    if content.safe_mode:
        # Neither state nor caches of /data: whatever lies there, even too much, is not touched.
        own["OPENCLAW_STATE_DIR"] = SAFE_STATE
        own["HOME"] = SAFE_STATE
    return sorted(own.items())


def _literal(text: str) -> str:
    return text.replace("${", "$${")


def _config(content: AgentContent, cabin: Cabin) -> dict[str, Any]:
    return {
        "gateway": _gateway(content, cabin),
        "models": _models(content, cabin),
        "agents": {
            "defaults": {
                "model": {"primary": f"main/{_literal(content.models[0])}"},
                "workspace": SAFE_WORKSPACE if content.safe_mode else "/data/workspace",
                "skipBootstrap": True,
                "heartbeat": {"every": "0m"},
            }
        },
        "plugins": {"allow": [], "slots": {"memory": "none"}},
        "browser": {"enabled": False},
        "tools": {"profile": content.tools, "elevated": {"enabled": False}},
        "update": {"checkOnStart": False},
        "telemetry": {"enabled": False},
        "discovery": {"mdns": {"mode": "off"}},
    }


def _marked(config: dict[str, Any], version: ContentVersion) -> dict[str, Any]:
    """OpenClaw sends this value, of the config that it has in effect at that moment, with every
    answer. The edge replaces the header, so no caller of a tenant sees it."""
    headers = {"strictTransportSecurity": _MARK + version.mark}
    http = config["gateway"]["http"] | {"securityHeaders": headers}
    return config | {"gateway": config["gateway"] | {"http": http}}


def _gateway(content: AgentContent, cabin: Cabin) -> dict[str, Any]:
    origin = content.url.rstrip("/")
    return {
        "mode": "local",
        "bind": "lan",
        "port": AGENT_PORT,
        "trustedProxies": [str(cabin.gateway)],
        "controlUi": {"allowedOrigins": [origin]},
        "http": {"endpoints": {"chatCompletions": {"enabled": True}}},
        "auth": {
            "mode": "trusted-proxy",
            "trustedProxy": {
                "userHeader": "x-forwarded-user",
                "requiredHeaders": ["x-forwarded-proto", "x-forwarded-host"],
                "allowUsers": [user_of(content.slug)],
                "deviceAutoApprove": {"enabled": True},
            },
        },
    }


def _models(content: AgentContent, cabin: Cabin) -> dict[str, Any]:
    broker = f"http://{cabin.gateway}:{cabin.installation.broker_port}/v1"
    key = {"source": "env", "provider": "default", "id": BROKER_KEY}
    models = [_model(model) for model in content.models]
    main = {"baseUrl": broker, "apiKey": key, "api": "openai-completions", "models": models}
    return {"mode": "replace", "providers": {"main": main}}


def _model(model: str) -> dict[str, Any]:
    """Cost is counted by the broker; to OpenClaw a model costs nothing."""
    return {
        "id": _literal(model),
        "name": _literal(model),
        "reasoning": False,
        "input": ["text"],
        "cost": {"input": 0, "output": 0, "cacheRead": 0, "cacheWrite": 0},
        "contextWindow": 128_000,
        "maxTokens": 8192,
    }
