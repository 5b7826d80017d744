"""What the application role may do, given anew after every migration.

Everything on rows, nothing on append-only facts but to add them, and nothing on the schema.
"""

from __future__ import annotations

import psycopg
from psycopg import sql

NEVER_WRITTEN = ["django_migrations"]


def grant(connection: psycopg.Connection, application: str, append_only: list[str]) -> None:
    """Run as the owner, in its transaction. ``append_only`` are table names; their partitions are included."""
    app = sql.Identifier(application)
    for statement in (
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        "GRANT USAGE ON SCHEMA public TO {app}",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {app}",
        "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {app}",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {app}",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {app}",
    ):
        connection.execute(sql.SQL(statement).format(app=app))
    _revoke(connection, app, "UPDATE, DELETE, TRUNCATE", _with_partitions(connection, append_only))
    _revoke(connection, app, "INSERT, UPDATE, DELETE, TRUNCATE", NEVER_WRITTEN)


def _revoke(connection: psycopg.Connection, app: sql.Identifier, powers: str, tables: list[str]) -> None:
    if tables:
        connection.execute(
            sql.SQL("REVOKE {powers} ON {tables} FROM {app}").format(
                powers=sql.SQL(powers), tables=sql.SQL(", ").join(map(sql.Identifier, tables)), app=app
            )
        )


def _with_partitions(connection: psycopg.Connection, tables: list[str]) -> list[str]:
    rows = connection.execute(
        """
        WITH RECURSIVE family AS (
            SELECT c.oid, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND c.relname = ANY(%s)
            UNION SELECT c.oid, c.relname FROM family f
              JOIN pg_inherits i ON i.inhparent = f.oid JOIN pg_class c ON c.oid = i.inhrelid
        ) SELECT relname FROM family ORDER BY relname
        """,
        [tables],
    ).fetchall()
    return [row[0] for row in rows]
