"""How long the certificates are good for: the edge's as it is served, and the local authority's.

Nothing renews them by itself but `stateroom up`, so whoever looks at an installation is told in
time. What the edge serves is asked of the edge: its files are nobody's to read but its own.
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from stateroom.edge.certificates import RENEW_DAYS
from stateroom.layout import Layout

AUTHORITY_NOTICE_DAYS = 90
"""Everybody has to be told to trust another authority: that takes longer than a renewal."""
ANSWERS_WITHIN = 3.0
DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Validity:
    """verdict: "good", "note" (ends soon) or "wrong" (worth nothing). detail says what to do."""

    verdict: str
    detail: str


def of_edge(certificate: x509.Certificate, now: float) -> Validity:
    """now: seconds since the epoch."""
    renews = "`stateroom up` makes a new one; the edge is away for a second meanwhile"
    return _validity("the edge's certificate", certificate, now, RENEW_DAYS, renews)


def of_authority(path: Path, layout: Layout, now: float) -> Validity:
    """Of `ca.pem`, which everybody may read."""
    renews = (
        f"move {path} and {layout.ca_key} away and run `stateroom up`: whoever trusted this "
        "authority has to trust the new one"
    )
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
    except OSError as error:
        return Validity("wrong", f"{path} cannot be read ({error.strerror}): see `stateroom up`")
    except ValueError:
        detail = f"{path} is damaged: bring it back from a backup; `stateroom up` says what else"
        return Validity("wrong", detail)
    return _validity("the local authority", certificate, now, AUTHORITY_NOTICE_DAYS, renews)


async def served(address: str, port: int, name: str) -> x509.Certificate | None:
    """What the edge shows to whoever asks for `name`, trusted or not; None where it is away."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        async with asyncio.timeout(ANSWERS_WITHIN):
            _reader, writer = await asyncio.open_connection(
                address, port, ssl=context, server_hostname=name
            )
    except (OSError, TimeoutError):
        return None
    shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.transport.abort()
    return x509.load_der_x509_certificate(shown) if shown else None


def _validity(
    what: str, certificate: x509.Certificate, now: float, notice_days: int, renews: str
) -> Validity:
    days = (certificate.not_valid_after_utc.timestamp() - now) / DAY
    until = f"{certificate.not_valid_after_utc:%Y-%m-%d}"
    if certificate.not_valid_before_utc.timestamp() > now:
        begins = f"{certificate.not_valid_before_utc:%Y-%m-%d}"
        return Validity("wrong", f"{what} is good from {begins} on: is this machine's clock right?")
    if days <= 0:
        return Validity("wrong", f"{what} ended on {until}: {renews}")
    if days <= notice_days:
        return Validity("note", f"{what} ends in {days:.0f} days, on {until}: {renews}")
    return Validity("good", f"{what} is good until {until}")
