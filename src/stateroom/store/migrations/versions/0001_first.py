"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def word(length: int) -> sa.types.TypeEngine[str]:
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "blueprints",
        sa.Column("name", word(64), nullable=False),
        sa.Column("deployed", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "capacity",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("memory_mb", sa.BigInteger(), nullable=False),
        sa.Column("disk_mb", sa.BigInteger(), nullable=False),
        sa.Column("slots", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "counters",
        sa.Column("name", word(32), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "deployments",
        sa.Column("id", word(17), nullable=False),
        sa.Column("blueprint", word(64), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("canary", word(16), nullable=False),
        sa.Column("tenants", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "events",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("kind", word(16), nullable=False),
        sa.Column("tenant", word(17), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("events_tenant", "events", ["tenant", "id"], unique=False)
    op.create_table(
        "failures",
        sa.Column("cabin", word(8), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("kind", word(16), nullable=False),
        sa.Column("began_at", sa.Double(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("cabin", "at", "kind"),
    )
    op.create_table(
        "idempotency",
        sa.Column("caller", word(64), nullable=False),
        sa.Column("key", word(255), nullable=False),
        sa.Column("body_sha256", word(64), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("caller", "key"),
    )
    op.create_table(
        "providers",
        sa.Column("name", word(64), nullable=False),
        sa.Column("kind", word(16), nullable=False),
        sa.Column("base_url", sa.Text(), nullable=False),
        sa.Column("prices", sa.JSON(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "tickets",
        sa.Column("jti", word(64), nullable=False),
        sa.Column("expires", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("jti"),
    )
    op.create_table(
        "revisions",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("blueprint", word(64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("layout", sa.JSON(), nullable=False),
        sa.Column("digest", word(64), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("images", sa.JSON(), nullable=False),
        sa.Column("pinned", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["blueprint"],
            ["blueprints.name"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("blueprint", "number", name="revisions_number"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "tenants",
        sa.Column("id", word(17), nullable=False),
        sa.Column("slug", word(40), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("blueprint", word(64), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("own_values", sa.JSON(), nullable=False),
        sa.Column("own_limits", sa.JSON(), nullable=False),
        sa.Column("own_variables", sa.JSON(), nullable=False),
        sa.Column("suspended", sa.Boolean(), nullable=False),
        sa.Column("safe_mode", sa.Boolean(), nullable=False),
        sa.Column("restart_at", sa.Double(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.Double(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("deleting", word(5), nullable=False),
        sa.Column("gone_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["blueprint", "revision"],
            ["revisions.blueprint", "revisions.number"],
            name="tenants_revision",
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "tenants_live_slug",
        "tenants",
        ["slug"],
        unique=True,
        sqlite_where=sa.text("gone_at = 0"),
        postgresql_where=sa.text("gone_at = 0"),
    )
    op.create_table(
        "cabins",
        sa.Column("id", word(8), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("tenant", word(17), nullable=False),
        sa.Column("state", word(8), nullable=False),
        sa.Column("disk_mb", sa.Integer(), nullable=False),
        sa.Column("sealed_token", sa.LargeBinary(), nullable=False),
        sa.Column("token_sha256", word(64), nullable=False),
        sa.Column("sealed_broker_key", sa.LargeBinary(), nullable=False),
        sa.Column("broker_key_sha256", word(64), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("memory_mb", sa.Integer(), nullable=False),
        sa.Column("used_mb", sa.Double(), nullable=True),
        sa.Column("kept_at", sa.Double(), nullable=False),
        sa.Column("erased_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant"],
            ["tenants.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("number"),
    )
    op.create_index(
        "cabins_live_tenant",
        "cabins",
        ["tenant"],
        unique=True,
        sqlite_where=sa.text("state = 'assigned'"),
        postgresql_where=sa.text("state = 'assigned'"),
    )
    op.create_index(
        "cabins_slot",
        "cabins",
        ["slot"],
        unique=True,
        sqlite_where=sa.text("state = 'assigned'"),
        postgresql_where=sa.text("state = 'assigned'"),
    )
    op.create_index("cabins_token", "cabins", ["token_sha256"], unique=False)
    op.create_table(
        "secrets",
        sa.Column("tenant", word(17), nullable=False),
        sa.Column("name", word(128), nullable=False),
        sa.Column("kind", word(4), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant"],
            ["tenants.id"],
        ),
        sa.PrimaryKeyConstraint("tenant", "name"),
    )
    op.create_table(
        "status",
        sa.Column("tenant", word(17), nullable=False),
        sa.Column("phase", word(16), nullable=False),
        sa.Column("since", sa.Double(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("waiting", sa.JSON(), nullable=False),
        sa.Column("applied_generation", sa.Integer(), nullable=False),
        sa.Column("running_revision", sa.Integer(), nullable=False),
        sa.Column("seen_generation", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant"],
            ["tenants.id"],
        ),
        sa.PrimaryKeyConstraint("tenant"),
    )
