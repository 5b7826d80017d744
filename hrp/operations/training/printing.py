"""Training on paper: the sign-in sheet to lie at the door, and the summary for the acceptance file."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hrp.operations.contracts import selectors as contracts
from hrp.operations.training import selectors
from hrp.operations.training.models import Session
from hrp.platform.base import clock
from hrp.platform.exchange import codes, pdf

BLANK_ROWS = 28


def sign_in_sheet(session: Session, *, address: str) -> bytes:
    """Who has signed already, then empty rows; the code leads phones to ``address``."""
    signed = selectors.attendances(session)
    rows = [
        [str(place), row.name, row.org_unit.name if row.org_unit else "", f"{clock.local(row.signed_at):%H:%M} {row.get_via_display()}", ""]
        for place, row in enumerate(signed, start=1)
    ]  # fmt: skip
    rows += [
        [str(place), "", "", "", ""] for place in range(len(rows) + 1, max(BLANK_ROWS, len(rows) + 8) + 1)
    ]
    blocks: list[dict[str, Any]] = []
    if session.state == "planned":
        blocks.append({"kind": "picture", "title": "手机扫码签到", "svg": codes.qr_svg(address)})
    blocks.append(
        {
            "kind": "table",
            "columns": ["序号", "姓名", "科室", "签到", "签名"],
            "widths": [2, 4, 6, 5, 6],
            "rows": rows,
            "height": 2,
        }
    )
    return pdf.render(
        "paper", _head(session, "培训签到表") | {"blocks": blocks, "signatures": ["讲师", "甲方代表"]}
    )


def summary(session: Session) -> bytes:
    """What took place: who came by department, how the quiz went question by question, and what was thought of it."""
    signed, ratings = selectors.attendances(session), selectors.ratings(session)
    attempts = list(session.attempts.select_related("user").order_by("user_id", "number"))
    tried = {one.user_id for one in attempts}
    passed = {one.user_id for one in attempts if one.passed}
    facts = [
        ("签到人数", str(len(signed))),
        ("测验合格", f"{len(passed)}/{len(tried)} 人，共 {len(attempts)} 次"),
        (
            "满意度",
            f"{sum(r.score for r in ratings) / len(ratings):.1f}（{len(ratings)} 人评价）"
            if ratings
            else "—",
        ),
        ("教材散列", session.material.sha256[:16] + "…"),
    ]
    head = _head(session, "培训总结")
    head["facts"] += [{"label": label, "value": value} for label, value in facts]
    blocks = [_by_unit(signed), _people(signed)]
    if attempts:
        blocks.append(_by_question(attempts))
    comments = [f"{one.score} 分：{one.comment}" for one in ratings if one.comment]
    if comments:
        blocks.append({"kind": "text", "title": "意见", "text": "\n".join(comments)})
    note = f"教材 SHA-256　{session.material.sha256}"
    return pdf.render(
        "paper",
        head | {"blocks": blocks, "signatures": ["讲师", "甲方代表", "日期"], "note": note},
        archival=True,
    )


def _head(session: Session, title: str) -> dict[str, Any]:
    contract = contracts.current_contract()
    begins, ends = clock.local(session.starts_at), clock.local(session.ends_at)
    facts = (
        ("主题", session.title),
        ("对象", session.get_audience_display()),
        ("时间", f"{begins:%Y-%m-%d %H:%M} — {ends:%H:%M}"),
        ("地点", session.place),
        ("讲师", session.trainer),
        ("系统", session.module + ("" if session.in_scope else "（范围外）")),
        ("教材", str(session.material)),
        ("状态", session.get_state_display()),
    )
    return {
        "title": title,
        "hospital": contract.hospital.name if contract else "",
        "left": f"维护单位：{contract.supplier_name}" if contract else "",
        "right": f"打印 {clock.local(clock.now()):%Y-%m-%d %H:%M}",
        "facts": [{"label": label, "value": value} for label, value in facts],
    }


def _by_unit(signed: list[Any]) -> dict[str, Any]:
    counted = Counter(row.org_unit.name if row.org_unit else "院外" for row in signed)
    rows = [[name, str(count)] for name, count in counted.most_common()]
    return {
        "kind": "table",
        "title": "各科室人数",
        "columns": ["科室", "人数"],
        "widths": [6, 2],
        "rows": rows,
    }


def _people(signed: list[Any]) -> dict[str, Any]:
    rows = [
        [
            row.name,
            row.org_unit.name if row.org_unit else "",
            f"{clock.local(row.signed_at):%m-%d %H:%M}",
            row.get_via_display(),
            "—" if row.best is None else f"{row.best} 分（{row.tries} 次）",
        ]
        for row in signed
    ]
    return {
        "kind": "table",
        "title": "签到与成绩",
        "columns": ["姓名", "科室", "签到时间", "方式", "最好成绩"],
        "widths": [3, 5, 4, 3, 4],
        "rows": rows,
    }


def _by_question(attempts: list[Any]) -> dict[str, Any]:
    texts: dict[int, str] = {}
    asked: Counter[int] = Counter()
    right: Counter[int] = Counter()
    for attempt in attempts:
        for line in attempt.paper:
            texts[line["question"]] = line["text"]
            asked[line["question"]] += 1
            right[line["question"]] += line["correct"]
    rows = [[text, f"{right[key]}/{asked[key]}"] for key, text in texts.items()]
    return {"kind": "table", "title": "各题答对", "columns": ["题目", "答对"], "widths": [9, 2], "rows": rows}
