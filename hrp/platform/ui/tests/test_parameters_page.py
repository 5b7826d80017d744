"""业务参数: seen with its source, set from a day on, verified by another."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from hrp.platform.access.models import User
from hrp.platform.access.tests.people import person
from hrp.platform.audit.models import ActionLog
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid
from hrp.platform.org import parameters
from hrp.platform.org.models import Parameter
from hrp.platform.org.services.parameters import set_parameter, verify_parameter

pytestmark = pytest.mark.django_db
SPEC = parameters.Spec(
    key="test.least_life", title="入库最短剩余效期", kind="decimal", default=Decimal("0.6667"), source="院内默认",
    least=0, most=1,
)  # fmt: skip


@pytest.fixture(autouse=True)
def _spec(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(parameters.registry._things, SPEC.key, SPEC)


@pytest.fixture
def admin() -> User:
    return person("system.parameter.edit", name="系统员甲")


@pytest.fixture
def head() -> User:
    return person("org.parameter.verify", name="科长乙")


def put(
    actor: User, value: str = "0.5", day: dt.date | None = None, source: str = "物资管理办法"
) -> Parameter:
    return set_parameter(
        actor=actor, key=SPEC.key, value=value, valid_from=day or clock.today(), source=source
    )


def test_a_value_is_set_verified_by_another_and_then_stands(admin: User, head: User) -> None:
    row = put(admin)
    assert parameters.held(SPEC.key, clock.today()) == parameters.Held(
        Decimal("0.5"), "物资管理办法", False, clock.today()
    )
    verify_parameter(actor=head, pk=row.pk)
    assert parameters.held(SPEC.key, clock.today()).verified
    with pytest.raises(Conflict) as refused:
        put(admin, "0.75")
    assert refused.value.code == "verified"
    put(admin, "0.75", clock.today() + dt.timedelta(days=1))
    assert parameters.value(SPEC.key, clock.today()) == Decimal("0.5")
    assert list(ActionLog.objects.filter(target__startswith="org.parameter:").values_list("act", flat=True).order_by("pk")) == [
        "system.parameter.set", "org.parameter.verify", "system.parameter.set",
    ]  # fmt: skip


def test_a_value_nobody_verified_may_be_corrected(admin: User) -> None:
    assert put(admin).pk == put(admin, "0.6").pk
    assert parameters.value(SPEC.key, clock.today()) == Decimal("0.6")


def test_nobody_verifies_their_own(admin: User) -> None:
    row = put(admin)
    same = person("org.parameter.verify", name=admin.display_name)
    with pytest.raises(Conflict) as refused:
        verify_parameter(actor=same, pk=row.pk)
    assert refused.value.code == "same_person"


def test_the_past_is_not_set_and_wrong_values_are_not_taken(admin: User, head: User) -> None:
    for bad in (
        {"day": clock.today() - dt.timedelta(days=1)},
        {"value": "2"},
        {"value": ""},
        {"source": " "},
    ):
        with pytest.raises(Invalid):
            put(admin, **bad)
    with pytest.raises(Forbidden):
        put(head)
    with pytest.raises(Forbidden):
        verify_parameter(actor=admin, pk=put(admin).pk)


def test_the_page_shows_what_holds_and_who_may_what(admin: User, head: User) -> None:
    client = Client()
    client.force_login(admin)
    url = reverse("system.parameters")
    page = client.get(url).content.decode()
    assert "入库最短剩余效期" in page
    assert 'data-dialog="#set-testleast_life"' in page
    given = {"key": SPEC.key, "value": "1.5", "valid_from": clock.today().isoformat(), "source": "办法"}
    refused = client.post(reverse("system.parameters.set"), given, headers={"HX-Request": "true"})
    assert (refused.status_code, refused["HX-Retarget"]) == (422, "#alert-set-testleast_life")
    assert client.post(reverse("system.parameters.set"), given | {"value": "0.9"}).status_code == 302
    client.force_login(head)
    row = Parameter.objects.get()
    verify = reverse("system.parameters.verify", args=[row.pk])
    assert verify in client.get(url).content.decode()
    assert client.post(verify).status_code == 302
    assert verify not in client.get(url).content.decode()
    client.force_login(person(name="无权"))
    assert client.get(url).status_code == 403
