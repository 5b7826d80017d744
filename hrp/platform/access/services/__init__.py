"""Verbs of access."""

from hrp.platform.access.services.install import administrator_role, create_administrators
from hrp.platform.access.services.keys import create_key, revoke_key, user_of
from hrp.platform.access.services.machines import system_actor
from hrp.platform.access.services.passwords import change_password, is_password_due, reset_password
from hrp.platform.access.services.roles import (
    create_role,
    grant,
    require_second_factor,
    revoke,
    set_role_permissions,
)
from hrp.platform.access.services.users import (
    change_duty,
    create_user,
    disable_user,
    edit_user,
    enable_user,
    keep_preference,
    lock_user,
    reset_second_factor,
    unlock_user,
)

__all__ = [
    "administrator_role",
    "change_duty",
    "change_password",
    "create_administrators",
    "create_key",
    "create_role",
    "create_user",
    "disable_user",
    "edit_user",
    "enable_user",
    "grant",
    "is_password_due",
    "keep_preference",
    "lock_user",
    "require_second_factor",
    "reset_password",
    "reset_second_factor",
    "revoke",
    "revoke_key",
    "set_role_permissions",
    "system_actor",
    "unlock_user",
    "user_of",
]
