"""Migrations, oldest first. HEAD names the newest, so that a start that finds it in the database
need not load Alembic (10 MiB that the api would keep for life)."""

HEAD = "0008"
