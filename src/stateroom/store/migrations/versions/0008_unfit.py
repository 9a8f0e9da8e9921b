"""Why an image that is here cannot run, for a revision whose tenants wait for another one."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("revisions", sa.Column("unfit", sa.Text(), nullable=False, server_default=""))
