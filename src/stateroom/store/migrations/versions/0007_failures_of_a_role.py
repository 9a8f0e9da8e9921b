"""Two programs of one cabin that end at the same moment are two failures."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_KEPT = "cabin, at, kind, role, began_at, detail, retry_after"


def word(length: int) -> sa.types.TypeEngine[str]:
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def upgrade() -> None:
    """SQLite cannot change a primary key: the table is made anew."""
    op.rename_table("failures", "failures_before")
    if op.get_bind().dialect.name == "postgresql":
        # There the key has a name of its own, which the new table's gets.
        op.execute("ALTER INDEX failures_pkey RENAME TO failures_before_pkey")
    op.create_table(
        "failures",
        sa.Column("cabin", word(8), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("kind", word(16), nullable=False),
        sa.Column("role", word(40), nullable=False, server_default="agent"),
        sa.Column("began_at", sa.Double(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("retry_after", sa.Double(), nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("cabin", "at", "kind", "role"),
    )
    op.execute(f"INSERT INTO failures ({_KEPT}) SELECT {_KEPT} FROM failures_before")  # noqa: S608
    op.drop_table("failures_before")
