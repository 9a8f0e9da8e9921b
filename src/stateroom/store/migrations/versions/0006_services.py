"""A failure says of whom it is: the agent's runtime, or a service beside it."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    word = sa.String(40).with_variant(sa.String(40, collation="C"), "postgresql")
    column: sa.Column[str] = sa.Column("role", word, nullable=False, server_default="agent")
    op.add_column("failures", column)
