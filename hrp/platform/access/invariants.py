"""What must hold of users, roles and grants whoever wrote them."""

from __future__ import annotations

from hrp.platform.access.models import RolePermission
from hrp.platform.access.permissions import registry
from hrp.platform.base.health import Invariant, Rows, register


def undeclared_permissions() -> Rows:
    """Permissions of roles that no module declares: a module was removed, or a code renamed without its roles."""
    rows = RolePermission.objects.exclude(code__in=[p.code for p in registry]).values("role__code", "code")
    return [dict(row) for row in rows.order_by("role__code", "code")]


def register_all() -> None:
    register(
        Invariant(
            id="access.one_duty",
            module="access",
            title="三员分立：任何用户只担任一种职责的角色",
            sql="""
                SELECT g.user_id, array_agg(DISTINCT r.duty) AS duties
                FROM access_role_grant g JOIN access_role r ON r.id = g.role_id JOIN access_user u ON u.id = g.user_id
                GROUP BY g.user_id, u.duty
                HAVING count(DISTINCT r.duty) > 1 OR min(r.duty) <> u.duty
            """,
        )
    )
    register(
        Invariant(
            id="access.permission_of_its_duty",
            module="access",
            title="三员分立：角色只含本职责的权限",
            sql="""
                SELECT p.role_id, p.code, r.duty
                FROM access_role_permission p JOIN access_role r ON r.id = p.role_id
                WHERE r.duty <> CASE WHEN split_part(p.code, '.', 1) IN ('system', 'security', 'audit')
                                     THEN split_part(p.code, '.', 1) ELSE 'business' END
            """,
        )
    )
    register(
        Invariant(
            id="access.permissions_declared",
            module="access",
            title="角色中的每个权限都已登记",
            check=undeclared_permissions,
        )
    )
    register(
        Invariant(
            id="access.machines_cannot_sign_in",
            module="access",
            title="系统任务用户没有密码、没有会话",
            sql="""
                SELECT u.id, u.username FROM access_user u
                WHERE u.is_machine AND (u.password NOT LIKE '!%'
                    OR EXISTS (SELECT FROM access_user_session s WHERE s.user_id = u.id))
            """,
        )
    )
