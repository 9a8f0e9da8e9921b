"""What this host says about reaching the outside: proxies, certificates, registries.

Builds run where the operator's own tools work, so they must reach the outside the same way:
through the same proxy, trusting the same authorities, from the same registries. What is read
here goes into a build's temporary volume and never into an image.
"""

from __future__ import annotations

import platform
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

DEBIAN = "bookworm"

_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
_BUNDLES = ("NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_SYSTEM_BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")
# What of npm's settings in variables says how to reach a registry. Others name files of this host.
_VARIABLES = (
    "npm_config_registry", "npm_config_strict_ssl", "npm_config_proxy", "npm_config_https_proxy",
    "npm_config_noproxy",
)  # fmt: skip
_MENTIONED = re.compile(r"\$\{([A-Za-z_]\w*)\??\}")
_CA_FILE = re.compile(r"^\s*cafile\s*=(.*)$", re.MULTILINE)
_NODE_ARCHITECTURES = {"x86_64": "x64", "aarch64": "arm64"}
_SUITES = (DEBIAN, f"{DEBIAN}-updates", f"{DEBIAN}-security")


@dataclass(frozen=True, slots=True)
class Npm:
    """How npm is set up here, for an npm elsewhere; all of it may hold keys. user, shared: the
    user's npmrc and the machine's. variables: what of the environment npm looks at. ca_file: the
    only authorities that it is to trust, "" for the usual ones."""

    user: str = field(default="", repr=False)
    shared: str = field(default="", repr=False)
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    ca_file: str = ""


def proxies(environ: Mapping[str, str]) -> dict[str, str]:
    """The proxy variables in the form that each was given: programs differ in which they read."""
    names = [form for name in _PROXIES for form in (name, name.lower())]
    return {name: environ[name] for name in names if environ.get(name)}


def authorities(environ: Mapping[str, str], npm: Npm) -> bytes:
    """The certificates that this host's tools trust, and those that npm does; b"" for none."""
    usual = [environ[name] for name in _BUNDLES if environ.get(name)]
    first = next((path for path in (*usual, *_SYSTEM_BUNDLES) if Path(path).is_file()), None)
    own = npm.ca_file if npm.ca_file and Path(npm.ca_file).is_file() else None
    return b"\n".join(Path(path).read_bytes() for path in dict.fromkeys((first, own)) if path)


def npm(environ: Mapping[str, str]) -> Npm:
    """From ~/.npmrc, the environment, and the machine's npmrc where it has an npm to ask."""
    named = environ.get("NPM_CONFIG_USERCONFIG") or environ.get("npm_config_userconfig")
    user = _read(Path(named) if named else Path(environ.get("HOME", "/root")) / ".npmrc")
    where = _npm_says(environ, "globalconfig")
    shared = _read(Path(where)) if where else ""
    # An npmrc may leave a key to a variable; one that names places of this host stays here.
    wanted = set(_MENTIONED.findall(f"{user}\n{shared}")) - {"HOME", "PATH", "USER"}
    variables = {n: v for n, v in environ.items() if n.lower() in _VARIABLES or n in wanted}
    return Npm(user, shared, variables, _ca_file(user, environ) or _ca_file(shared, environ))


def _npm_says(environ: Mapping[str, str], name: str) -> str | None:
    program = shutil.which("npm", path=environ.get("PATH"))
    if not program:
        return None
    try:
        return subprocess.run(
            [program, "config", "get", name],
            env=dict(environ), cwd="/", capture_output=True, text=True, timeout=10, check=True,
        ).stdout.strip()  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None


def _ca_file(rc: str, environ: Mapping[str, str]) -> str:
    """As npm reads it: the last line counts, and may name a variable."""
    named = _CA_FILE.findall(rc)
    plain = named[-1].strip().strip("\"'") if named else ""
    return _MENTIONED.sub(lambda found: environ.get(found[1], found[0]), plain)


def shell_environment(environ: Mapping[str, str], npm: Npm, bundle: str | None) -> str:
    """Lines for a build script to source. `bundle`: where the certificates are inside."""
    values = proxies(environ) | dict(npm.variables)
    if bundle:
        values["NODE_EXTRA_CA_CERTS"] = values["SSL_CERT_FILE"] = bundle
        if npm.ca_file:  # names a file of this host
            values["npm_config_cafile"] = bundle
    values["npm_config_userconfig"] = "/build/npmrc"
    values["npm_config_globalconfig"] = "/build/npmrc-shared"
    return "".join(f"export {name}={shlex.quote(text)}\n" for name, text in values.items())


def node_architecture() -> str:
    """This machine, as npm names it in `node-linux-*`."""
    machine = platform.machine()
    return _NODE_ARCHITECTURES.get(machine, machine)


def debian_sources(etc_apt: Path = Path("/etc/apt")) -> list[str]:
    """The host's own Debian mirrors in apt's one-line form, where it has this release: a
    machine inside a company often reaches no others. Empty: mmdebstrap's default."""
    found: list[tuple[str, str]] = []
    lists = [etc_apt / "sources.list", *sorted((etc_apt / "sources.list.d").glob("*"))]
    for file in lists:
        if file.suffix == ".sources":
            found += _from_deb822(_read(file))
        elif file.suffix == ".list":
            found += _from_lines(_read(file))
    unique = list(dict.fromkeys(pair for pair in found if _is_wanted(*pair)))
    if not any(suite == DEBIAN for _, suite in unique):
        return []
    return [f"deb {uri} {suite} main" for uri, suite in unique]


def _is_wanted(uri: str, suite: str) -> bool:
    return suite in _SUITES and urlsplit(uri).scheme in ("http", "https")


def _from_lines(text: str) -> Iterable[tuple[str, str]]:
    for line in text.splitlines():
        words = re.sub(r"\[[^]]*\]", "", line.partition("#")[0]).split()
        if len(words) >= 4 and words[0] == "deb" and "main" in words[3:]:
            yield words[1], words[2]


def _from_deb822(text: str) -> Iterable[tuple[str, str]]:
    for stanza in re.split(r"\n\s*\n", text):
        fields = dict(re.findall(r"^([A-Za-z-]+):[ \t]*(.*)$", stanza, re.MULTILINE))
        if "deb" not in fields.get("Types", "").split() or fields.get("Enabled") == "no":
            continue
        if "main" in fields.get("Components", "").split():
            for uri in fields.get("URIs", "").split():
                yield from ((uri, suite) for suite in fields.get("Suites", "").split())


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
