"""Registers of access."""

from hrp.platform.access.models.grants import Role, RoleGrant, RolePermission
from hrp.platform.access.models.keys import ApiKey
from hrp.platform.access.models.sessions import UserSession
from hrp.platform.access.models.users import Duty, PasswordHistory, User

__all__ = [
    "ApiKey",
    "Duty",
    "PasswordHistory",
    "Role",
    "RoleGrant",
    "RolePermission",
    "User",
    "UserSession",
]
