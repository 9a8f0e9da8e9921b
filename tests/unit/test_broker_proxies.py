"""Which proxy the broker takes, from what an environment says."""

from __future__ import annotations

from pathlib import Path

import pytest

from stateroom.broker.way_out import PROXIES, WayOut, encode, read, says_anything, way_out

PROXY = "http://proxy.example:3128"


@pytest.mark.parametrize(
    ("entry", "host", "port", "direct"),
    [
        ("*", "models.example", 443, True),
        ("models.example", "models.example", 443, True),
        ("MODELS.example", "Models.Example", 443, True),
        (".example", "models.example", 443, True),
        ("*.example", "models.example", 443, True),
        ("example", "models.example", 443, True),
        ("example", "example.com", 443, False),
        ("odels.example", "models.example", 443, False),
        ("models.example:8443", "models.example", 8443, True),
        ("models.example:8443", "models.example", 443, False),
        ("192.0.2.7", "192.0.2.7", 80, True),
        ("192.0.2.0/24", "192.0.2.7", 80, True),
        ("192.0.3.0/24", "192.0.2.7", 80, False),
        ("2001:db8::/32", "2001:db8::1", 80, True),
        ("", "models.example", 443, False),
        (".", "models.example", 443, False),
    ],
)
def test_who_is_asked_without_a_proxy(entry: str, host: str, port: int, direct: bool) -> None:
    """NO_PROXY as other tools read it."""
    way = WayOut(https=PROXY, direct=(entry,))
    assert (way.proxy_for("https", host, port) == "") is direct


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_this_machine_is_never_behind_a_proxy(host: str) -> None:
    """A model server on this host would be somebody else's there."""
    assert WayOut(PROXY).proxy_for("https", host, 11434) == ""
    assert WayOut(PROXY).proxy_for("http", host, 11434) == ""


def test_the_environment_is_read_as_curl_does() -> None:
    """In either case, one for all schemes where none is named, commas or spaces between names."""
    found = way_out({
        "https_proxy": "proxy.example:3128", "ALL_PROXY": "http://all.example",
        "NO_PROXY": "a.example, b.example c.example",
    })  # fmt: skip
    assert found.https == "http://proxy.example:3128"
    assert way_out({"ALL_PROXY": "http://all.example"}).https == "http://all.example"
    assert found.direct == ("a.example", "b.example", "c.example")
    assert way_out({}) == WayOut()


@pytest.mark.parametrize("given", ["socks5://p:1080", "http://", "http://p:99999", "ftp://x"])
def test_a_proxy_that_cannot_be_used_is_a_sentence(given: str) -> None:
    """Told to whoever runs `up`, without the password that may stand in it."""
    with pytest.raises(ValueError, match="HTTPS_PROXY") as refused:
        way_out({"HTTPS_PROXY": given.replace("//", "//user:hunter2@")})
    assert "hunter2" not in str(refused.value)


def test_silence_is_not_a_word() -> None:
    """A variable that is empty says that there is no proxy; none at all says nothing."""
    assert not says_anything({"HOME": "/root"})
    assert says_anything({"HTTPS_PROXY": ""})
    assert says_anything({"no_proxy": "x"})


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    """With a password, which no repr shows; a damaged file is told."""
    way = way_out({"HTTPS_PROXY": "http://user:hunter2@p:1", "NO_PROXY": "x"})
    assert "hunter2" not in repr(way)
    assert read(tmp_path) == WayOut()
    (tmp_path / PROXIES).write_bytes(encode(way))
    assert read(tmp_path) == way
    for damaged in ("", "[]", '{"https": ""}'):
        (tmp_path / PROXIES).write_text(damaged)
        with pytest.raises(ValueError, match="is damaged"):
            read(tmp_path)
