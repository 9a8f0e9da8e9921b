"""Settings: one frozen value, read once in `wiring.py` (or by the command line) and passed down.

Where a setting comes from, the first that has it: environment ``STATEROOM_<NAME>``, the
table in ``$STATEROOM_HOME/settings.toml``, the default here.
"""

from __future__ import annotations

import math
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from ipaddress import IPv4Network
from pathlib import Path

OPENCLAW_VERSION = "2026.9.6"

HOSTS = frozenset({"tenant_domain", "console_host"})
LONGEST_HOST = 200
"""A name may have 253 characters, and a tenant's slug comes before the domain."""
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(\.{_LABEL})*")


@dataclass(frozen=True, slots=True)
class Settings:
    """home: everything that Stateroom keeps, at the same path inside our containers.
    tenant_domain, console_host: public names. https_port, http_port: the edge.
    edge_address: where the edge listens. api_port: the api on loopback. broker_port: the
    broker on every cabin's gateway address. subnets: the pool of cabins' /29s.
    openclaw_image: a reference, "" means find or build one for `openclaw_version`.
    docker: the engine's address. database: a URL of PostgreSQL, "" means SQLite in the home.
    database_file: a file that holds the URL instead, so that its password stands nowhere else.
    database_relay: a Unix socket that leads to the database, for a part without a network.
    memory_overcommit: how often memory may be promised.
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
    database: str = field(default="", repr=False)
    database_file: str = ""
    database_relay: str = ""
    memory_overcommit: float = 2.0
    boot_cpu: float = 2.0
    reserve_memory_mb: int = 1024
    reserve_disk_mb: int = 4096

    @property
    def database_url(self) -> str:
        """Holds a password, perhaps. Raises ValueError where the file cannot be read."""
        if self.database_file and not self.database:
            return _read_url(Path(self.database_file))
        return self.database or f"sqlite+aiosqlite:///{self.home}/store/stateroom.db"

    @property
    def relay(self) -> Path | None:
        return Path(self.database_relay) if self.database_relay else None

    @property
    def console_url(self) -> str:
        return f"https://{self.console_host}:{self.https_port}"

    @property
    def api_url(self) -> str:
        """Where programs on this machine reach the API."""
        return f"http://127.0.0.1:{self.api_port}/api/v1"

    @property
    def console_origin(self) -> str:
        """As a browser writes it: what a request of the console's pages comes from."""
        return self.origin(self.console_host)

    def origin(self, host: str) -> str:
        """Of a host at our edge. Browsers leave out 443."""
        return f"https://{host}" + ("" if self.https_port == 443 else f":{self.https_port}")

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
    for known in fields(Settings):
        if known.name == "home":
            continue
        raw = env.get(f"STATEROOM_{known.name.upper()}", stored.get(known.name))
        if raw is not None:
            chosen[known.name] = _convert(known.name, raw, type(known.default))
    for name in HOSTS & chosen.keys():
        # One form for all who compare: the edge, certificates and the api.
        chosen[name] = str(chosen[name]).strip().lower()
    if "STATEROOM_DATABASE_FILE" in env and "STATEROOM_DATABASE" not in env:
        chosen["database"] = ""  # A file named by the environment goes before a URL of the table.
    unknown = sorted(set(stored) - {f.name for f in fields(Settings)})
    if unknown:
        raise ValueError(f"{home}/settings.toml: unknown setting {', '.join(unknown)}")
    settings = Settings(home=home, **chosen)  # type: ignore[arg-type]
    _check(settings)
    return settings


def _read_toml(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise ValueError(f"{path} cannot be read: {why}") from error


def _check(settings: Settings) -> None:
    """What a type does not say. Raises ValueError for the first setting that cannot be."""
    ports = ("https_port", "http_port", "api_port", "broker_port")
    for name in ports:
        port = getattr(settings, name)
        if not 1 <= port <= 65535:
            raise ValueError(f"setting {name}: {port} is no port; choose one from 1 to 65535")
        twin = next(other for other in ports if getattr(settings, other) == port)
        if twin != name:
            raise ValueError(f"settings {twin} and {name} are both {port}; give each its own")
    for name in sorted(HOSTS):
        _check_host(name, getattr(settings, name))
    _check_subnets(settings.subnets)
    for name in ("memory_overcommit", "boot_cpu"):
        value = getattr(settings, name)
        if not (math.isfinite(value) and value > 0):
            raise ValueError(f"setting {name}: {value} is not a number above 0")
    for name in ("reserve_memory_mb", "reserve_disk_mb"):
        if getattr(settings, name) < 0:
            raise ValueError(f"setting {name}: it is below 0")


def _check_host(name: str, host: str) -> None:
    if _HOST.fullmatch(host) is None or host.replace(".", "").isdigit():
        raise ValueError(
            f"setting {name}: {host!r} is no host name; write one such as agents.example.com, "
            "without a port, of letters, digits, hyphens and dots"
        )
    if len(host) > LONGEST_HOST:
        raise ValueError(f"setting {name}: it has more than {LONGEST_HOST} characters")


def _check_subnets(given: str) -> None:
    like = "write an IPv4 network such as 10.213.0.0/16"
    try:
        network = IPv4Network(given)
    except ValueError as error:
        raise ValueError(f"setting subnets: {error}; {like}") from error
    if network.prefixlen > 29:
        raise ValueError(f"setting subnets: {given} has no room for a /29; {like}")


def _read_url(path: Path) -> str:
    try:
        url = path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", "") or "it is no text"
        raise ValueError(f"the database's address cannot be read from {path}: {reason}") from None
    if not url:
        raise ValueError(f"the file {path} is empty; it holds the database's address")
    return url


def _convert(name: str, raw: object, kind: type) -> object:
    try:
        return kind(raw)
    except (TypeError, ValueError) as error:
        raise ValueError(f"setting {name}: {raw!r} is not a {kind.__name__}") from error
