"""Settings: one frozen value, read once in `wiring.py` (or by the command line) and passed down.

Where a setting comes from, the first that has it: environment ``STATEROOM_<NAME>``, the
table in ``$STATEROOM_HOME/settings.toml``, the default here.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

OPENCLAW_VERSION = "2026.9.6"


@dataclass(frozen=True, slots=True)
class Settings:
    """home: everything that Stateroom keeps, at the same path inside our containers.
    tenant_domain, console_host: public names. https_port, http_port: the edge.
    edge_address: where the edge listens. api_port: the api on loopback. broker_port: the
    broker on every cabin's gateway address. subnets: the pool of cabins' /29s.
    openclaw_image: a reference, "" means find or build one for `openclaw_version`.
    docker: the engine's address. memory_overcommit: how often memory may be promised.
    boot_cpu: cores that a runtime may use while it boots, where its own limit is lower.
    reserve_memory_mb: kept back for our own parts and the host."""

    home: Path
    tenant_domain: str = "t.localhost"
    console_host: str = "console.localhost"
    https_port: int = 8443
    http_port: int = 8080
    edge_address: str = "127.0.0.1"
    api_port: int = 8070
    broker_port: int = 8071
    subnets: str = "10.213.0.0/16"
    openclaw_image: str = ""
    openclaw_version: str = OPENCLAW_VERSION
    docker: str = "unix:///var/run/docker.sock"
    database: str = ""
    memory_overcommit: float = 2.0
    boot_cpu: float = 2.0
    reserve_memory_mb: int = 1024
    reserve_disk_mb: int = 4096

    @property
    def database_url(self) -> str:
        return self.database or f"sqlite+aiosqlite:///{self.home}/store/stateroom.db"

    @property
    def console_url(self) -> str:
        return f"https://{self.console_host}:{self.https_port}"

    def tenant_url(self, slug: str) -> str:
        return f"https://{slug}.{self.tenant_domain}:{self.https_port}/"


def default_home(environ: Mapping[str, str], uid: int) -> Path:
    if given := environ.get("STATEROOM_HOME"):
        return Path(given).absolute()
    if uid == 0:
        return Path("/var/lib/stateroom")
    data = environ.get("XDG_DATA_HOME") or f"{environ.get('HOME', '')}/.local/share"
    return Path(data) / "stateroom"


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Settings of this process. Raises ValueError with a sentence for people."""
    env = os.environ if environ is None else environ
    home = default_home(env, os.getuid())
    stored = _read_toml(home / "settings.toml")
    chosen: dict[str, object] = {}
    for field in fields(Settings):
        if field.name == "home":
            continue
        raw = env.get(f"STATEROOM_{field.name.upper()}", stored.get(field.name))
        if raw is not None:
            chosen[field.name] = _convert(field.name, raw, type(field.default))
    unknown = sorted(set(stored) - {f.name for f in fields(Settings)})
    if unknown:
        raise ValueError(f"{home}/settings.toml: unknown setting {', '.join(unknown)}")
    return Settings(home=home, **chosen)  # type: ignore[arg-type]


def _read_toml(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path}: {error}") from error


def _convert(name: str, raw: object, kind: type) -> object:
    try:
        return kind(raw)
    except (TypeError, ValueError) as error:
        raise ValueError(f"setting {name}: {raw!r} is not a {kind.__name__}") from error
