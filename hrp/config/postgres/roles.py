"""Two roles: the owner, who migrates, and the application, which owns nothing.

Their addresses lie in ``HRP_HOME/db/{owner,app}.url``, readable by the owner of the data folder alone.
"""

from __future__ import annotations

import os
import secrets

import psycopg
from psycopg import conninfo, sql

from hrp.config import home as homes
from hrp.config.postgres.cluster import Cluster
from hrp.platform.base.refusals import Conflict, Invalid

OWNER = "hrp_owner"
APPLICATION = "hrp_app"
DATABASE = "hrp"
OLDEST_MAJOR = 14


def url(user: str, password: str, host: str, port: int | str, database: str) -> str:
    return f"postgresql://{user}:{password}@{host}:{port}/{database}"


def prepare_embedded(cluster: Cluster, database: str = DATABASE) -> None:
    """Make the roles and the database in our own cluster and write down their addresses. Repeatable."""
    owner, app = _kept_password(cluster.home, "owner"), _kept_password(cluster.home, "app")
    with psycopg.connect(cluster.address(), autocommit=True) as connection:
        _ensure_role(connection, OWNER, owner, "CREATEDB")
        _ensure_role(connection, APPLICATION, app, "NOCREATEDB")
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone():
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(database), sql.Identifier(OWNER))
            )
    for role, name, password in (("owner", OWNER, owner), ("app", APPLICATION, app)):
        _write_address(cluster.home, role, url(name, password, "127.0.0.1", cluster.port, database))


def _kept_password(home: homes.Home, role: str) -> str:
    file = home.addresses / f"{role}.password"
    if not file.exists():
        homes.write_private(file, secrets.token_urlsafe(24))
    return file.read_text().strip()


def _write_address(home: homes.Home, role: str, address: str) -> None:
    file = home.addresses / f"{role}.url"
    if not file.exists() or file.read_text() != address:
        homes.write_private(file, address)


def _ensure_role(connection: psycopg.Connection, name: str, password: str, powers: str) -> None:
    known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone()
    connection.execute(
        sql.SQL("{} ROLE {} LOGIN NOSUPERUSER NOCREATEROLE {} PASSWORD {}").format(
            sql.SQL("ALTER" if known else "CREATE"),
            sql.Identifier(name),
            sql.SQL(powers),
            sql.Literal(password),
        )
    )


def prepare_external(home: homes.Home, owner_url: str) -> None:
    """Use the hospital's own PostgreSQL. ``owner_url`` may create tables; the application role is made when it may."""
    with _connect(owner_url, "HRP_DATABASE_URL") as connection:
        _check_server(connection)
        given = os.environ.get("HRP_APP_DATABASE_URL")
        app_url = given or _application_role(home, connection, owner_url)
    with _connect(app_url, "HRP_APP_DATABASE_URL") as connection:
        _check_application(connection)
    _write_address(home, "owner", owner_url)
    _write_address(home, "app", app_url)


def _connect(address: str, variable: str) -> psycopg.Connection:
    try:
        conninfo.conninfo_to_dict(address)
    except psycopg.ProgrammingError as error:
        raise Invalid(
            f"{variable} 的格式不对：{str(error).strip()}",
            way_out="应为 postgresql://用户:密码@主机:端口/数据库名；密码中的特殊字符须按百分号编码。",
        ) from error
    try:
        return psycopg.connect(address, autocommit=True, connect_timeout=10)
    except psycopg.OperationalError as error:
        raise Conflict(
            f"用 {variable} 连接不上数据库：{str(error).strip()}",
            way_out="请核对主机、端口、用户、密码与 pg_hba.conf；数据库须事先建好（UTF8 编码）。",
            code="database_unreachable",
        ) from error


def _check_server(connection: psycopg.Connection) -> None:
    version = connection.info.server_version // 10000
    if version < OLDEST_MAJOR:
        raise Conflict(
            f"数据库是 PostgreSQL {version}，需要 {OLDEST_MAJOR} 或更高版本。",
            way_out="请升级 PostgreSQL，或去掉 HRP_DATABASE_URL 使用内置的数据库。",
            code="postgres_too_old",
        )
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise Conflict(
            f"数据库编码是 {encoding}，需要 UTF8。",
            way_out="请新建：CREATE DATABASE hrp ENCODING 'UTF8' TEMPLATE template0;",
            code="database_encoding",
        )


def _check_application(connection: psycopg.Connection) -> None:
    """The application role must own nothing: an owner can drop the triggers that keep posted facts."""
    row = connection.execute(
        "SELECT rolsuper, EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = 'public' AND c.relowner = r.oid), current_user"
        " FROM pg_roles r WHERE rolname = current_user"
    ).fetchone()
    if row is None or row[0] or row[1]:
        raise Conflict(
            "应用账号是超级用户或拥有数据表，已过账的数据将失去保护。",
            way_out="请为 HRP_APP_DATABASE_URL 另建一个普通账号（不拥有任何表）：CREATE ROLE hrp_app LOGIN PASSWORD '…';",
            code="application_role_too_strong",
        )


def _application_role(home: homes.Home, connection: psycopg.Connection, owner_url: str) -> str:
    """Make (or find again) the application role next to the owner, named after the database."""
    database, name = connection.info.dbname, f"{connection.info.dbname}_app"
    password = _kept_password(home, "app")
    row = connection.execute(
        "SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user"
    ).fetchone()
    if row is None or not row[0]:
        raise Conflict(
            f"账号 {connection.info.user} 没有建立账号的权限，无法建立应用账号 {name}。",
            way_out="请数据库管理员执行："
            f"CREATE ROLE {name} LOGIN PASSWORD '自定密码'; GRANT CONNECT ON DATABASE \"{database}\" TO {name};"
            f" 然后设置 HRP_APP_DATABASE_URL=postgresql://{name}:自定密码@{connection.info.host}:{connection.info.port}/{database} 再启动。",
            code="application_role_missing",
        )
    _ensure_role(connection, name, password, "NOCREATEDB")
    parts = conninfo.conninfo_to_dict(owner_url)
    parts.update(user=name, password=password)
    return conninfo.make_conninfo("", **parts)
