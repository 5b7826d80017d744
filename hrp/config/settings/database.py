"""The database connection. A process connects as the application role unless it was started as the owner.

``hrp.config.postgres`` writes the two addresses into ``HRP_HOME/db/``; the owner's is read only by the commands that
migrate. With neither file nor variable present (``make check``) a placeholder is used that connects nowhere.
"""

import os

from psycopg.conninfo import conninfo_to_dict

from hrp.config.settings.paths import HRP_HOME

DATABASE_ROLE = os.environ.get("HRP_DB_ROLE", "app")
ON_REQUEST = 2**31 - 1  # no statement is seen that often, so none is prepared by itself
NOWHERE = "postgresql://nobody:nothing@127.0.0.1:1/none"
_GIVEN = {"owner": "HRP_DATABASE_URL", "app": "HRP_APP_DATABASE_URL"}


def _address(role: str) -> str:
    """The address in the environment, or the one written at the last start."""
    given = os.environ.get(_GIVEN[role])
    if given:
        return given
    file = HRP_HOME / "db" / f"{role}.url"
    return file.read_text().strip() if file.exists() else NOWHERE


def connection_settings(address: str) -> dict[str, object]:
    """Django's form of a libpq address (URL or key=value); what Django has no name for is passed on as an option."""
    parts = conninfo_to_dict(address)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname", ""),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": parts.pop("port", ""),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
        # Django switches preparing off altogether; the statements of hrp.platform.base.sql ask for it one by one.
        "OPTIONS": {**parts, "application_name": f"hrp-{DATABASE_ROLE}", "prepare_threshold": ON_REQUEST},
    }


DATABASES = {"default": connection_settings(_address(DATABASE_ROLE))}
