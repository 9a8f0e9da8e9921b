"""The process that keeps the table: puts it in place, watches, puts it back, says so.

It listens to the kernel's own messages about tables, so a table that somebody removes is back
within milliseconds, and it looks by itself every few seconds in case a message was lost. What
is compared is what the kernel lists, with what was asked of it. An nft that words a rule in
another way is believed only after it has listed the same several times running: what is listed
once may be what somebody made of the table a moment ago.

Told to end, it leaves the table where it is: cabins outlive us.

Only the standard library, since this process sits in memory for ever. It needs NET_ADMIN in the
host's network namespace, and so root's uid there: Docker gives another uid a capability only as
one that a program's file may ask for, never as an ambient one.
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import os
import select
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from stateroom.domain.cabin import Installation
from stateroom.guard.state import Moment, write_state
from stateroom.guard.table import FAMILY, render, table_name, transaction

log = logging.getLogger("stateroom.guard")

LOOK_EVERY = 3.0
"""Seconds between two looks without any message."""
TRIES = 5
NFT = ("/usr/sbin/nft", "/sbin/nft")
NETLINK_NETFILTER = 12
NFTABLES_GROUP = 1 << (7 - 1)
MESSAGE = 1 << 16


@dataclass(frozen=True, slots=True)
class Guarded:
    """One table and where its state is written. allowed: uids that may reach cabins."""

    installation: Installation
    allowed: tuple[int, ...]
    state: Path

    def apply(self) -> None:
        """Raises CalledProcessError with nft's words where the kernel refuses."""
        _nft("-f", "-", given=transaction(self.installation, self.allowed))

    def listed(self) -> str:
        """The table as the kernel has it now, "" while there is none."""
        try:
            return _nft("-s", "list", "table", FAMILY, table_name(self.installation))
        except (OSError, subprocess.SubprocessError):
            return ""


class Guard:
    def __init__(self, guarded: Guarded) -> None:
        self._guarded = guarded
        self._wanted = ""

    def put(self) -> None:
        """Raises OSError or SubprocessError where it cannot be put."""
        asked = render(self._guarded.installation, self._guarded.allowed)
        listed = []
        for _ in range(TRIES):
            self._guarded.apply()
            listed.append(self._guarded.listed())
            if listed[-1].split() == asked.split():
                break
        if listed[-1].split() != asked.split() and len(set(listed)) > 1:
            raise OSError("somebody else keeps changing the firewall's table")
        self._wanted = listed[-1]

    def look(self) -> None:
        """One look, one repair where it is needed, one word about it."""
        present = bool(self._wanted) and self._guarded.listed() == self._wanted
        if not present:
            self._say(present=False)
            try:
                self.put()
                present = True
                log.warning("the firewall's table was gone or changed; it is back")
            except (OSError, subprocess.SubprocessError) as error:
                log.error("the firewall's table cannot be put in place: %s", _words(error))
        self._say(present=present)

    def _say(self, *, present: bool) -> None:
        digest = hashlib.sha256(self._wanted.encode()).hexdigest()[:16]
        try:
            write_state(self._guarded.state, present=present, digest=digest, now=Moment.now())
        except OSError as error:
            # Said by silence: the state grows stale, and cabins do not start.
            log.error("the guard's state cannot be written: %s", error)


def watch(guard: Guard, ending: socket.socket, name: bytes) -> None:
    """Until `ending` has something to read. name: of the table, as messages carry it."""
    kernel = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
    with kernel:
        kernel.bind((0, NFTABLES_GROUP))
        kernel.setblocking(False)
        # After listening began: what changed before is seen by this look.
        guard.look()
        due = time.monotonic() + LOOK_EVERY
        while True:
            ready, _, _ = select.select([kernel, ending], [], [], max(0, due - time.monotonic()))
            if ending in ready:
                return
            if (kernel in ready and speaks_of(kernel, name)) or time.monotonic() >= due:
                guard.look()
                due = time.monotonic() + LOOK_EVERY


def speaks_of(kernel: socket.socket, name: bytes) -> bool:
    """Reads all that is there. Messages of other tables are Docker's daily life."""
    concerned = False
    while True:
        try:
            message = kernel.recv(MESSAGE)
        except BlockingIOError:
            return concerned
        except OSError:  # ENOBUFS: the kernel dropped some
            return True
        concerned = concerned or name in message


def main(arguments: list[str] | None = None) -> int:
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    guarded = _parse(sys.argv[1:] if arguments is None else arguments)
    guarded.state.parent.mkdir(parents=True, exist_ok=True)
    ending, told = socket.socketpair()
    told.setblocking(False)
    signal.set_wakeup_fd(told.fileno(), warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    guard = Guard(guarded)
    try:
        guard.put()
    except (OSError, subprocess.SubprocessError) as error:
        log.error("the firewall's table cannot be put in place: %s", _words(error))
        write_state(guarded.state, present=False, digest="", now=Moment.now())
        return 1
    log.info("the firewall's table %s is in place", table_name(guarded.installation))
    watch(guard, ending, table_name(guarded.installation).encode() + b"\0")
    return 0


def _parse(arguments: list[str]) -> Guarded:
    parser = argparse.ArgumentParser(prog="stateroom.guard", description=__doc__)
    parser.add_argument("--installation", required=True, help="its id, two hex digits")
    parser.add_argument("--broker-port", required=True, type=int)
    parser.add_argument(
        "--allow", required=True, type=int, action="append", help="a uid that may reach cabins"
    )
    parser.add_argument("--state", required=True, type=Path, help="where to say how things are")
    given = parser.parse_args(arguments)
    installation = Installation(given.installation, broker_port=given.broker_port)
    return Guarded(installation, tuple(given.allow), given.state)


def _nft(*words: str, given: str = "") -> str:
    program = next((path for path in NFT if os.access(path, os.X_OK)), "nft")
    done = subprocess.run(
        [program, *words], input=given, capture_output=True, text=True, check=True, timeout=10
    )
    return done.stdout


def _words(error: Exception) -> str:
    said = getattr(error, "stderr", "") or str(error)
    return str(said).strip()
