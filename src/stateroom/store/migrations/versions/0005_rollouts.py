"""Roll-outs: a deployment has stages and an end, a row for each tenant, and copies of disks."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def word(length: int) -> sa.types.TypeEngine[str]:
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("status", _counted("reached"))
    for column in _of_a_deployment():
        op.add_column("deployments", column)
    op.create_table(
        "deployment_tenants",
        sa.Column("deployment", word(17), nullable=False),
        sa.Column("tenant", word(17), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("slug", word(40), nullable=False),
        sa.Column("before", sa.Integer(), nullable=False),
        sa.Column("canary", sa.Boolean(), nullable=False),
        sa.Column("state", word(16), nullable=False),
        sa.Column("since", sa.Double(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("ailing", sa.Boolean(), nullable=False),
        sa.Column("turn_at", sa.Double(), nullable=False),
        sa.Column("back", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["deployment"], ["deployments.id"]),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.id"]),
        sa.PrimaryKeyConstraint("deployment", "tenant"),
    )
    _end_what_was()
    op.drop_column("deployments", "tenants")
    op.create_index(
        "deployments_going_on",
        "deployments",
        ["blueprint"],
        unique=True,
        sqlite_where=sa.text("finished_at = 0"),
        postgresql_where=sa.text("finished_at = 0"),
    )
    op.create_table(
        "copies",
        sa.Column("id", word(17), nullable=False),
        sa.Column("cabin", word(8), nullable=False),
        sa.Column("tenant", word(17), nullable=False),
        sa.Column("deployment", word(17), nullable=False),
        sa.Column("size_mb", sa.Integer(), nullable=False),
        sa.Column("state", word(8), nullable=False),
        sa.Column("kept_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["cabin"], ["cabins.id"]),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.id"]),
        sa.ForeignKeyConstraint(["deployment"], ["deployments.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("copies_cabin", "copies", ["cabin"], unique=False)


def _counted(name: str) -> "sa.Column[int]":
    return sa.Column(name, sa.Integer(), nullable=False, server_default="0")


def _of_a_deployment() -> "tuple[sa.Column[object], ...]":
    return (
        sa.Column("previous", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("everybody", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("stage", word(8), nullable=False, server_default="all"),
        sa.Column("state", word(16), nullable=False, server_default="done"),
        sa.Column("stopping", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("reason", sa.Text(), nullable=False, server_default=""),
        sa.Column("log", sa.JSON(), nullable=False, server_default="[]"),
        sa.Column("finished_at", sa.Double(), nullable=False, server_default="0"),
    )


def _end_what_was() -> None:
    """Deployments from before moved everybody at once and kept no progress."""
    connection = op.get_bind()
    connection.execute(sa.text("UPDATE deployments SET finished_at = created_at"))
    rows = connection.execute(
        sa.text("SELECT id, revision, tenants, created_at FROM deployments")
    ).fetchall()
    insert = sa.text(
        "INSERT INTO deployment_tenants (deployment, tenant, place, slug, before, canary, state,"
        " since, generation, ailing, turn_at, back, reason, note) VALUES (:deployment, :tenant,"
        " :place, :slug, :before, :no, 'done', :at, 0, :no, 0, :no, '', '')"
    )
    for id_, number, tenants, at in rows:
        pairs = json.loads(tenants) if isinstance(tenants, str) else tenants
        for place, (tenant, slug) in enumerate(pairs):
            connection.execute(
                insert,
                {
                    "deployment": id_, "tenant": tenant, "place": place, "slug": slug,
                    "before": number, "no": False, "at": at,
                },
            )  # fmt: skip
