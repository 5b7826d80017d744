"""The evidence archive: a zip whose manifest names every file's hash, with the script that checks it offline."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from importlib.resources import files
from typing import Any

from hrp.operations.acceptance import selectors
from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.proofs import Span

FORMAT = "hrp-evidence/1"
_WHEN = (1980, 1, 1, 0, 0, 0)  # the archive says nothing about when its bytes were put together

README = """本证据包由杏林 HRP 生成，可脱离系统核验。

1. 解压到任意目录（或不解压）。
2. 运行：python3 verify.py 证据包.zip   （Python 3.8 以上，不需要安装任何东西，不访问网络）
3. 全部通过时打印「核验通过」；任何一个字节被改动都会指出是哪个文件、哪条事件。

report.json 是报告全部数据；report.pdf、report.docx 由它排印，页脚印有它的 SHA-256。
evidence/tickets/ 每张工单的事件链（逐条散列相接）、时钟与超时；evidence/records/ 已归档的维护记录。
"""


def pack(span: Span, *, text: str, pdf: bytes, docx: bytes) -> bytes:
    """The archive of a report. The same rows give the same bytes."""
    contents = {
        "report.json": text.encode(),
        "report.pdf": pdf,
        "report.docx": docx,
        "README.txt": README.encode(),
    }
    contents |= _evidence(span)
    script = files("hrp.operations.acceptance").joinpath("verify.py").read_bytes()
    manifest = {
        "format": FORMAT,
        "files": {
            name: {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
            for name, data in sorted(contents.items())
        },
    }
    contents |= {"manifest.json": _json(manifest), "verify.py": script}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in sorted(contents.items()):
            packed.writestr(zipfile.ZipInfo(name, _WHEN), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _evidence(span: Span) -> dict[str, bytes]:
    rows = selectors.clocks_of(span)
    tickets = selectors.tickets_of(span, rows)
    chains = selectors.chains_of(tickets, span.as_of)
    clocks: dict[str, list[dict[str, Any]]] = {ticket.number: [] for ticket in tickets}
    for row in rows:
        clocks[row["ticket"]].append(row)
    found = {
        f"evidence/tickets/{ticket.number}.json": _json(
            {
                "number": ticket.number,
                "title": ticket.title,
                "module": ticket.module,
                "contract_version_sha256": ticket.contract_version.sha256,
                "head_hash": chains[ticket.number][-1]["hash"] if chains[ticket.number] else "0" * 64,
                "events": chains[ticket.number],
                "clocks": clocks[ticket.number],
            }
        )
        for ticket in tickets
    }
    for kept in selectors.archives_of(tickets, span.as_of):
        found[f"evidence/records/{kept.record.number}.json"] = kept.body.encode()
        found[f"evidence/records/{kept.record.number}.pdf"] = bytes(kept.pdf)
    for version in contracts.versions(span.contract):
        found[f"evidence/contract/version-{version.number}.json"] = version.body.encode()
    return found


def _json(data: Any) -> bytes:
    return json.dumps(data, ensure_ascii=False, sort_keys=True, indent=1).encode()
