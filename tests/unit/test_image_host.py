"""What a host says about reaching the outside, as builds understand it."""

from __future__ import annotations

import shlex
from pathlib import Path

from stateroom.runtimes import image_host as host


def test_proxies_are_taken_in_the_form_they_were_given() -> None:
    environ = {"https_proxy": "http://p:3128", "NO_PROXY": "localhost", "HTTP_PROXY": "", "X": "1"}
    assert host.proxies(environ) == {"https_proxy": "http://p:3128", "NO_PROXY": "localhost"}


def test_the_certificates_named_first_and_there(tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_text("x")
    environ = {"NODE_EXTRA_CA_CERTS": str(tmp_path / "gone"), "SSL_CERT_FILE": str(bundle)}
    assert host.ca_bundle(environ) == bundle


def npm_of(tmp_path: Path, rc: str, **environ: str) -> host.Npm:
    (tmp_path / ".npmrc").write_text(rc)
    return host.npm({"HOME": str(tmp_path), "PATH": "/nowhere", **environ})


def test_npms_registry_from_the_environment_before_the_file(tmp_path: Path) -> None:
    rc = "fund=false\nregistry = https://from.file.example/npm/\n"
    assert npm_of(tmp_path, rc).registry == "https://from.file.example/npm"
    named = npm_of(tmp_path, rc, npm_config_registry="https://from.env.example/")
    assert named.registry == "https://from.env.example"
    assert npm_of(tmp_path, "").registry == host.NPM_REGISTRY


def test_the_key_of_that_registry_and_of_no_other(tmp_path: Path) -> None:
    rc = (
        "registry=https://one.example/npm/\n"
        "//other.example/npm/:_authToken=wrong\n"
        "//one.example/npm/:_authToken=right\n"
    )
    assert npm_of(tmp_path, rc).token == "right"
    assert npm_of(tmp_path, rc, npm_config_registry="https://two.example").token is None


def test_what_a_build_script_sources_is_quoted() -> None:
    npm = host.Npm("https://one.example")
    text = host.shell_environment({"HTTPS_PROXY": "http://u:p'$(id)@p"}, npm, "/build/ca.pem")
    lines = [shlex.split(line) for line in text.splitlines()]
    assert ["export", "HTTPS_PROXY=http://u:p'$(id)@p"] in lines
    assert ["export", "NODE_EXTRA_CA_CERTS=/build/ca.pem"] in lines
    assert ["export", "npm_config_registry=https://one.example"] in lines


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
