"""Certificates that end: told in time, as they are served, with what to do about it."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from cryptography import x509

from stateroom.edge.certificates import AUTHORITY_DAYS, LEAF_DAYS, issue, make_authority
from stateroom.installation import certificates
from stateroom.installation.certificates import DAY
from stateroom.installation.doctor_files import examine_files
from stateroom.layout import Layout
from stateroom.settings import Settings

NOW = time.time()
NAMES = ("*.t.localhost", "console.localhost")
AUTHORITY = make_authority("Stateroom 3f", ("t.localhost", "console.localhost"), NOW)


@asynccontextmanager
async def edge(folder: Path, left_days: float) -> AsyncIterator[int]:
    """Serves a certificate that has so many days left; answers the port."""
    key, chain = issue(AUTHORITY, NAMES, NOW - (LEAF_DAYS - left_days) * DAY)
    (folder / "pair.pem").write_bytes(chain + key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "pair.pem")

    async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def found(folder: Path, port: int) -> dict[str, tuple[str, str]]:
    settings = Settings(home=folder, https_port=port)
    return {f.what: (f.verdict, f.detail) for f in await examine_files(settings)}


@pytest.mark.parametrize(
    ("left", "verdict", "said"),
    [(200, "good", "good until"), (29, "note", "ends in 29 days"), (-2, "wrong", "ended on")],
)
async def test_doctor_sees_what_the_edge_serves(
    tmp_path: Path, left: int, verdict: str, said: str
) -> None:
    """Also an expired one, which a client that checks could not even look at."""
    Layout(tmp_path).ca_certificate.write_bytes(AUTHORITY.certificate_pem)
    async with edge(tmp_path, left + 0.5 if left > 0 else left) as port:
        seen = await found(tmp_path, port)
    assert seen["certificate"][0] == verdict
    assert said in seen["certificate"][1]
    assert ("`stateroom up`" in seen["certificate"][1]) is (verdict != "good")
    assert seen["authority"][0] == "good"


async def test_an_edge_that_is_away_has_no_certificate(tmp_path: Path) -> None:
    """Its port is a finding of its own; nothing is said of what nobody serves."""
    async with edge(tmp_path, 10) as port:
        pass
    assert "certificate" not in await found(tmp_path, port)


@pytest.mark.parametrize(
    ("left", "verdict", "said"),
    [(91, "good", "good until"), (89, "note", "trust the new one"), (-1, "wrong", "ended on")],
)
def test_the_authority_is_told_of_earlier(
    tmp_path: Path, left: int, verdict: str, said: str
) -> None:
    """Everybody has to trust another one by then, so the notice comes three months before."""
    layout = Layout(tmp_path)
    begun = NOW - (AUTHORITY_DAYS - left) * DAY
    made = make_authority("Stateroom 3f", ("t.localhost",), begun)
    layout.ca_certificate.write_bytes(made.certificate_pem)
    seen = certificates.of_authority(layout.ca_certificate, layout, NOW)
    assert (seen.verdict, said in seen.detail) == (verdict, True)


def test_a_clock_that_is_wrong_is_named(tmp_path: Path) -> None:
    """A certificate of the future is no reason to make another one."""
    certificate = x509.load_pem_x509_certificate(AUTHORITY.certificate_pem)
    seen = certificates.of_edge(certificate, NOW - 400 * DAY)
    assert (seen.verdict, "clock" in seen.detail) == ("wrong", True)


async def test_damaged_files_are_findings(tmp_path: Path) -> None:
    """Doctor goes on where a file is not what it should be, and names it."""
    layout = Layout(tmp_path)
    seen = await found(tmp_path, 1)
    assert seen["admin key"][0] == seen["authority"][0] == "wrong"
    layout.admin_key.write_text("\n")
    layout.ca_certificate.write_text("no certificate")
    seen = await found(tmp_path, 1)
    assert "is empty" in seen["admin key"][1]
    assert "is damaged" in seen["authority"][1]
    layout.admin_key.write_text("sk_hunter2\n")
    seen = await found(tmp_path, 1)
    assert seen["admin key"][0] == "good" and "hunter2" not in str(seen)
