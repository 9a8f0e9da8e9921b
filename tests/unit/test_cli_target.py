"""Which Stateroom is meant, and with which key: pure but for reading two files."""

from __future__ import annotations

from pathlib import Path

import pytest

from stateroom.cli.failure import Code, Failure
from stateroom.cli.target import Target, find_target, is_localhost_name


def environ(home: Path, **more: str) -> dict[str, str]:
    return {"STATEROOM_HOME": str(home), **more}


def test_the_installation_of_this_machine_is_the_default(tmp_path: Path) -> None:
    """Port and key come from the home where nothing else is said."""
    (tmp_path / "admin.key").write_text("abc\n")
    (tmp_path / "settings.toml").write_text("api_port = 9001\n")
    found = find_target(environ(tmp_path))
    assert (found.url, found.key) == ("http://127.0.0.1:9001", "abc")


@pytest.mark.parametrize(
    "url", ["https://console.localhost:8443", "https://console.localhost:8443/api/v1/"]
)
def test_an_address_may_be_given_with_or_without_the_prefix(tmp_path: Path, url: str) -> None:
    """Copying the API's address from the documentation works."""
    found = find_target(environ(tmp_path, STATEROOM_URL=url, STATEROOM_KEY="k"))
    assert found.url == "https://console.localhost:8443"


@pytest.mark.parametrize(
    "url",
    ["127.0.0.1:8070", "ftp://x", "http://", "http://u:p@x", "http://x:99999", "http://x?a=b"],
)
def test_what_is_no_address_is_wrong_usage(tmp_path: Path, url: str) -> None:
    """And a password in it is not repeated."""
    with pytest.raises(Failure) as caught:
        find_target(environ(tmp_path, STATEROOM_URL=url, STATEROOM_KEY="k"))
    assert caught.value.code is Code.USAGE
    assert ":p@" not in caught.value.message


def test_without_a_key_the_message_says_how_to_start(tmp_path: Path) -> None:
    """A first-time user gets the next command."""
    with pytest.raises(Failure, match="scripts/up"):
        find_target(environ(tmp_path))


@pytest.mark.parametrize("key", ["a\nb", "schlüssel", "a\x00b"])
def test_a_key_that_cannot_be_one_is_not_shown(tmp_path: Path, key: str) -> None:
    """The message has no part of it."""
    with pytest.raises(Failure) as caught:
        find_target(environ(tmp_path, STATEROOM_KEY=key))
    assert key not in caught.value.message


def test_a_wrong_settings_file_is_told_by_name(tmp_path: Path) -> None:
    """A typo in settings.toml is a sentence, no stack trace."""
    (tmp_path / "settings.toml").write_text("api_prot = 1\n")
    with pytest.raises(Failure, match="unknown setting api_prot"):
        find_target(environ(tmp_path, STATEROOM_KEY="k"))


def test_the_key_is_not_in_the_repr() -> None:
    """A target that is logged gives nothing away."""
    assert "sesame" not in repr(Target("http://x", Path("/ca"), "sesame"))


@pytest.mark.parametrize(
    ("url", "open_to_readers"),
    [
        ("http://127.0.0.1:8070", False),
        ("http://[::1]:8070", False),
        ("http://console.localhost", False),
        ("http://stateroom.example", True),
        ("http://10.0.0.1", True),
        ("https://stateroom.example", False),
    ],
)
def test_a_key_in_clear_text_over_a_network_is_noticed(url: str, open_to_readers: bool) -> None:
    """Only plain HTTP that leaves the machine counts."""
    assert Target(url, Path("/ca"), "k").is_open_to_readers is open_to_readers


@pytest.mark.parametrize(
    ("name", "local"),
    [("localhost", True), ("a.b.localhost", True), ("notlocalhost", False), ("localhost.x", False)],
)
def test_only_names_below_localhost_are_this_machine(name: str, local: bool) -> None:
    """A look-alike is resolved like any other name."""
    assert is_localhost_name(name) is local


def test_an_empty_key_is_none(tmp_path: Path) -> None:
    """The sentence says who makes a new one; no call is made with nothing."""
    (tmp_path / "admin.key").write_text("\n")
    with pytest.raises(Failure, match=r"admin\.key is empty: `stateroom up`"):
        find_target(environ(tmp_path))


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("STATEROOM_HTTPS_PORT", "70000", "no port"),
        ("STATEROOM_API_PORT", "8443", "https_port and api_port are both 8443"),
        ("STATEROOM_SUBNETS", "10.0.0.1/16", "setting subnets"),
        ("STATEROOM_SUBNETS", "10.0.0.0/30", "no room for a /29"),
        ("STATEROOM_MEMORY_OVERCOMMIT", "nan", "memory_overcommit"),
        ("STATEROOM_BOOT_CPU", "0", "boot_cpu"),
        ("STATEROOM_RESERVE_DISK_MB", "-1", "reserve_disk_mb"),
    ],
)
def test_a_setting_that_cannot_be_is_named(
    tmp_path: Path, name: str, value: str, said: str
) -> None:
    """Before anything is done with it."""
    with pytest.raises(Failure, match=said):
        find_target(environ(tmp_path, STATEROOM_KEY="k", **{name: value}))


@pytest.mark.parametrize("data", [b"\xff", b"https_port = ", b"colour = 'red'"])
def test_damaged_settings_are_named(tmp_path: Path, data: bytes) -> None:
    """By their path: no command ends in a trace."""
    (tmp_path / "settings.toml").write_bytes(data)
    with pytest.raises(Failure, match=r"settings\.toml"):
        find_target(environ(tmp_path, STATEROOM_KEY="k"))
