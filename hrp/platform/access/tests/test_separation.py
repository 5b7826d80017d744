"""三员分立: no statement, however written, gives one user two duties or a role another duty's permission."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from hrp.platform.access import permissions, scope, services
from hrp.platform.access.invariants import undeclared_permissions
from hrp.platform.access.models import Role, RoleGrant, RolePermission, User
from hrp.platform.access.tests.people import allow, person
from hrp.platform.base import health
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid
from hrp.platform.org.tests.places import unit

pytestmark = pytest.mark.django_db
DUTIES = ("business", "system", "security", "audit")


def raw(sql: str, *params: object) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, params)


def role_of(duty: str) -> Role:
    return Role.objects.create(code=f"{duty}_role", title=duty, duty=duty)


@pytest.mark.parametrize("duty", DUTIES)
def test_raw_sql_cannot_grant_a_role_of_another_duty(duty):
    user = User.objects.create_user("somebody", duty=duty)
    insert = (
        "INSERT INTO access_role_grant (user_id, role_id, duty, include_children, tree, valid_from, granted_at)"
        " VALUES (%s, %s, %s, true, 'admin', '2025-01-01', now())"
    )
    for other in DUTIES:
        role = role_of(other)
        for claimed in ("", duty, other):
            if other == duty:
                continue
            with pytest.raises(IntegrityError):
                raw(insert + "; SET CONSTRAINTS ALL IMMEDIATE", user.pk, role.pk, claimed)
    raw(insert, user.pk, Role.objects.get(duty=duty).pk, "")
    assert RoleGrant.objects.get(user=user).duty == duty


def test_raw_sql_cannot_change_a_duty_under_a_grant():
    user = person("system.user.edit")
    grant = RoleGrant.objects.get(user=user)
    for sql, key in (
        ("UPDATE access_user SET duty = 'security' WHERE id = %s", user.pk),
        ("UPDATE access_role SET duty = 'security' WHERE id = %s", grant.role_id),
        ("UPDATE access_role_grant SET duty = 'security' WHERE id = %s", grant.pk),
        ("UPDATE access_role_permission SET duty = 'security' WHERE role_id = %s", grant.role_id),
    ):
        with pytest.raises(IntegrityError):
            raw(sql, key)


@pytest.mark.parametrize("duty", DUTIES)
@pytest.mark.parametrize(
    "code", ["system.user.edit", "security.grant.edit", "audit.log.view", "logistics.item.view"]
)
def test_raw_sql_cannot_put_a_permission_into_a_role_of_another_duty(duty, code):
    role = role_of(duty)
    insert = "INSERT INTO access_role_permission (role_id, code, duty) VALUES (%s, %s, %s)"
    if permissions.duty_of(code) == duty:
        raw(insert, role.pk, code, "")
        return
    for claimed in ("", permissions.duty_of(code), duty):
        with pytest.raises(IntegrityError):
            raw(insert, role.pk, code, claimed)


def test_nobody_grants_to_themselves_even_by_sql():
    officer = person("security.grant.edit")
    role = RoleGrant.objects.get(user=officer).role
    with pytest.raises(Forbidden, match="自己"):
        services.grant(actor=officer, user=officer, role=role)
    with pytest.raises(IntegrityError, match="not_to_oneself"):
        raw("UPDATE access_role_grant SET granted_by_id = user_id WHERE user_id = %s", officer.pk)


def test_a_machine_can_never_be_given_a_password():
    machine = services.system_actor("nightly")
    with pytest.raises(IntegrityError, match="machine_cannot_sign_in"):
        raw("UPDATE access_user SET password = 'argon2$known' WHERE id = %s", machine.pk)
    with pytest.raises(IntegrityError, match="machine_cannot_sign_in"):
        raw("UPDATE access_user SET is_locked = false WHERE id = %s", machine.pk)


def test_the_three_administrators_hold_their_own_and_nothing_of_the_others():
    made = {user.duty: user for user, _password in services.create_administrators()}
    assert set(made) == {"system", "security", "audit"}
    for duty, user in made.items():
        held = scope.holdings(user)
        assert held, duty
        assert {permissions.duty_of(code) for code in held} == {duty}
        assert all(places is None for places in held.values())
    assert scope.has(made["system"], "system.user.edit")
    assert not scope.has(made["system"], "security.grant.edit")
    with pytest.raises(Conflict, match="已有管理员"):
        services.create_administrators()


def test_a_grant_across_duties_is_refused_in_words():
    officer = person("security.grant.edit", "security.role.edit")
    role = services.create_role(
        actor=officer, code="users", title="用户管理", codes=["system.user.edit"], duty="system"
    )
    with pytest.raises(Conflict, match="三员分立") as refusal:
        services.grant(actor=officer, user=person(), role=role)
    assert refusal.value.code == "separation_of_duties"


def test_roles_hold_declared_permissions_of_their_duty_only():
    officer = person("security.role.edit")
    with pytest.raises(Invalid) as refusal:
        services.create_role(actor=officer, code="x", title="x", codes=["no.such.code", "audit.nothing.view"])
    assert len(refusal.value.problems) == 2
    with pytest.raises(Invalid):
        services.create_role(actor=officer, code="x", title="x", codes=["system.user.edit"])
    assert not Role.objects.filter(code="x").exists()


def test_granting_and_revoking_is_seen_at_once_and_logged():
    officer, clerk, ward = person("security.grant.edit", "security.role.edit"), person(), unit("病区")
    role = services.create_role(actor=officer, code="viewer", title="查看", codes=["org.unit.view"])
    grant = services.grant(actor=officer, user=clerk, role=role, org_unit=ward)
    assert scope.units(clerk, "org.unit.view") == {ward.pk}
    with pytest.raises(Conflict, match="已有"):
        services.grant(actor=officer, user=clerk, role=role, org_unit=ward)
    services.set_role_permissions(actor=officer, role=role, codes=["org.category.edit"])
    assert not scope.has(clerk, "org.unit.view")
    assert scope.has(clerk, "org.category.edit", ward.pk)
    services.revoke(actor=officer, grant=grant, reason="调岗")
    assert not scope.has(clerk, "org.category.edit")
    acts = {"access.role.create", "access.grant.create", "access.role.set_permissions", "access.grant.revoke"}
    with connection.cursor() as cursor:
        cursor.execute("SELECT act FROM audit_action WHERE actor_id = %s", [officer.pk])
        assert {row[0] for row in cursor.fetchall()} == acts


@pytest.mark.parametrize(
    "verb",
    [
        lambda actor, user: services.create_user(actor=actor, username="new", display_name="新人"),
        lambda actor, user: services.lock_user(actor=actor, user=user, reason="离岗"),
        lambda actor, user: services.reset_password(actor=actor, user=user),
        lambda actor, user: services.change_duty(actor=actor, user=user, duty="audit"),
        lambda actor, user: services.grant(actor=actor, user=user, role=role_of("business")),
        lambda actor, user: services.create_role(actor=actor, code="x", title="x", codes=[]),
        lambda actor, user: services.reset_second_factor(actor=actor, user=user, reason="丢失"),
    ],
)
def test_every_verb_needs_its_permission(verb):
    with pytest.raises(Forbidden):
        verb(person("org.unit.view"), person())


@pytest.mark.parametrize("duty", ["security", "audit"])
def test_one_administrator_does_not_take_over_the_account_of_another(duty):
    """Who sets a password can sign in with it: the system administrator would have been all three."""
    made = {user.duty: user for user, _password in services.create_administrators()}
    before = made[duty].password
    with pytest.raises(Forbidden, match="三员分立") as refusal:
        services.reset_password(actor=made["system"], user=made[duty])
    assert f"create_admins --reset {made[duty].username}" in refusal.value.way_out
    assert User.objects.get(pk=made[duty].pk).password == before
    assert services.reset_password(actor=made["system"], user=person("logistics.item.view"))
    assert services.reset_password(actor=person("system.user.edit"), user=made["system"])


def test_an_administrator_who_lost_the_password_gets_one_on_the_server(capsys):
    services.create_administrators()
    capsys.readouterr()
    call_command("create_admins", reset="secadmin")
    password = capsys.readouterr().out.split()[-1]
    officer = User.objects.get(username="secadmin")
    assert officer.check_password(password)
    assert officer.must_change_password
    clerk = person()
    with pytest.raises(CommandError, match="没有管理员"):
        call_command("create_admins", reset=clerk.username)


def test_a_duty_changes_only_before_the_first_grant():
    admin, fresh, used = person("system.user.edit"), person(), person("org.unit.view")
    services.change_duty(actor=admin, user=fresh, duty="audit")
    assert User.objects.get(pk=fresh.pk).duty == "audit"
    with pytest.raises(Conflict, match="三员分立"):
        services.change_duty(actor=admin, user=used, duty="audit")
    assert User.objects.get(pk=used.pk).duty == "business"


def test_an_undeclared_permission_is_found_by_the_invariant_and_the_check():
    from hrp.platform.access.checks import permissions_are_declared

    assert undeclared_permissions() == []
    allow(person(), "gone.module.view")
    assert [row["code"] for row in undeclared_permissions()] == ["gone.module.view"]
    assert [message.id for message in permissions_are_declared(databases=["default"])] == ["access.W001"]
    assert permissions_are_declared(databases=None) == []


def test_the_invariants_see_what_a_superuser_could_still_break(committed_db, owner_connection):
    assert {o.id: o.state for o in health.run("access")} == {
        "access.one_duty": "ok",
        "access.permission_of_its_duty": "ok",
        "access.permissions_declared": "ok",
        "access.machines_cannot_sign_in": "ok",
    }
    user, role = User.objects.create_user("two", duty="system"), role_of("security")
    connection.close()
    owner_connection.execute("ALTER TABLE access_role_grant DROP CONSTRAINT access_role_grant_duty_of_user")
    owner_connection.commit()
    RoleGrant.objects.create(user=user, role=role)
    found = {o.id: o.rows for o in health.run("access") if o.state != "ok"}
    assert list(found) == ["access.one_duty"]
    assert found["access.one_duty"][0]["user_id"] == user.pk


@pytest.mark.parametrize("code", ["Upper.case", "nodot", "a..b", "a.b-c", ""])
def test_a_misspelt_permission_code_cannot_be_declared(code):
    with pytest.raises(ValueError, match="不合规则"):
        permissions.declare(code, "x", module="x")


def test_a_role_row_without_duty_column_takes_that_of_its_role():
    role = role_of("security")
    RolePermission.objects.create(role=role, code="security.role.view")
    assert RolePermission.objects.get(role=role).duty == "security"
