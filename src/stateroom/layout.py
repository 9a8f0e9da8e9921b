"""Where everything lies under STATEROOM_HOME, and who may see it: one table for all parts.

The home is mounted at the same path inside our containers, each part seeing its own folders.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stateroom.files import half_written


@dataclass(frozen=True, slots=True)
class Layout:
    home: Path

    @property
    def installation(self) -> Path:
        """JSON: the installation's id and when it was made."""
        return self.home / "installation.json"

    @property
    def settings(self) -> Path:
        """TOML, the operator's to write; Stateroom only reads it."""
        return self.home / "settings.toml"

    @property
    def ca_certificate(self) -> Path:
        return self.home / "ca.pem"

    @property
    def ca_key(self) -> Path:
        """Mounted nowhere: only the helper that issues certificates ever sees it."""
        return self.home / "ca" / "ca.key"

    @property
    def admin_key(self) -> Path:
        return self.home / "admin.key"

    @property
    def store(self) -> Path:
        return self.home / "store"

    @property
    def api(self) -> Path:
        return self.home / "api"

    @property
    def api_socket(self) -> Path:
        """Where the api listens: it has no network, the edge speaks for it."""
        return self.home / "run" / "api" / "api.sock"

    @property
    def relay_socket(self) -> Path:
        """The api's way to a database that is reached by network."""
        return self.home / "run" / "relay" / "database.sock"

    @property
    def handed_database(self) -> Path:
        """Where `up` leaves the database's address for the helper, which takes it away."""
        return self.home / ".database.url"

    @property
    def handed_proxies(self) -> Path:
        """Where `up` leaves for the helper what the broker reaches the outside by."""
        return self.home / ".proxies.json"

    @property
    def handed_authorities(self) -> Path:
        """And whom it is to trust there."""
        return self.home / ".authorities.pem"

    def database_url(self, part: str) -> Path:
        """The copy of the part, which alone may read it."""
        return self.home / part / "database.url"

    def next_database_url(self, part: str) -> Path:
        """Another address, until it was seen to be the right one."""
        return self.home / part / "database.url.next"

    @property
    def database_mark(self) -> Path:
        """Is there once the installation has a database: `store/claim.py`."""
        return self.home / "steward" / "has-database"

    @property
    def steward(self) -> Path:
        return self.home / "steward"

    @property
    def steward_socket(self) -> Path:
        return self.home / "run" / "steward" / "steward.sock"

    @property
    def broker(self) -> Path:
        return self.home / "broker"

    @property
    def broker_socket(self) -> Path:
        return self.home / "run" / "broker" / "broker.sock"

    @property
    def edge(self) -> Path:
        """haproxy.cfg, the certificate, the session key's public half."""
        return self.home / "edge"

    @property
    def maps(self) -> Path:
        return self.home / "edge" / "maps"

    @property
    def edge_socket(self) -> Path:
        return self.home / "run" / "edge" / "admin.sock"

    @property
    def guard_state(self) -> Path:
        return self.home / "guard" / "state.json"

    @property
    def disks(self) -> Path:
        return self.home / "disks"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def programs(self) -> Path:
        """The static entry point, copied out of our image; bound into every cabin."""
        return self.home / "bin"

    @property
    def own_names(self) -> frozenset[str]:
        """Everything of ours that lies directly in the home, what is half written included."""
        files = (
            self.installation, self.ca_certificate, self.admin_key, self.settings,
            self.handed_database, self.handed_proxies, self.handed_authorities,
        )  # fmt: skip
        folders = (
            self.ca_key.parent, self.store, self.api, self.steward, self.broker, self.edge,
            self.guard_state.parent, self.disks, self.logs, self.programs, self.home / "run",
        )  # fmt: skip
        names = {path.name for path in (*files, *folders)}
        return frozenset(names | {half_written(path).name for path in files})
