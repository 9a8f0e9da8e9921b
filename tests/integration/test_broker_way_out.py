"""A provider behind a company's proxy, whose certificate a company's authority has signed."""

from __future__ import annotations

import asyncio
import os
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from stateroom.broker import way_out
from stateroom.broker.upstream import Upstream
from stateroom.broker.way_out import AUTHORITIES, PROXIES, WayOut
from stateroom.domain.cabin import Installation
from stateroom.edge import certificates
from stateroom.errors import Permanent
from stateroom.installation import home as module
from stateroom.installation import outside
from stateroom.installation.home import Furnisher
from stateroom.layout import Layout
from stateroom.settings import Settings
from tests.stubs.broker_lab import REAL_KEY, broker_lab
from tests.stubs.model_server import ModelServer, answers

HOST = "models.example"
ID = Installation("3f", IPv4Network("10.213.0.0/24"))


@dataclass
class Proxy:
    """Carries every connection that it is asked for to one port of loopback, whoever is named.
    heads: what it was asked, as it came."""

    port: int = 0
    heads: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.heads.append(head.decode())
        back, forth = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
        await asyncio.gather(_carry(reader, forth), _carry(back, writer))


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


@asynccontextmanager
async def listening(proxy: Proxy) -> AsyncIterator[str]:
    """The proxy's address."""
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


@asynccontextmanager
async def behind_tls(folder: Path, plain: str) -> AsyncIterator[int]:
    """The port of a server with HOST's certificate, before the plain one. The authority that
    signed it is `folder/company.pem`."""
    authority = certificates.make_authority("Company", [HOST], time.time())
    key, chain = certificates.issue(authority, [HOST], time.time())
    (folder / "company.pem").write_bytes(authority.certificate_pem)
    (folder / "leaf.pem").write_bytes(chain + key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "leaf.pem")
    port = int(plain.split(":")[2].split("/", maxsplit=1)[0])

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, forth = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_carry(reader, forth), _carry(back, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def test_a_provider_is_asked_through_the_proxy(tmp_path: Path) -> None:
    """By CONNECT, with the proxy's own password, so the proxy sees neither the provider's key nor
    what is said; the provider's certificate is one of the company's."""
    proxy = Proxy()
    async with (
        ModelServer(answers("hello")) as server,
        behind_tls(tmp_path, server.base_url) as proxy.port,
        listening(proxy) as address,
    ):
        way = WayOut(https=f"http://user:hunter2@{address}", authorities=tmp_path / "company.pem")
        async with broker_lab(tmp_path, upstream=Upstream(way=way)) as lab:
            await lab.give("a")
            await lab.provide(f"https://{HOST}/v1")
            response = await lab.chat("a")
    assert response.json()["choices"][0]["message"]["content"] == "hello"
    assert server.seen[0].header("authorization") == f"Bearer {REAL_KEY}"
    assert proxy.heads[0].startswith(f"CONNECT {HOST}:443 ")
    assert "proxy-authorization: basic " in proxy.heads[0].lower()
    assert REAL_KEY not in "".join(proxy.heads)


async def test_an_authority_that_nobody_vouched_for_is_not_trusted(tmp_path: Path) -> None:
    """Through a proxy as without one."""
    proxy = Proxy()
    async with (
        ModelServer(answers()) as server,
        behind_tls(tmp_path, server.base_url) as proxy.port,
        listening(proxy) as address,
    ):
        upstream = Upstream(way=WayOut(https=f"http://{address}"))
        async with broker_lab(tmp_path, upstream=upstream) as lab:
            await lab.give("a")
            await lab.provide(f"https://{HOST}/v1")
            assert (await lab.chat("a")).status_code == 502
    assert server.seen == []


@dataclass(frozen=True)
class Host:
    """A home that is furnished by whoever runs `up` with this environment."""

    layout: Layout

    def up(self, **environ: str) -> WayOut:
        outside.hand_over(self.layout, environ)
        settings, owner = Settings(home=self.layout.home), (os.getuid(), os.getgid())
        Furnisher(settings, ID, owner, ("127.0.0.1",), time.time()).everything()
        return way_out.read(self.layout.broker)


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    program = tmp_path / "cabin-init"
    program.write_bytes(b"a program")
    monkeypatch.setattr(module, "ENTRY_POINT", program)
    layout = Layout(tmp_path / "home")
    layout.home.mkdir()
    return Host(layout)


def test_the_broker_alone_learns_how_to_reach_the_outside(host: Host, tmp_path: Path) -> None:
    """From the environment of `up`: nobody else may read it, and nothing is left lying about."""
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes(b"an authority")
    way = host.up(HTTPS_PROXY="http://user:hunter2@p:1", NO_PROXY="x", SSL_CERT_FILE=str(bundle))
    assert (way.https, way.direct) == ("http://user:hunter2@p:1", ("x",))
    assert way.authorities is not None
    assert way.authorities.read_bytes() == b"an authority"
    holding = [f for f in host.layout.home.rglob("*") if f.is_file() and b"hunter2" in
               f.read_bytes()]
    assert holding == [host.layout.broker / PROXIES]
    for name in (PROXIES, AUTHORITIES):
        seen = (host.layout.broker / name).stat()
        assert (seen.st_uid, seen.st_mode & 0o777) == (ID.part_uid("broker"), 0o400)


def test_another_way_out_makes_another_broker(host: Host) -> None:
    """The broker reads it once. The digest that stands beside its container changes with a
    password and does not tell it; a shell that knows nothing of proxies changes nothing."""
    digests = []
    for environ in (
        {"HTTPS_PROXY": "http://u:one@p:1"}, {"HTTPS_PROXY": "http://u:two@p:1"}, {},
        {"HTTPS_PROXY": ""},
    ):  # fmt: skip
        host.up(**environ)
        digests.append(outside.digest(host.layout))
    assert digests[0] != digests[1] == digests[2] != digests[3]
    assert host.up() == way_out.read(host.layout.broker)
    assert way_out.read(host.layout.broker).https == ""


def test_a_proxy_that_cannot_be_used_is_told_before_anything_changes(host: Host) -> None:
    """And is not left lying about."""
    host.up(HTTPS_PROXY="http://p:1")
    with pytest.raises(Permanent, match="none that the broker can use"):
        host.up(HTTPS_PROXY="socks5://u:hunter2@p:1")
    assert way_out.read(host.layout.broker).https == "http://p:1"
    assert not list(host.layout.home.glob(".*"))
