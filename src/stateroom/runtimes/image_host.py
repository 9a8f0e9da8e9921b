"""What this host says about reaching the outside: proxies, certificates, registries.

Builds run where the operator's own tools work, so they must reach the outside the same way:
through the same proxy, trusting the same authorities, from the same registries. What is read
here goes into a build's temporary volume and never into an image.
"""

from __future__ import annotations

import os
import platform
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

# npm's own default, for the two archives that are fetched before there is an npm.
NPM_REGISTRY = "https://registry.npmjs.org"
DEBIAN = "bookworm"

_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
_BUNDLES = ("NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_SYSTEM_BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")
_NODE_ARCHITECTURES = {"x86_64": "x64", "aarch64": "arm64"}
_SUITES = (DEBIAN, f"{DEBIAN}-updates", f"{DEBIAN}-security")


@dataclass(frozen=True, slots=True)
class Npm:
    """registry: without a slash at its end. rc: the user's npmrc, which may hold keys."""

    registry: str
    rc: str = ""

    @property
    def token(self) -> str | None:
        """The bearer token that the npmrc holds for this registry."""
        where = re.escape(self.registry.partition("://")[2])
        found = re.search(rf"^//{where}/?:_authToken\s*=\s*(\S+)", self.rc, re.MULTILINE)
        return os.path.expandvars(found[1].strip("\"'")) if found else None


def proxies(environ: Mapping[str, str]) -> dict[str, str]:
    """The proxy variables in the form that each was given: programs differ in which they read."""
    names = [form for name in _PROXIES for form in (name, name.lower())]
    return {name: environ[name] for name in names if environ.get(name)}


def ca_bundle(environ: Mapping[str, str]) -> Path | None:
    candidates = [environ[name] for name in _BUNDLES if environ.get(name)]
    for candidate in (*candidates, *_SYSTEM_BUNDLES):
        if Path(candidate).is_file():
            return Path(candidate)
    return None


def npm(environ: Mapping[str, str]) -> Npm:
    """From the environment, from npm itself where it is installed, from ~/.npmrc."""
    path = environ.get("NPM_CONFIG_USERCONFIG") or environ.get("npm_config_userconfig")
    rc = _read(Path(path) if path else Path(environ.get("HOME", "/root")) / ".npmrc")
    named = environ.get("npm_config_registry") or environ.get("NPM_CONFIG_REGISTRY")
    stored = re.search(r"^registry\s*=\s*(\S+)", rc, re.MULTILINE)
    registry = named or _npm_says(environ) or (stored[1] if stored else NPM_REGISTRY)
    return Npm(registry.strip("\"'").rstrip("/"), rc)


def _npm_says(environ: Mapping[str, str]) -> str | None:
    program = shutil.which("npm", path=environ.get("PATH"))
    if not program:
        return None
    try:
        answer = subprocess.run(
            [program, "config", "get", "registry"],
            env=dict(environ), cwd="/", capture_output=True, text=True, timeout=10, check=True,
        ).stdout.strip()  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return answer if urlsplit(answer).scheme in ("http", "https") else None


def shell_environment(environ: Mapping[str, str], npm: Npm, bundle: str | None) -> str:
    """Lines for a build script to source. `bundle`: where the certificates are inside."""
    values = proxies(environ)
    if bundle:
        values["NODE_EXTRA_CA_CERTS"] = values["SSL_CERT_FILE"] = bundle
    values["npm_config_registry"] = npm.registry
    values["npm_config_userconfig"] = "/build/npmrc"
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
