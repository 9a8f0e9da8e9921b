"""The firewall as one static table for all cabins, present and future. Pure.

It knows no cabin: bridges are matched by the beginning of their names. So nothing has to be
added when a cabin comes, and there is no moment in which a new one lies open.

From a cabin, only replies pass and the broker's port on the address of the cabin's own bridge:
not another bridge's, not any other address of this host. Nothing is forwarded from or to one.
Towards a cabin, only what the edge and the prober begin: OpenClaw trusts whoever comes from the
bridge's address, and every process of this host would. IPv6 is not spoken at all. What comes
from elsewhere to the broker's port ends too: it has no other clients.

Priority 0, where connection tracking has already spoken. `accept` here only ends our own
chain: Docker's rules and the host's are asked all the same, so we can only close, never open.
"""

from __future__ import annotations

from collections.abc import Iterable

from stateroom.domain.cabin import Installation

FAMILY = "inet"


def table_name(installation: Installation) -> str:
    return f"stateroom_{installation.prefix}"


def render(installation: Installation, allowed: Iterable[int]) -> str:
    """The table in nft's language. allowed: uids that may begin a connection to a cabin."""
    cabins = f'"{installation.prefix}-*"'
    uids = sorted(set(allowed))
    if not uids:
        raise ValueError("the firewall needs at least one uid that may reach the cabins")
    # A rule for each and no set: then the kernel's listing is this text, word for word.
    allow = "\n".join(f"\t\tmeta skuid {uid} accept" for uid in uids)
    return f"""\
table {FAMILY} {table_name(installation)} {{
	chain input {{
		type filter hook input priority filter; policy accept;
		iifname {cabins} jump from_cabin
		iifname != {cabins} tcp dport {installation.broker_port} drop
	}}

	chain from_cabin {{
		meta nfproto ipv6 drop
		ct state established,related accept
		tcp dport {installation.broker_port} fib daddr . iif type local accept
		drop
	}}

	chain forward {{
		type filter hook forward priority filter; policy accept;
		iifname {cabins} drop
		oifname {cabins} drop
	}}

	chain output {{
		type filter hook output priority filter; policy accept;
		oifname {cabins} jump to_cabin
	}}

	chain to_cabin {{
		meta nfproto ipv6 drop
		ct state established,related accept
{allow}
		drop
	}}
}}
"""


def transaction(installation: Installation, allowed: Iterable[int]) -> str:
    """Put the table in force, whole, in one step: never is there a moment without one."""
    name = f"{FAMILY} {table_name(installation)}"
    return f"table {name}\ndelete table {name}\n{render(installation, allowed)}"
