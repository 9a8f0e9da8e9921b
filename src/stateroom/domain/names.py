"""Names: what may be called what.

A slug becomes a host name and a name on the command line, an environment name is read by every
program in a cabin. Both are given by people we do not know, so both have rules of their own,
and every refusal says what to choose instead.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from difflib import get_close_matches

from stateroom.errors import Problem

SLUG = r"^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$(?!\n)"
ENVIRONMENT = r"^[A-Za-z_][A-Za-z0-9_]{0,127}$(?!\n)"
VALUE = r"^[A-Za-z][A-Za-z0-9_]{0,63}$(?!\n)"
BLOCK = r"^[a-z]([a-z0-9_-]{0,38}[a-z0-9])?$(?!\n)"
"""Patterns mean the same in Python and in ECMAScript: Python's ``$`` alone would let one
newline through, and JSON Schema knows no ``\\Z``."""

LONGEST_DISPLAY_NAME = 100

RESERVED_SLUGS = frozenset({
    # Ours, now or later.
    "admin", "api", "app", "apps", "auth", "broker", "cabin", "console", "edge", "guard",
    "health", "holder", "metrics", "operator", "stateroom", "status", "steward", "t", "tenant",
    "tenants", "volumes",
    # Names that people, browsers and mail programs trust or look up by themselves.
    "abuse", "account", "accounts", "assets", "autoconfig", "autodiscover", "billing", "cdn",
    "dns", "docs", "ftp", "help", "hostmaster", "imap", "internal", "isatap", "local",
    "localhost", "login", "logout", "mail", "mx", "ns", "ns1", "ns2", "oauth", "pop",
    "postmaster", "proxy", "public", "root", "secure", "security", "signin", "signup", "smtp",
    "sso", "static", "system", "webmaster", "well-known", "wpad", "www",
})

_PREFIXES = (
    # The platform and OpenClaw, also under its former names.
    "OPENCLAW_", "CLAWDBOT_", "MOLTBOT_", "STATEROOM_", "KUBERNETES_",
    # The dynamic loader and the C library.
    "LD_", "DYLD_", "GLIBC_", "GCONV_", "MALLOC_", "RESOLV_", "LC_",
    # Interpreters and package managers: they load code that these name.
    "NODE_", "NPM_CONFIG_", "UV_", "DENO_", "BUN_", "PYTHON", "PIP_", "PERL5", "PERL_", "RUBY",
    "GEM_", "BUNDLE_", "JAVA_", "JDK_", "_JAVA_", "DOTNET_", "CORECLR_", "LUA_", "BASH_",
    "GIT_CONFIG",
    # What programs trust and where they keep their things.
    "SSL_CERT_", "SSLKEYLOG", "OPENSSL_", "XDG_", "DBUS_", "SYSTEMD_", "SUDO_",
)
_EXACT = frozenset({
    "BASHOPTS", "BROWSER", "CDPATH", "CLASSPATH", "CURL_CA_BUNDLE", "CURL_HOME",
    "CURL_SSL_BACKEND", "DOCKER_CONFIG", "DOCKER_HOST", "EDITOR", "ENV", "FPATH", "GIT_ASKPASS",
    "GIT_DIR", "GIT_EDITOR", "GIT_EXEC_PATH", "GIT_EXTERNAL_DIFF", "GIT_PAGER",
    "GIT_PROXY_COMMAND", "GIT_SSH", "GIT_SSH_COMMAND", "GIT_TEMPLATE_DIR", "GIT_WORK_TREE",
    "GLOBIGNORE", "HOME", "HOSTALIASES", "HOSTNAME", "IFS", "INPUTRC", "LANG", "LANGUAGE",
    "LESSCLOSE", "LESSOPEN", "LOCALDOMAIN", "LOCPATH", "LOGNAME", "MANPAGER", "NLSPATH",
    "NOTIFY_SOCKET", "OLDPWD", "PAGER", "PATH", "PERLIO", "PERLLIB", "PHPRC",
    "PHP_INI_SCAN_DIR", "POSIXLY_CORRECT", "PROMPT_COMMAND", "PS1", "PS4", "PWD",
    "REQUESTS_CA_BUNDLE", "RES_OPTIONS", "SHELL", "SHELLOPTS", "SHLVL", "SSH_ASKPASS",
    "SSH_AUTH_SOCK", "TEMP", "TERM", "TERMCAP", "TERMINFO", "TMP", "TMPDIR", "TZDIR", "USER",
    "USERNAME", "USERPROFILE", "VISUAL", "ZDOTDIR", "_",
})


def slug_problem(slug: object, pointer: str = "/slug") -> Problem | None:
    """What is wrong with a tenant's slug, or None. `pointer` is reported as its place."""
    rule = "Use 1 to 40 of a-z, 0-9 and single hyphens; begin with a letter, end with no hyphen."
    if not isinstance(slug, str):
        return Problem(pointer, "wrong_type", f"A slug is text, not {kind_of(slug)}.", rule)
    if not re.search(SLUG, slug) or "--" in slug:
        return Problem(pointer, "bad_slug", f"{shown(slug)} is not a slug.", rule)
    if slug in RESERVED_SLUGS:
        hint = f"Choose another one, for example {slug}-1."
        return Problem(pointer, "reserved_slug", f"The slug {slug} is reserved.", hint)
    return None


def display_name_problem(name: object, pointer: str = "/name") -> Problem | None:
    """What is wrong with a tenant's name as people read it, or None. It ends in prompts and in
    environment values, so it is short and holds nothing that is not printable."""
    rule = f"Use 1 to {LONGEST_DISPLAY_NAME} printable characters."
    if not isinstance(name, str):
        return Problem(pointer, "wrong_type", f"A name is text, not {kind_of(name)}.", rule)
    if not 1 <= len(name) <= LONGEST_DISPLAY_NAME or not name.isprintable() or not name.strip():
        return Problem(pointer, "bad_name", f"{shown(name)} is not a name.", rule)
    return None


def environment_problem(name: str, pointer: str) -> Problem | None:
    """What is wrong with the name of a variable or a secret, or None. Refused are those that
    change how programs load, what they trust, or that belong to the platform. Case does not
    matter: some programs read ``http_proxy``, some ``HTTP_PROXY``."""
    if not re.search(ENVIRONMENT, name):
        hint = "Use 1 to 128 of A-Z, a-z, 0-9 and _; do not begin with a digit."
        return Problem(pointer, "bad_name", f"{shown(name)} cannot be an environment name.", hint)
    upper = name.upper()
    if upper in _EXACT or upper.startswith(_PREFIXES) or upper.endswith("_PROXY"):
        detail = f"{name} is refused: it changes how programs run, or belongs to the platform."
        hint = f"Choose another name, such as APP_{upper[:20].strip('_')}."
        return Problem(pointer, "reserved_name", detail, hint)
    return None


def nearest(word: str, known: Collection[str], likeness: float = 0.6) -> str | None:
    """Which of `known` was surely meant by a mistyped word, or None."""
    # Comparing takes time with the square of the length, and nobody mistypes a whole page.
    found = get_close_matches(word, known, 1, likeness) if len(word) <= 64 else []
    return found[0] if found else None


def near(word: str, known: Iterable[str], what: str) -> str:
    """A hint for a word that is none of `known`: the nearest one, else all of them."""
    choices = sorted(known)
    if meant := nearest(word, choices):
        return f"Did you mean {meant}?"
    if len(choices) > 12:
        return f"There are {len(choices)} {what}, and none of them is like this."
    return f"Known {what}: {', '.join(choices)}." if choices else f"There are no {what} here."


def shown(value: object) -> str:
    """A sent value inside a sentence: short, on one line, printable, whatever it is."""
    if isinstance(value, str):
        short = value if len(value) <= 40 else f"{value[:40]}…"
        return ascii(short) if not short.isprintable() else f'"{short}"'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and abs(value) >= 2**63:
        return "a very large number"
    return str(value) if isinstance(value, int | float) else kind_of(value)


def kind_of(value: object) -> str:
    """How people call the type of a JSON value."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list() | tuple():
            return "a list"
        case dict():
            return "an object"
        case _:
            return "something that JSON does not have"
