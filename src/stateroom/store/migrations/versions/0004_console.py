"""The console: one-time links, sessions, the webhook with what it still has to say, and an index
by which tenants are listed."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def word(length: int) -> sa.types.TypeEngine[str]:
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "session_links",
        sa.Column("code_sha256", word(64), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("code_sha256"),
    )
    op.create_table(
        "sessions",
        sa.Column("token_sha256", word(64), nullable=False),
        sa.Column("admin_mark", word(64), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("token_sha256"),
    )
    op.create_table(
        "webhook",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("events", sa.JSON(), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_former", sa.LargeBinary(), nullable=False),
        sa.Column("former_until", sa.Double(), nullable=False),
        sa.Column("last_at", sa.Double(), nullable=False),
        sa.Column("last_status", sa.Integer(), nullable=False),
        sa.Column("last_detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "webhook_outbox",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("message", word(40), nullable=False),
        sa.Column("tenant", word(17), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.Double(), nullable=False),
        sa.Column("dead_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("webhook_outbox_tenant", "webhook_outbox", ["tenant", "id"], unique=False)
    op.create_index(
        "tenants_live_blueprint",
        "tenants",
        ["blueprint", "revision", "slug"],
        unique=False,
        sqlite_where=sa.text("gone_at = 0"),
        postgresql_where=sa.text("gone_at = 0"),
    )
