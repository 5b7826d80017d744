"""停用标签 on paper, and an adverse event as the national system wants it."""

from __future__ import annotations

import json

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from hrp.assets.equipment.models import DeviceEvent, StopTag
from hrp.assets.equipment.services import tags
from hrp.platform.access import scope
from hrp.platform.base.refusals import NotFound
from hrp.platform.org.models import Hospital
from hrp.platform.ui.actors import actor_of

EVENT = "assets.device_event.view"


@require_GET
def stop_tag(request: HttpRequest, pk: int) -> HttpResponse:
    """The tag to be hung on the machine."""
    actor = actor_of(request)
    scope.require(actor, tags.VIEW)
    row = (
        StopTag.objects.select_related("asset__org_unit", "made_by")
        .filter(pk=pk, state=StopTag.State.HUNG)
        .first()
    )
    if row is None or not scope.has(actor, tags.VIEW, row.asset.org_unit_id):
        raise NotFound(_("没有找到这张停用标签。"), way_out=_("已解除的标签不再打印。"))
    return render(request, "equipment/stop_tag.html", {"page_title": _("停用标签"), "tag": row})


@require_GET
def event(request: HttpRequest, pk: int) -> HttpResponse:
    """The fields of a report, by the names people see on the form, as a JSON file."""
    actor = actor_of(request)
    scope.require(actor, EVENT)
    row = DeviceEvent.objects.select_related("asset", "org_unit").filter(pk=pk).first()
    if row is None or not scope.has(actor, EVENT, row.org_unit_id):
        raise NotFound(_("没有找到这条不良事件。"), way_out=_("请从列表打开。"))
    hospital = Hospital.objects.order_by("pk").first()
    data = {
        "使用单位": hospital.name if hospital else "", "产品名称": row.asset.name, "型号": row.asset.model, "规格": row.asset.spec,
        "产品编号": row.asset.serial_number, "UDI": row.asset.udi, "注册证编号": row.asset.registration_number,
        "生产企业": row.asset.manufacturer, "事件发生日期": row.occurred_on.isoformat(), "发现或获知日期": row.known_on.isoformat(),
        "伤害程度": row.get_severity_display(), "患者情况": row.patient, "使用科室": row.org_unit.name, "器械故障表现与事件经过": row.event,
        "采取措施": row.action, "上报期限": row.due_on.isoformat(),
    }  # fmt: skip
    response = HttpResponse(
        json.dumps(data, ensure_ascii=False, indent=1), content_type="application/json; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="device-event-{row.pk}.json"'
    return response
