"""A database's URL, taken apart: pure, and careful with the password that stands in it.

Whoever furnishes a container needs the place (which folder, host or certificate), never the
password; whoever connects needs both. No message here repeats any part of a URL: one that is
mistyped may show the password where a port or a host is expected.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

POSTGRESQL_PORT = 5432
SOCKET_FOLDER = "/var/run/postgresql"
"""Where Debian's server listens; taken where a URL names no host."""

_SQLITE = "sqlite+aiosqlite"
_POSTGRESQL = ("postgresql", "postgres", "postgresql+psycopg")
_SSL_MODES = ("disable", "require", "verify-ca", "verify-full")
_FORM = "postgresql://USER:PASSWORD@HOST:5432/NAME or postgresql://USER:PASSWORD@/NAME?host=FOLDER"


@dataclass(frozen=True, slots=True)
class Address:
    """sqlite: path of the file; all else is then empty. folder: of the server's Unix socket; or
    host: its name or address. port: of either. options: what else the driver is told. password:
    never shown by repr."""

    sqlite: str = ""
    folder: str = ""
    host: str = ""
    port: int = 0
    name: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    options: tuple[tuple[str, str], ...] = ()

    @property
    def shown(self) -> str:
        """For people; without user and password."""
        if self.sqlite:
            return f"SQLite at {self.sqlite}"
        place = f"in {self.folder}" if self.folder else f"at {self.host}:{self.port}"
        return f"PostgreSQL database {self.name} {place}"

    @property
    def certificate(self) -> str:
        """Path of the authority's certificate that the server's is checked against."""
        return dict(self.options).get("sslrootcert", "")

    @classmethod
    def of(cls, url: str) -> Address:
        """Raises ValueError with a sentence that repeats nothing of the URL."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise ValueError(f"the database's address cannot be read; {_QUOTING}") from None
        if parts.scheme == _SQLITE:
            return cls(sqlite=_file(url))
        if parts.scheme not in _POSTGRESQL:
            raise ValueError(f"the database's address has an unknown form; write {_FORM}")
        return _server(parts, port)


_QUOTING = (
    "in user and password the characters : / ? # [ ] @ % are written as %3A %2F %3F %23 %5B %5D"
    f" %40 %25, and the form is {_FORM}"
)


def _file(url: str) -> str:
    path = url.removeprefix(f"{_SQLITE}:///")
    if path == url or path in ("", ":memory:"):
        raise ValueError("the database must be a file: sqlite+aiosqlite:////path/to/file")
    return path


def _server(parts: SplitResult, port: int | None) -> Address:
    name = unquote(parts.path.removeprefix("/"))
    if not name or "/" in name or parts.fragment:
        raise ValueError(f"the database's address names no database; {_QUOTING}")
    if not parts.username:
        raise ValueError(f"the database's address names no user; {_QUOTING}")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    host = _host(parts) or options.pop("host", SOCKET_FOLDER)
    options.pop("host", None)
    port = port or _port(options.pop("port", ""))
    folder = host if host.startswith("/") else ""
    if "," in host:
        raise ValueError("the database's address names several hosts; Stateroom takes one")
    return Address(
        folder=folder,
        host="" if folder else host,
        port=port,
        name=name,
        user=unquote(parts.username),
        password=unquote(parts.password or ""),
        options=_options(options, "" if folder else host),
    )


def _host(parts: SplitResult) -> str:
    """As it was written: a folder has capital letters, perhaps."""
    named = parts.netloc.rpartition("@")[2]
    return parts.hostname or "" if named.startswith("[") else unquote(named.partition(":")[0])


def _port(text: str) -> int:
    if not text:
        return POSTGRESQL_PORT
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise ValueError("the database's address has a port that is none")
    return int(text)


def _options(given: dict[str, str], host: str) -> tuple[tuple[str, str], ...]:
    """Few are taken: each has to be true inside our containers, too."""
    mode, certificate = given.pop("sslmode", ""), given.pop("sslrootcert", "")
    if given:
        raise ValueError("the database's address may have the options host, sslmode, sslrootcert")
    if mode and mode not in _SSL_MODES:
        raise ValueError(f"the database's sslmode is one of {', '.join(_SSL_MODES)}")
    if certificate and not certificate.startswith("/"):
        raise ValueError("the database's sslrootcert is the absolute path of a PEM file")
    if certificate and mode not in ("verify-ca", "verify-full"):
        raise ValueError("the database's sslrootcert is used with sslmode=verify-full only")
    if mode.startswith("verify") and not certificate:
        raise ValueError(f"the database's sslmode={mode} needs sslrootcert=/path/to/ca.pem")
    if not host:
        return ()
    # What leaves the machine is encrypted unless somebody says that it need not be.
    mode = mode or ("disable" if _is_loopback(host) else "require")
    found = {"sslmode": mode} | ({"sslrootcert": certificate} if certificate else {})
    return tuple(found.items())


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
