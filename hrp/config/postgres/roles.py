"""Two roles: ``hrp_owner`` owns the database and migrates; ``hrp_app`` serves, and owns nothing.

The application role may read and write ordinary tables, and may only insert into append-only ones.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

from hrp.config.postgres.refusal import StartRefused

OWNER, APP = "hrp_owner", "hrp_app"


def with_login(url: str, *, user: str, password: str, database: str = "") -> str:
    """The same server under another login."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    netloc = f"{quote(user)}:{quote(password)}@{parts.hostname}{port}"
    return urlunsplit(("postgresql", netloc, f"/{database}" if database else parts.path, "", ""))


def _password(file: Path) -> str:
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(24))
    return file.read_text().strip()


def _ensure_role(connection: psycopg.Connection, role: str, password: str) -> None:
    exists = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    verb = "ALTER" if exists else "CREATE"
    connection.execute(
        sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(
            sql.SQL(verb), sql.Identifier(role), sql.Literal(password)
        )
    )


def prepare_embedded(admin_url: str, secrets_dir: Path, *, database: str = "hrp") -> tuple[str, str]:
    """Roles and database on our own server. Returns the addresses of owner and application role."""
    owner_password, app_password = (_password(secrets_dir / f"{role}.password") for role in (OWNER, APP))
    with psycopg.connect(admin_url, autocommit=True) as connection:
        _ensure_role(connection, OWNER, owner_password)
        _ensure_role(connection, APP, app_password)
        connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(OWNER)))
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone():
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(database), sql.Identifier(OWNER))
            )
    owner = with_login(admin_url, user=OWNER, password=owner_password, database=database)
    return owner, with_login(admin_url, user=APP, password=app_password, database=database)


def prepare_external(owner_url: str, secrets_dir: Path, app_url: str = "") -> tuple[str, str]:
    """The application role on a given server; created there when the owner may, else refused with the SQL."""
    if app_url:
        return owner_url, app_url
    password = _password(secrets_dir / f"{APP}.password")
    try:
        with psycopg.connect(owner_url, autocommit=True, connect_timeout=5) as connection:
            _ensure_role(connection, APP, password)
    except psycopg.errors.InsufficientPrivilege:
        raise StartRefused(
            "HRP_DATABASE_URL 的用户无权建立应用角色",
            f"请数据库管理员执行：CREATE ROLE {APP} LOGIN PASSWORD '…'; 然后设置 HRP_APP_DATABASE_URL。",
        ) from None
    except psycopg.OperationalError as error:
        raise StartRefused(
            f"连不上 HRP_DATABASE_URL：{str(error).strip()}", "请检查地址、用户、口令与 pg_hba.conf。"
        ) from None
    return owner_url, with_login(owner_url, user=APP, password=password)


def grant(owner_url: str, *, append_only: list[str], role: str = APP) -> None:
    """Give the application role what it needs after a migration, and take from it what would change facts."""
    name = sql.Identifier(role)
    with psycopg.connect(owner_url) as connection:
        for statement in (
            "GRANT USAGE ON SCHEMA public TO {}",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}",
            "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {}",
            "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {}",
            "REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {}",
        ):
            connection.execute(sql.SQL(statement).format(name))
        for table in append_only:
            connection.execute(
                sql.SQL("REVOKE UPDATE, DELETE, TRUNCATE ON {} FROM {}").format(sql.Identifier(table), name)
            )
