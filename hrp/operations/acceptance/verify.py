"""Check an evidence archive (证据包) without the system that made it: ``python3 verify.py ARCHIVE.zip``.

Needs Python 3.8 and nothing else; reads one file, writes nothing, opens no connection. Exit code 0 when everything
agrees, 1 when anything does not, 2 when the file cannot be read.
"""

from __future__ import annotations

import hashlib
import json
import sys
import zipfile
from typing import Any, Dict, List, Tuple

VERDICTS = ("met", "breached", "excused", "moot", "superseded", "running")
TALLY = ("符合", "不符合", "证据不足", "不适用")


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def check_files(archive: zipfile.ZipFile, problems: List[str]) -> int:
    """Every file named by the manifest is there with its hash, and no other file is."""
    manifest = json.loads(archive.read("manifest.json"))["files"]
    present = set(archive.namelist()) - {"manifest.json", "verify.py"}
    problems += [f"{name}：缺少" for name in sorted(set(manifest) - present)]
    problems += [f"{name}：清单中没有这个文件" for name in sorted(present - set(manifest))]
    for name in sorted(present & set(manifest)):
        data = archive.read(name)
        if sha256(data) != manifest[name]["sha256"] or len(data) != manifest[name]["size"]:
            problems.append(f"{name}：内容与清单的散列不符")
    return len(manifest)


def check_chain(name: str, ticket: Dict[str, Any], problems: List[str]) -> int:
    """Each event's text has the hash it carries and begins with the hash of the one before; the head is the last."""
    before = "0" * 64
    for place, event in enumerate(ticket["events"], start=1):
        text = event["text"]
        parts = text.split("\n")
        if sha256(text.encode("utf-8")) != event["hash"]:
            problems.append(f"{name}：第 {place} 条事件与散列不符")
        if parts[0] != before:
            problems.append(f"{name}：第 {place} 条事件与前一条不相接")
        if event["seq"] != place or parts[2] != str(place):
            problems.append(f"{name}：事件序号在第 {place} 条处不连续")
        before = event["hash"]
    if before != ticket["head_hash"]:
        problems.append(f"{name}：链首与最后一条事件不符")
    return len(ticket["events"])


def sla(clocks: List[Dict[str, Any]]) -> Dict[Tuple[str, str], Dict[str, int]]:
    """Count clocks by level and kind; a rate is met / (met + breached - excused)."""
    counted: Dict[Tuple[str, str], Dict[str, int]] = {}
    for clock in clocks:
        row = counted.setdefault((clock["level"], clock["kind"]), dict.fromkeys(VERDICTS, 0))
        row[clock["verdict"]] += 1
        row["excused"] += bool(clock["excused"])
    return counted


def check_figures(report: Dict[str, Any], tickets: List[Dict[str, Any]], problems: List[str]) -> None:
    """The report's tables, computed again from the evidence."""
    counted = sla([clock for ticket in tickets for clock in ticket["clocks"]])
    printed = {(row["level"], row["kind"]): {name: row[name] for name in VERDICTS} for row in report["sla"]}
    problems += [
        f"report.json：{key[0]}级 {key[1]} 的时钟统计与证据不符"
        for key in sorted(set(counted) | set(printed))
        if counted.get(key) != printed.get(key)
    ]
    for row in report["sla"]:
        due = row["met"] + row["breached"] - row["excused"]
        rate = f"{row['met']}/{due}（{row['met'] * 1000 // due / 10:.1f}%）" if due else "—"
        if (row["due"], row["rate"]) != (due, rate):
            problems.append(f"report.json：{row['level']}级 {row['kind']} 的达成率算错")
    verdicts = [check["verdict"] for check in report["checks"]]
    if report["tally"] != {name: verdicts.count(name) for name in TALLY}:
        problems.append("report.json：条款结论的合计不符")
    if report["tickets"] != len(tickets):
        problems.append(f"report.json：工单数 {report['tickets']}，证据中有 {len(tickets)} 张")
    closed = sum(any(event["text"].split("\n")[3] == "CLOSED" for event in t["events"]) for t in tickets)
    if report["closed"] != closed:
        problems.append(f"report.json：已关闭 {report['closed']} 张，证据中有 {closed} 张")


def check_records(archive: zipfile.ZipFile, tickets: List[Dict[str, Any]], problems: List[str]) -> int:
    """An archived record's hash stands in the chain of its ticket, at the hospital's confirmation."""
    confirmed = {}
    for ticket in tickets:
        for event in ticket["events"]:
            parts = event["text"].split("\n")
            if parts[3] == "CONFIRMED":
                payload = json.loads(parts[9])
                confirmed[payload["record"]] = (payload["sha256"], payload.get("pdf_sha256"))
    names = [
        name for name in archive.namelist() if name.startswith("evidence/records/") and name.endswith(".json")
    ]
    for name in names:
        number = name.rsplit("/", 1)[1][: -len(".json")]
        hashes = (sha256(archive.read(name)), sha256(archive.read(name[: -len("json")] + "pdf")))
        if confirmed.get(number) != hashes:
            problems.append(f"{name}：与甲方确认时写入事件链的散列不符")
    return len(names)


def check_contract(archive: zipfile.ZipFile, report: Dict[str, Any], problems: List[str]) -> None:
    """The version of the contract the report names is in the archive, under its hash."""
    hashes = [
        sha256(archive.read(name)) for name in archive.namelist() if name.startswith("evidence/contract/")
    ]
    if report["contract"]["version_sha256"] not in hashes:
        problems.append("evidence/contract：没有报告所引的合同版本")


def verify(path: str) -> Tuple[List[str], str]:
    """Problems found (an empty list: none), and a line of counts."""
    problems: List[str] = []
    with zipfile.ZipFile(path) as archive:
        files = check_files(archive, problems)
        report = json.loads(archive.read("report.json"))
        named = sorted(name for name in archive.namelist() if name.startswith("evidence/tickets/"))
        tickets = [json.loads(archive.read(name)) for name in named]
        pairs = [(name, tickets[place]) for place, name in enumerate(named)]
        events = sum(check_chain(name, ticket, problems) for name, ticket in pairs)
        records = check_records(archive, tickets, problems)
        check_figures(report, tickets, problems)
        check_contract(archive, report, problems)
    counts = f"{files} 个文件，{len(tickets)} 张工单，{events} 条事件，{records} 份维护记录"
    return problems, f"{report['number']} {report['first_day']} 至 {report['last_day']}：{counts}"


def main(arguments: List[str]) -> int:
    if len(arguments) != 1:
        print("用法：python3 verify.py 证据包.zip")
        return 2
    try:
        problems, counts = verify(arguments[0])
    except (OSError, zipfile.BadZipFile, KeyError, IndexError, ValueError, TypeError) as error:
        print(f"✗ 证据包无法读取：{type(error).__name__} {error}")
        return 2
    print(counts)
    with open(arguments[0], "rb") as file:
        print(f"证据包 SHA-256：{sha256(file.read())}")
    for problem in problems:
        print(f"✗ {problem}")
    print("核验通过" if not problems else f"核验不通过：{len(problems)} 处不符")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
