"""OFD files of e-invoices say the same as the XML inside; whatever else comes as a zip is refused, and soon."""

from __future__ import annotations

import io
import time
import zipfile
from decimal import Decimal

import pytest

from hrp.logistics.settlement.services import einvoices, ofd
from hrp.logistics.settlement.tests.test_einvoices import xml
from hrp.logistics.settlement.tests.world import Settling
from hrp.platform.base.refusals import Conflict, Invalid

NS = 'xmlns:ofd="http://www.ofdspec.org/2016"'
DATA = {
    "发票号码": "26322000000012345678", "开票日期": "2026年11月05日", "合计金额": "100.00", "合计税额": "13.00",
    "销售方纳税人识别号": "91320500MA1TEST001", "购买方纳税人识别号": "12320000466007000X",
}  # fmt: skip
# object id -> what stands on the page
PAGE = {
    "11": "26322000000012345678", "12": "2026年11月05日", "13": "测试供应商", "14": "91320500MA1TEST001", "15": "¥100.00", "16": "¥13.00",
    "17": "¥113.00", "21": "*医疗仪器器械*注射器", "22": "*医疗仪器器械*纱布", "23": "1,000", "24": "5", "25": "60.00", "26": "40.00", "27": "7.80",
    "28": "5.20",
}  # fmt: skip
TAGS = """<eInvoice xmlns:ofd="http://www.ofdspec.org/2016"><InvoiceNo>{11}</InvoiceNo><IssueDate>{12}</IssueDate>
<Seller><SellerName>{13}</SellerName><SellerTaxID>{14}</SellerTaxID></Seller><TaxExclusiveTotalAmount>{15}</TaxExclusiveTotalAmount>
<TaxTotalAmount>{16}</TaxTotalAmount><TaxInclusiveTotalAmount>{17}</TaxInclusiveTotalAmount>
<GoodsInfos><Item>{21}{22}</Item><Quantity>{23}{24}</Quantity><Amount>{25}{26}</Amount><TaxAmount>{27}{28}</TaxAmount></GoodsInfos></eInvoice>"""


def package(parts: dict[str, bytes | str]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return stream.getvalue()


def made(
    *, attached: bytes | None = None, tags: str = "", data: dict[str, str] | None = None
) -> dict[str, bytes | str]:
    """The parts of an OFD as the tax office's platform writes one."""
    custom = "".join(
        f'<ofd:CustomData Name="{name}">{text}</ofd:CustomData>' for name, text in (data or {}).items()
    )
    parts: dict[str, bytes | str] = {
        "OFD.xml": f"<ofd:OFD {NS}><ofd:DocBody><ofd:DocInfo><ofd:CustomDatas>{custom}</ofd:CustomDatas></ofd:DocInfo>"
        "<ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>",
        "Doc_0/Document.xml": f'<ofd:Document {NS}><ofd:Pages><ofd:Page ID="1" BaseLoc="Pages/Page_0/Content.xml"/></ofd:Pages>'
        + ("<ofd:Attachments>Attachs/Attachments.xml</ofd:Attachments>" if attached else "")
        + ("<ofd:CustomTags>Tags/CustomTags.xml</ofd:CustomTags>" if tags else "")
        + "</ofd:Document>",
        "Doc_0/Pages/Page_0/Content.xml": f"<ofd:Page {NS}><ofd:Content>"
        + "".join(f'<ofd:TextObject ID="{pk}"><ofd:TextCode>{text}</ofd:TextCode></ofd:TextObject>' for pk, text in PAGE.items())
        + "</ofd:Content></ofd:Page>",
    }  # fmt: skip
    if attached:
        parts["Doc_0/Attachs/Attachments.xml"] = (
            f'<ofd:Attachments {NS}><ofd:Attachment ID="1"><ofd:FileLoc>/Doc_0/Attachs/original.xml</ofd:FileLoc></ofd:Attachment></ofd:Attachments>'
        )
        parts["Doc_0/Attachs/original.xml"] = attached
    if tags:
        parts["Doc_0/Tags/CustomTags.xml"] = (
            f"<ofd:CustomTags {NS}><ofd:CustomTag><ofd:FileLoc>CustomTag.xml</ofd:FileLoc></ofd:CustomTag></ofd:CustomTags>"
        )
        parts["Doc_0/Tags/CustomTag.xml"] = tags
    return parts


def referring() -> str:
    text = TAGS
    for pk in PAGE:
        text = text.replace(f"{{{pk}}}", f'<ofd:ObjectRef PageRef="1">{pk}</ofd:ObjectRef>')
    return text


def test_the_attached_original_is_read_like_the_xml_itself() -> None:
    assert einvoices.read(package(made(attached=xml(), data=DATA))) == einvoices.read(xml())


def test_custom_tags_point_to_what_stands_on_the_page() -> None:
    found = einvoices.read(package(made(tags=referring())))
    assert (found.number, str(found.issued_on), found.total) == (
        "26322000000012345678",
        "2026-11-05",
        Decimal("113.00"),
    )
    assert found.seller == ("测试供应商", "91320500MA1TEST001")
    assert [(line["name"], line["quantity"], line["total"]) for line in found.lines] == [
        ("*医疗仪器器械*注射器", "1000", "67.80"), ("*医疗仪器器械*纱布", "5", "45.20"),
    ]  # fmt: skip


def test_custom_data_alone_gives_the_head_of_the_invoice() -> None:
    found = einvoices.read(package(made(data=DATA)))
    assert (found.untaxed, found.tax, found.total) == (Decimal("100.00"), Decimal("13.00"), Decimal("113.00"))
    assert (found.seller[1], found.lines) == ("91320500MA1TEST001", ())


@pytest.mark.django_db
def test_the_same_invoice_is_not_taken_as_xml_and_again_as_ofd() -> None:
    business = Settling()
    einvoices.take_in(actor=business.clerk, name="a.ofd", content=package(made(data=DATA)))
    with pytest.raises(Conflict) as refused:
        einvoices.take_in(actor=business.clerk, name="a.xml", content=xml())
    assert refused.value.code == "duplicate_invoice"


def encrypted() -> bytes:
    content = bytearray(package(made(data=DATA)))
    for sign, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = content.find(sign)
        while place >= 0:
            content[place + at] |= 1
            place = content.find(sign, place + 4)
    return bytes(content)


BOMB = "<ofd:OFD " + NS + ">" + " " * 3_000_000 + "</ofd:OFD>"
LEADING = made(data=DATA) | {
    "OFD.xml": f"<ofd:OFD {NS}><ofd:DocRoot>../../etc/passwd</ofd:DocRoot></ofd:OFD>"
}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"PK\x03\x04 and nothing", "压缩包读不出来"),
        (package({"a.txt": "x"}), "缺少 OFD.xml"),
        (package({"OFD.xml": "<a/>"}), "不是 OFD 版式文件"),
        (package({"OFD.xml": BOMB}), "解压后过大"),
        (package({f"{n}": "" for n in range(ofd.MOST_ENTRIES + 1)}), "超过 200"),
        (package(made(data=DATA) | {"../x.xml": "<a/>"}), "指向包外"),
        (package(made(data=DATA) | {"/x.xml": "<a/>"}), "指向包外"),
        (package(LEADING), "指向包外"),
        (package(made(attached=package(made(data=DATA)))), "还有压缩包"),
        (package(made(attached=b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>')), "不是有效的 XML"),
        (encrypted(), "已加密"),
        (package(made(data=DATA | {"发票号码": "044031900111"})), "没有 20 位的数电发票号码"),
        (package(made(data=DATA | {"合计税额": "十三元"})), "缺少金额"),
        (package(made(tags=referring().replace("113", "114"), data=DATA | {"价税合计": "114.00"})), "不等于价税合计"),
        (package({"OFD.xml": made(data=DATA)["OFD.xml"], "Doc_0/": ""}), "缺少 Doc_0/Document.xml"),
    ],
)  # fmt: skip
def test_what_is_no_invoice_is_refused_in_words(content: bytes, why: str) -> None:
    with pytest.raises(Invalid) as refused:
        einvoices.read(content)
    assert why in refused.value.reason


def test_a_bomb_of_many_parts_is_given_up_soon() -> None:
    """Each part is small enough; together they are not."""
    page = '<ofd:Page ID="{0}" BaseLoc="p{0}.xml"/>'
    parts = made(tags=referring())
    pages = "".join(page.format(n) for n in range(150))
    parts["Doc_0/Document.xml"] = str(parts["Doc_0/Document.xml"]).replace(
        "</ofd:Pages>", pages + "</ofd:Pages>"
    )
    parts |= {f"Doc_0/p{n}.xml": f"<a>{'x' * 150_000}</a>" for n in range(150)}
    content = package(parts)
    assert len(content) < einvoices.MAX_BYTES
    begun = time.perf_counter()
    with pytest.raises(Invalid) as refused:
        einvoices.read(content)
    assert "解压后过大" in refused.value.reason
    assert time.perf_counter() - begun < 5
