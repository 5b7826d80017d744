"""高值耗材使用记录 as an XML document for the patient's record, with the fields of WS/T 500.22 (C0022)."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from hrp.logistics.highvalue.models import PatientUse
from hrp.platform.base import clock

NAMESPACE = "urn:hl7-org:v3"
CODES = {"supplier": "DE08.50.035.00", "implant": "DE08.50.058.00"}


def document(use: PatientUse) -> str:
    """The document of one use. Of the patient it carries the visit and the masked name."""
    unit, item = use.unit, use.unit.item
    root = ET.Element("ClinicalDocument", {"xmlns": NAMESPACE})
    ET.SubElement(root, "templateId", {"root": "2.16.156.10011.2.1.1.42"})
    ET.SubElement(root, "code", {"code": "C0022", "displayName": "高值耗材使用记录"})
    ET.SubElement(root, "effectiveTime", {"value": f"{clock.local(use.used_at):%Y%m%d%H%M%S}"})
    patient = ET.SubElement(ET.SubElement(root, "recordTarget"), "patientRole")
    ET.SubElement(patient, "id", {"extension": use.visit_no})
    ET.SubElement(ET.SubElement(patient, "patient"), "name").text = use.patient
    author = ET.SubElement(ET.SubElement(root, "author"), "assignedAuthor")
    ET.SubElement(author, "name").text = use.nurse.display_name
    body = ET.SubElement(ET.SubElement(root, "component"), "structuredBody")
    _fields(body, "诊断", (("诊断名称", "", use.diagnosis),))
    _fields(
        body, "高值耗材",
        (
            ("材料名称", "", item.name), ("规格型号", "", item.spec), ("产品编码", "", unit.gtin or item.code),
            ("唯一码", "", unit.uid), ("批号", "", unit.batch.lot), ("有效期至", "", f"{unit.batch.expiry:%Y%m%d}"),
            ("产品生产厂家", "", item.manufacturer), ("产品供应商", CODES["supplier"], unit.batch.supplier.name),
            ("注册证号", "", item.registration_number), ("植入性耗材标志", CODES["implant"], "true" if item.implant else "false"),
            ("数量", "", "1"), ("数量单位", "", item.unit), ("使用途径", "", use.site),
        ),
    )  # fmt: skip
    _fields(
        body, "手术",
        (("手术名称", "", use.operation), ("手术者", "", use.operator), ("使用科室", "", use.org_unit.name)),
    )  # fmt: skip
    return ET.tostring(root, encoding="unicode")


def _fields(body: ET.Element, title: str, fields: tuple[tuple[str, str, str], ...]) -> None:
    section = ET.SubElement(ET.SubElement(body, "component"), "section")
    ET.SubElement(section, "title").text = title
    for name, code, value in fields:
        if value:
            observation = ET.SubElement(ET.SubElement(section, "entry"), "observation")
            ET.SubElement(
                observation, "code", {"code": code, "displayName": name} if code else {"displayName": name}
            )
            ET.SubElement(observation, "value").text = value
