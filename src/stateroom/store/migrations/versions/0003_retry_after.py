"""A failure keeps what it said about trying again."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    column: sa.Column[float] = sa.Column(
        "retry_after", sa.Double(), nullable=False, server_default="0"
    )
    op.add_column("failures", column)
