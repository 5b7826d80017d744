"""The database connection. A process connects as the application role unless it was started as the owner.

``hrp.config.postgres`` writes the two addresses into ``HRP_HOME/db/``; the owner's is read only by the commands that
migrate. With neither file nor variable present (``make check``) a placeholder is used that connects nowhere.
"""

import os
from urllib.parse import unquote, urlsplit

from hrp.config.settings.paths import HRP_HOME

DATABASE_ROLE = os.environ.get("HRP_DB_ROLE", "app")


def _address(role: str) -> str:
    given = os.environ.get(f"HRP_{role.upper()}_DATABASE_URL")
    if given:
        return given
    file = HRP_HOME / "db" / f"{role}.url"
    if file.exists():
        return file.read_text().strip()
    return "postgresql://nobody:nothing@127.0.0.1:1/none"


def connection_settings(url: str) -> dict[str, object]:
    parts = urlsplit(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": parts.port or "",
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
        "OPTIONS": {"application_name": f"hrp-{DATABASE_ROLE}"},
    }


DATABASES = {"default": connection_settings(_address(DATABASE_ROLE))}
