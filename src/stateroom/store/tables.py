"""The tables. Migrations make them; a test says that both are the same.

Names of columns differ from the records' where the record's name means something else in SQL
or SQLAlchemy (`values`). Times are seconds since the epoch, UTC; 0 stands for "never".
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.types import TypeEngine

metadata = MetaData()


def word(length: int) -> TypeEngine[str]:
    """A text that is compared and sorted byte by byte on either database, as Python does it; by
    itself PostgreSQL would go by the language that the database was made for."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


# A number that rises for ever: `cabin_number` (never given twice) and `desired` (the change
# token: every change of desired state raises it).
counters = Table(
    "counters",
    metadata,
    Column("name", word(32), primary_key=True),
    Column("value", BigInteger, nullable=False),
)

blueprints = Table(
    "blueprints",
    metadata,
    Column("name", word(64), primary_key=True),
    Column("deployed", Integer, nullable=False),
    Column("created_at", Double, nullable=False),
)

revisions = Table(
    "revisions",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("blueprint", word(64), ForeignKey("blueprints.name"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("document", JSON, nullable=False),
    Column("layout", JSON, nullable=False),
    Column("digest", word(64), nullable=False),
    Column("created_at", Double, nullable=False),
    Column("images", JSON, nullable=False),
    Column("pinned", Boolean, nullable=False),
    Column("not_here", Boolean, nullable=False, server_default=false()),
    Column("unfit", Text, nullable=False, server_default=""),
    UniqueConstraint("blueprint", "number", name="revisions_number"),
    sqlite_autoincrement=True,
)

# A tenant that is gone stays as a row without anything of its own, so that its id is never
# given again and what it left behind (a kept volume) can still be named.
tenants = Table(
    "tenants",
    metadata,
    Column("id", word(17), primary_key=True),
    Column("slug", word(40), nullable=False),
    Column("name", Text, nullable=False),
    Column("blueprint", word(64), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("own_values", JSON, nullable=False),
    Column("own_limits", JSON, nullable=False),
    Column("own_variables", JSON, nullable=False),
    Column("suspended", Boolean, nullable=False),
    Column("safe_mode", Boolean, nullable=False),
    Column("restart_at", Double, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("changed_at", Double, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("deleting", word(5), nullable=False),
    Column("gone_at", Double, nullable=False),
    ForeignKeyConstraint(
        ["blueprint", "revision"],
        ["revisions.blueprint", "revisions.number"],
        name="tenants_revision",
    ),
    Index(
        "tenants_live_slug",
        "slug",
        unique=True,
        sqlite_where=text("gone_at = 0"),
        postgresql_where=text("gone_at = 0"),
    ),
    Index(
        "tenants_live_blueprint",
        "blueprint",
        "revision",
        "slug",
        sqlite_where=text("gone_at = 0"),
        postgresql_where=text("gone_at = 0"),
    ),
)

# memory_mb is what the tenant's limits promise: the capacity is reserved by this row.
cabins = Table(
    "cabins",
    metadata,
    Column("id", word(8), primary_key=True),
    Column("number", Integer, nullable=False, unique=True),
    Column("slot", Integer, nullable=False),
    Column("tenant", word(17), ForeignKey("tenants.id"), nullable=False),
    Column("state", word(8), nullable=False),
    Column("disk_mb", Integer, nullable=False),
    Column("sealed_token", LargeBinary, nullable=False),
    Column("token_sha256", word(64), nullable=False),
    Column("sealed_broker_key", LargeBinary, nullable=False),
    Column("broker_key_sha256", word(64), nullable=False),
    Column("created_at", Double, nullable=False),
    Column("memory_mb", Integer, nullable=False),
    Column("used_mb", Double),
    Column("kept_at", Double, nullable=False),
    Column("erased_at", Double, nullable=False),
    Index(
        "cabins_slot",
        "slot",
        unique=True,
        sqlite_where=text("state = 'assigned'"),
        postgresql_where=text("state = 'assigned'"),
    ),
    Index(
        "cabins_live_tenant",
        "tenant",
        unique=True,
        sqlite_where=text("state = 'assigned'"),
        postgresql_where=text("state = 'assigned'"),
    ),
    Index("cabins_token", "token_sha256"),
)

secrets = Table(
    "secrets",
    metadata,
    Column("tenant", word(17), ForeignKey("tenants.id"), primary_key=True),
    Column("name", word(128), primary_key=True),
    Column("kind", word(4), nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("updated_at", Double, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)

providers = Table(
    "providers",
    metadata,
    Column("name", word(64), primary_key=True),
    Column("kind", word(16), nullable=False),
    Column("base_url", Text, nullable=False),
    Column("prices", JSON, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("sealed_key", LargeBinary, nullable=False),
)

failures = Table(
    "failures",
    metadata,
    Column("cabin", word(8), primary_key=True),
    Column("at", Double, primary_key=True),
    Column("kind", word(16), primary_key=True),
    Column("role", word(40), primary_key=True, server_default="agent"),
    Column("began_at", Double, nullable=False),
    Column("detail", Text, nullable=False),
    Column("retry_after", Double, nullable=False, server_default="0"),
)

status = Table(
    "status",
    metadata,
    Column("tenant", word(17), ForeignKey("tenants.id"), primary_key=True),
    Column("phase", word(16), nullable=False),
    Column("since", Double, nullable=False),
    Column("reason", Text, nullable=False),
    Column("waiting", JSON, nullable=False),
    Column("applied_generation", Integer, nullable=False),
    Column("running_revision", Integer, nullable=False),
    Column("seen_generation", Integer, nullable=False),
    Column("blocked", Boolean, nullable=False, server_default=false()),
    Column("reached", Integer, nullable=False, server_default="0"),
)

events = Table(
    "events",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", Double, nullable=False),
    Column("kind", word(16), nullable=False),
    Column("tenant", word(17), nullable=False),
    Column("data", JSON, nullable=False),
    Index("events_tenant", "tenant", "id"),
    # Ids are never used again, also after old events were pruned: clients resume by them.
    sqlite_autoincrement=True,
)

# A roll-out; finished_at: 0 while it goes on, and there is one for a blueprint then. everybody:
# it moves all of the blueprint.
deployments = Table(
    "deployments",
    metadata,
    Column("id", word(17), primary_key=True),
    Column("blueprint", word(64), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("canary", word(16), nullable=False),
    Column("created_at", Double, nullable=False),
    Column("previous", Integer, nullable=False, server_default="0"),
    Column("everybody", Boolean, nullable=False, server_default=false()),
    Column("stage", word(8), nullable=False, server_default="all"),
    Column("state", word(16), nullable=False, server_default="done"),
    Column("stopping", Boolean, nullable=False, server_default=false()),
    Column("reason", Text, nullable=False, server_default=""),
    Column("log", JSON, nullable=False, server_default="[]"),
    Column("finished_at", Double, nullable=False, server_default="0"),
    Index(
        "deployments_going_on",
        "blueprint",
        unique=True,
        sqlite_where=text("finished_at = 0"),
        postgresql_where=text("finished_at = 0"),
    ),
)

# place: in which order they go.
deployment_tenants = Table(
    "deployment_tenants",
    metadata,
    Column("deployment", word(17), ForeignKey("deployments.id"), primary_key=True),
    Column("tenant", word(17), ForeignKey("tenants.id"), primary_key=True),
    Column("place", Integer, nullable=False),
    Column("slug", word(40), nullable=False),
    Column("before", Integer, nullable=False),
    Column("canary", Boolean, nullable=False),
    Column("state", word(16), nullable=False),
    Column("since", Double, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("ailing", Boolean, nullable=False),
    Column("turn_at", Double, nullable=False),
    Column("back", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("note", Text, nullable=False),
)

# A copy of a cabin's disks, by the name that it has beside them. It counts as promised, whatever
# its state, until the row goes.
copies = Table(
    "copies",
    metadata,
    Column("id", word(17), primary_key=True),
    Column("cabin", word(8), ForeignKey("cabins.id"), nullable=False),
    Column("tenant", word(17), ForeignKey("tenants.id"), nullable=False),
    Column("deployment", word(17), ForeignKey("deployments.id"), nullable=False),
    Column("size_mb", Integer, nullable=False),
    Column("state", word(8), nullable=False),
    Column("kept_at", Double, nullable=False),
    Index("copies_cabin", "cabin"),
)

capacity = Table(
    "capacity",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("memory_mb", BigInteger, nullable=False),
    Column("disk_mb", BigInteger, nullable=False),
    Column("slots", Integer, nullable=False),
)

# answer: what the first call was answered, so that the same call is answered the same.
idempotency = Table(
    "idempotency",
    metadata,
    Column("caller", word(64), primary_key=True),
    Column("key", word(255), primary_key=True),
    Column("body_sha256", word(64), nullable=False),
    Column("answer", JSON, nullable=False),
    Column("created_at", Double, nullable=False),
)

tickets = Table(
    "tickets",
    metadata,
    Column("jti", word(64), primary_key=True),
    Column("expires", Double, nullable=False),
)

# Of the console: what signs a browser in once, and the browsers that are. admin_mark: of the admin
# key that it was signed in under; another key ends it.
session_links = Table(
    "session_links",
    metadata,
    Column("code_sha256", word(64), primary_key=True),
    Column("expires_at", Double, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_sha256", word(64), primary_key=True),
    Column("admin_mark", word(64), nullable=False),
    Column("expires_at", Double, nullable=False),
)

# One row, or none. sealed_former: the secret before the last rotation, good until former_until.
webhook = Table(
    "webhook",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("url", Text, nullable=False),
    Column("events", JSON, nullable=False),
    Column("sealed_secret", LargeBinary, nullable=False),
    Column("sealed_former", LargeBinary, nullable=False),
    Column("former_until", Double, nullable=False),
    Column("last_at", Double, nullable=False),
    Column("last_status", Integer, nullable=False),
    Column("last_detail", Text, nullable=False),
)

# What the webhook's receiver has not taken yet. tenant: "" for a test. dead_at: given up then.
webhook_outbox = Table(
    "webhook_outbox",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("message", word(40), nullable=False),
    Column("tenant", word(17), nullable=False),
    Column("body", JSON, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Double, nullable=False),
    Column("dead_at", Double, nullable=False),
    Index("webhook_outbox_tenant", "tenant", "id"),
    # In order is by id: one that is used again could stand before an older one.
    sqlite_autoincrement=True,
)
