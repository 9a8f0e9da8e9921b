"""What a host says about reaching the outside, as builds understand it."""

from __future__ import annotations

import shlex
from pathlib import Path

from stateroom.runtimes import image_host as host


def test_proxies_are_taken_in_the_form_they_were_given() -> None:
    """Programs differ in whether they read the upper or the lower case."""
    environ = {"https_proxy": "http://p:3128", "NO_PROXY": "localhost", "HTTP_PROXY": "", "X": "1"}
    assert host.proxies(environ) == {"https_proxy": "http://p:3128", "NO_PROXY": "localhost"}


def npm_of(tmp_path: Path, rc: str, **environ: str) -> host.Npm:
    (tmp_path / ".npmrc").write_text(rc)
    return host.npm({"HOME": str(tmp_path), "PATH": "/nowhere", **environ})


def test_the_certificates_named_first_and_there(tmp_path: Path) -> None:
    """A name without a file is passed over."""
    bundle = tmp_path / "ca.pem"
    bundle.write_text("usual")
    environ = {"NODE_EXTRA_CA_CERTS": str(tmp_path / "gone"), "SSL_CERT_FILE": str(bundle)}
    assert host.authorities(environ, host.Npm()) == b"usual"


def test_npms_own_authorities_come_along(tmp_path: Path) -> None:
    """An npmrc may name a file that only this host has: what is in it goes into the build, and
    npm there is told the file's other place."""
    (tmp_path / "usual.pem").write_text("usual")
    (tmp_path / "own.pem").write_text("own")
    environ = {"SSL_CERT_FILE": str(tmp_path / "usual.pem"), "WHERE": str(tmp_path)}
    npm = npm_of(tmp_path, 'cafile=/gone\ncafile = "${WHERE}/own.pem"\n', **environ)
    assert host.authorities(environ, npm) == b"usual\nown"
    assert "export npm_config_cafile=/build/ca.pem" in exported(npm)
    assert not [line for line in exported(host.Npm()) if "cafile" in line]


def exported(npm: host.Npm, **environ: str) -> list[str]:
    text = host.shell_environment(environ, npm, "/build/ca.pem")
    return [" ".join(shlex.split(line)) for line in text.splitlines()]


def test_npm_is_set_up_as_here(tmp_path: Path) -> None:
    """The user's npmrc as it is, the machine's where npm says that there is one, and variables
    that say how to reach a registry or that an npmrc leaves its key to; no others."""
    (tmp_path / "shared").write_text("registry=https://shared.example/\n")
    program = tmp_path / "npm"
    program.write_text(f'#!/bin/sh\n[ "$3" = globalconfig ] && echo {tmp_path}/shared\n')
    program.chmod(0o755)
    rc = "registry = https://own.example/npm/\n//own.example/npm/:_authToken=${KEY}\ncache=${HOME}/c\n"
    environ = {
        "KEY": "k", "OTHER": "o", "NPM_CONFIG_REGISTRY": "https://env.example",
        "npm_config_cache": "/here", "PATH": str(tmp_path),
    }  # fmt: skip
    npm = npm_of(tmp_path, rc, **environ)
    assert (npm.user, npm.shared) == (rc, "registry=https://shared.example/\n")
    assert dict(npm.variables) == {"KEY": "k", "NPM_CONFIG_REGISTRY": "https://env.example"}
    assert "export KEY=k" in exported(npm)
    assert "export npm_config_globalconfig=/build/npmrc-shared" in exported(npm)


def test_keys_of_a_registry_do_not_show_themselves(tmp_path: Path) -> None:
    """Not by repr: a traceback with locals holds reprs."""
    npm = npm_of(tmp_path, "//own.example/:_authToken=s3cret\n_auth=${KEY}\n", KEY="hidden")
    assert "s3cret" not in repr(npm) and "hidden" not in repr(npm)


def test_what_a_build_script_sources_is_quoted() -> None:
    """Whatever a password of a proxy is made of."""
    found = exported(host.Npm(), HTTPS_PROXY="http://u:p'$(id)@p")
    assert "export HTTPS_PROXY=http://u:p'$(id)@p" in found
    assert "export NODE_EXTRA_CA_CERTS=/build/ca.pem" in found


ONE_LINE = """
# deb http://commented.example/debian bookworm main
deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian bookworm main contrib
deb-src http://mirror.example/debian bookworm main
deb http://mirror.example/debian bookworm-updates main # updates
deb http://mirror.example/debian bookworm-backports main
deb https://elsewhere.example/debian-security bookworm-security main
"""
DEB822 = """
Types: deb deb-src
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /k.gpg

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: bookworm
Components: main

Types: deb
URIs: https://vendor.example/node
Suites: nodistro
Components: main
"""


def apt(tmp_path: Path, name: str, text: str) -> list[str]:
    lists = tmp_path / "sources.list.d"
    lists.mkdir(exist_ok=True)
    (tmp_path / "sources.list" if name == "sources.list" else lists / name).write_text(text)
    return host.debian_sources(tmp_path)


def test_the_hosts_own_mirrors_in_both_of_apts_forms(tmp_path: Path) -> None:
    wanted = [
        "deb http://mirror.example/debian bookworm main",
        "deb http://mirror.example/debian bookworm-updates main",
    ]
    security = "deb https://elsewhere.example/debian-security bookworm-security main"
    assert apt(tmp_path, "sources.list", ONE_LINE) == [*wanted, security]
    assert apt(tmp_path, "more.sources", DEB822) == [*wanted, security]


def test_another_releases_mirrors_are_left_alone(tmp_path: Path) -> None:
    assert apt(tmp_path, "a.list", "deb http://mirror.example/ubuntu noble main\n") == []
    only_security = "deb http://mirror.example/s bookworm-security main\n"
    assert apt(tmp_path, "a.list", only_security) == []
    indirect = "deb mirror+file:/etc/apt/mirrors.list bookworm main\n"
    assert apt(tmp_path, "a.list", indirect) == []
