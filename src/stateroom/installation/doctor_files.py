"""What `stateroom doctor` sees of what people hold: the admin key and the certificates."""

from __future__ import annotations

import time
from pathlib import Path

from stateroom.errors import Permanent
from stateroom.installation import certificates, key_files
from stateroom.installation.finding import Finding
from stateroom.layout import Layout
from stateroom.settings import Settings


async def examine_files(settings: Settings) -> list[Finding]:
    layout, now = Layout(settings.home), time.time()
    authority = certificates.of_authority(layout.ca_certificate, layout, now)
    found = [
        _admin_key(layout.admin_key),
        Finding(authority.verdict, "authority", authority.detail),
    ]
    everywhere = settings.edge_address == "0.0.0.0"  # noqa: S104  (asked for, not listened on)
    address = "127.0.0.1" if everywhere else settings.edge_address
    shown = await certificates.served(address, settings.https_port, settings.console_host)
    if shown is not None:
        edge = certificates.of_edge(shown, now)
        found.append(Finding(edge.verdict, "certificate", edge.detail))
    return found


def _admin_key(path: Path) -> Finding:
    try:
        key = key_files.admin_key(path, path.read_bytes())
    except FileNotFoundError:
        return Finding("wrong", "admin key", f"{path} is not there: `stateroom up` makes a new one")
    except PermissionError:
        return Finding("note", "admin key", f"{path} is another user's: set STATEROOM_KEY")
    except OSError as error:
        return Finding("wrong", "admin key", f"{path} cannot be read: {error.strerror}")
    except Permanent as error:
        return Finding("wrong", "admin key", error.message)
    if not key:
        return Finding("wrong", "admin key", f"{path} is empty: `stateroom up` makes a new one")
    return Finding("good", "admin key", f"in {path}")
