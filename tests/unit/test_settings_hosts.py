"""The two public names among the settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from stateroom.domain.routes import Door, Route, RouteTable
from stateroom.edge import route_map
from stateroom.settings import LONGEST_HOST, Settings, load


def read(**given: str) -> Settings:
    environ = {f"STATEROOM_{name.upper()}": value for name, value in given.items()}
    return load({"STATEROOM_HOME": "/nowhere", **environ})


def test_capitals_in_a_host_are_the_same_host() -> None:
    """Names have no case, but maps, certificates and comparisons do: one form for all of them,
    which the edge takes as a route."""
    found = read(tenant_domain="Agents.Example.COM", console_host=" Console.Example.com ")
    assert found.tenant_domain == "agents.example.com"
    assert found.console_host == "console.example.com"
    host = found.tenant_url("acme").removeprefix("https://").partition(":")[0]
    route = Route(host, "t1", "c1", "owner@acme", "10.213.0.2", 1, Door.OPEN, 60)
    assert route_map.rows(RouteTable.of([route]))[0][0] == "acme.agents.example.com"


def test_addresses_of_ours_follow_the_ports(tmp_path: Path) -> None:
    """Whoever prints one asks here, so no page names a port that is not the one."""
    found = load({"STATEROOM_HOME": str(tmp_path), "STATEROOM_API_PORT": "9070",
                  "STATEROOM_HTTPS_PORT": "9443"})
    assert found.api_url == "http://127.0.0.1:9070/api/v1"
    assert found.tenant_url("acme") == "https://acme.t.localhost:9443/"


def test_a_table_of_settings_is_read_the_same_way(tmp_path: Path) -> None:
    """Wherever the name comes from."""
    (tmp_path / "settings.toml").write_text('tenant_domain = "T.Example"\n')
    assert load({"STATEROOM_HOME": str(tmp_path)}).tenant_domain == "t.example"


@pytest.mark.parametrize("name", ["tenant_domain", "console_host"])
@pytest.mark.parametrize(
    "host",
    ["", ".", "a..b", ".example.com", "example.com.", "*.example.com", "https://example.com",
     "example.com:8443", "example.com/", "a b", "-a.example", "a-.example", "ex_ample.com",
     "m\u00fcnchen.example", "127.0.0.1", "::1", "a\nb", "x" * 64, ("a" * 50 + ".") * 4 + "com"],
)  # fmt: skip
def test_what_is_no_host_name_is_refused_with_a_sentence(name: str, host: str) -> None:
    """Before it stops all routing: with the setting's name and what to write."""
    with pytest.raises(ValueError, match=f"setting {name}: ") as refused:
        read(**{name: host})
    assert len(str(refused.value)) < 200 + len(repr(host))


def test_the_longest_slug_still_fits_before_the_longest_domain() -> None:
    """The whole name stays within what DNS can carry."""
    assert 40 + 1 + LONGEST_HOST <= 253
