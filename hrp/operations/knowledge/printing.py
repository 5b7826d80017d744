"""常见问题解决办法 on paper: every open article, by system."""

from __future__ import annotations

from hrp.operations.contracts import selectors as contracts
from hrp.operations.knowledge import selectors
from hrp.operations.knowledge.models import ArticleVersion
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.exchange import pdf


def faq(actor: User) -> bytes:
    """The list as PDF. Only open articles are in it, so that it may lie on any desk of the hospital."""
    contract = contracts.current_contract()
    grouped = selectors.faq(actor)
    blocks: list[dict[str, object]] = []
    for module, versions in grouped:
        blocks.append({"kind": "heading", "title": f"{module}（{len(versions)} 条）"})
        blocks += [_entry(place, one) for place, one in enumerate(versions, start=1)]
    data = {
        "title": "常见问题解决办法",
        "hospital": contract.hospital.name if contract else "",
        "left": f"维护单位：{contract.supplier_name}" if contract else "",
        "right": f"截至 {clock.today()}",
        "blocks": blocks or [{"kind": "text", "title": "", "text": "尚无已发布的知识。"}],
    }
    return pdf.render("paper", data)


def _entry(place: int, version: ArticleVersion) -> dict[str, object]:
    parts = [("现象", version.symptoms), ("原因", version.cause), ("解决办法", version.cure)]
    text = "\n".join(f"{name}：{body}" for name, body in parts if body)
    foot = f"{version.article.number} 第 {version.number} 版 {clock.local(version.published_at or version.written_at):%Y-%m-%d}"
    return {"kind": "text", "title": f"{place}. {version.title}", "text": text, "foot": foot}
