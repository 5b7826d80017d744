"""Case files (``hrp-cases/1``): reading them, running them through the registered kernels, judging the answers.

Pure: no database. Numbers are read and compared as decimals, never as binary floats.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

from hrp.platform.base import verify
from hrp.platform.base.refusals import Refusal

FORMAT = "hrp-cases/1"
ROLES = ("must_match", "must_refuse", "contrast")
NUMERAL = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?")
Status = Literal["pass", "fail", "unsupported", "error", "contrast"]


class Unreadable(Exception):
    """A case file that cannot be run: the message names the file, the case and what is wrong, in Chinese."""


@dataclass(frozen=True)
class Case:
    id: str
    area: str
    fn: str
    title: str
    role: str
    input: Any
    expected: Any
    tolerance: Decimal


@dataclass(frozen=True)
class Verdict:
    case: Case
    status: Status
    output: Any = None
    detail: str = ""


def gather(paths: Iterable[str]) -> list[Path]:
    """The files named, and every ``*.json`` of the directories named, in order of name."""
    files: list[Path] = []
    for name in paths:
        path = Path(name)
        if path.is_dir():
            found = sorted(path.glob("*.json"))
            if not found:
                raise Unreadable(f"目录 {name} 中没有 .json 算例文件")
            files.extend(found)
        else:
            files.append(path)
    return files


def load(path: Path) -> list[Case]:
    """Read one file; raises :class:`Unreadable` naming the file, the case and the mistake."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise Unreadable(f"{path}：文件不存在") from None
    except UnicodeDecodeError as error:
        raise Unreadable(f"{path}：不是 UTF-8 编码的文本（第 {error.start} 字节）。请另存为 UTF-8") from None
    except OSError as error:
        raise Unreadable(f"{path}：无法读取（{error.strerror}）") from None
    try:
        data = json.loads(text, parse_float=Decimal, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise Unreadable(
            f"{path}：第 {error.lineno} 行第 {error.colno} 列不是合法的 JSON（{error.msg}）"
        ) from None
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"{path}：{error}") from None
    if not isinstance(data, Mapping) or data.get("format") != FORMAT:
        raise Unreadable(f'{path}：不是算例文件，顶层应为 {{"format": "{FORMAT}", "cases": [...]}}')
    rows = data.get("cases")
    if not isinstance(rows, list):
        raise Unreadable(f"{path}：缺少 cases 列表")
    cases: list[Case] = []
    seen: set[str] = set()
    for place, row in enumerate(rows, start=1):
        case = _case(row, f"{path}：第 {place} 个算例")
        if case.id in seen:
            raise Unreadable(f"{path}：算例 {case.id}：编号重复")
        seen.add(case.id)
        cases.append(case)
    return cases


def _refuse_constant(word: str) -> Any:
    raise ValueError(f"含有非数值 {word}，JSON 中只能写有限数")


def _case(row: Any, where: str) -> Case:
    if not isinstance(row, Mapping):
        raise Unreadable(f"{where}：应为对象，实际为 {type(row).__name__}")
    name = row.get("id")
    if not isinstance(name, str) or not name:
        raise Unreadable(f"{where}：缺少编号 id")
    where = f"{where}（{name}）"
    for key in ("area", "fn", "role"):
        if not isinstance(row.get(key), str) or not row[key]:
            raise Unreadable(f"{where}：缺少 {key}，应为文字")
    if row["role"] not in ROLES:
        raise Unreadable(f"{where}：role 为“{row['role']}”，只能是 {'、'.join(ROLES)}")
    if row["role"] != "contrast":
        for key in ("input", "expected"):
            if key not in row:
                raise Unreadable(f"{where}：缺少 {key}")
        if row["role"] == "must_refuse" and not (
            isinstance(row["expected"], Mapping) and isinstance(row["expected"].get("error"), str)
        ):
            raise Unreadable(f"{where}：must_refuse 的 expected 应含 error（拒绝的种类）")
    try:
        tolerance = Decimal(str(row.get("tolerance", "0")))
    except InvalidOperation:
        raise Unreadable(f"{where}：tolerance“{row['tolerance']}”不是数值") from None
    if not tolerance.is_finite() or tolerance < 0:
        raise Unreadable(f"{where}：tolerance 应为不小于 0 的数值")
    return Case(
        name, row["area"], row["fn"], str(row.get("title", "")), row["role"],
        row.get("input"), row.get("expected"), tolerance,
    )  # fmt: skip


def run(case: Case) -> Verdict:
    """Compute from ``input`` alone, then compare with ``expected``."""
    if case.role == "contrast":
        return Verdict(case, "contrast")
    kernel = verify.find(case.area, case.fn)
    if kernel is None:
        return Verdict(case, "unsupported", detail=f"没有登记内核 {case.area}.{case.fn}")
    try:
        output = kernel(case.input)
    except Refusal as refusal:
        state = refusal.state if isinstance(refusal, verify.RefusedCase) else {}
        output = {"error": refusal.code, **state}
        if case.role == "must_match":
            return Verdict(case, "fail", output, f"内核拒绝：{refusal.reason}")
        return _judge(case, output)
    except KeyError as error:
        return Verdict(case, "error", detail=f"输入缺少 {error.args[0]}")
    except Exception as error:  # a kernel may meet any malformed input; one bad case must not stop the others
        return Verdict(case, "error", detail=f"{type(error).__name__}: {error}")
    if case.role == "must_refuse":
        return Verdict(case, "fail", output, f"应当拒绝（{case.expected['error']}），却得出了结果")
    return _judge(case, output)


def _judge(case: Case, output: Any) -> Verdict:
    differences = list(compare(case.expected, output, case.tolerance))
    if not differences:
        return Verdict(case, "pass", output)
    more = f"；另有 {len(differences) - 3} 处" if len(differences) > 3 else ""
    return Verdict(case, "fail", output, "；".join(differences[:3]) + more)


def compare(expected: Any, output: Any, tolerance: Decimal, where: str = "") -> Iterable[str]:
    """Differences in words. Mappings may hold more keys than expected; lists must be as long as expected."""
    place = where or "结果"
    if isinstance(expected, Mapping):
        if not isinstance(output, Mapping):
            yield f"{place}：应为对象，得 {_word(output)}"
            return
        for key, value in expected.items():
            if key not in output:
                yield f"{where}{'.' if where else ''}{key}：缺失，应为 {_word(value)}"
            else:
                yield from compare(value, output[key], tolerance, f"{where}{'.' if where else ''}{key}")
    elif isinstance(expected, list):
        if not isinstance(output, Sequence) or isinstance(output, str):
            yield f"{place}：应为列表，得 {_word(output)}"
        elif len(expected) != len(output):
            yield f"{place}：应有 {len(expected)} 项，得 {len(output)} 项"
        else:
            for index, (value, got) in enumerate(zip(expected, output, strict=True)):
                yield from compare(value, got, tolerance, f"{where}[{index}]")
    elif not _same(expected, output, tolerance):
        yield f"{place}：应为 {_word(expected)}，得 {_word(output)}"


def _same(expected: Any, output: Any, tolerance: Decimal) -> bool:
    if isinstance(expected, bool) or isinstance(output, bool) or expected is None or output is None:
        return expected is output
    numbers = (_as_number(expected), _as_number(output))
    if numbers[0] is not None and numbers[1] is not None:
        both_words = isinstance(expected, str) and isinstance(output, str)
        if not both_words or "." in expected or "." in output:
            return abs(numbers[0] - numbers[1]) <= Fraction(tolerance)
    return _word(expected) == _word(output)


def _as_number(value: Any) -> Fraction | None:
    if isinstance(value, str):
        return Fraction(value) if NUMERAL.fullmatch(value) else None
    if isinstance(value, Decimal):
        return Fraction(value) if value.is_finite() else None
    if isinstance(value, int | Fraction):
        return Fraction(value)
    return None


def _word(value: Any) -> str:
    if isinstance(value, dt.date):
        return value.isoformat()
    text = value if isinstance(value, str) else to_json(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def to_json(value: Any) -> str:
    """JSON with decimals written digit for digit, which the standard encoder can only do through binary floats."""
    if isinstance(value, Decimal):
        return f"{value:f}" if value.is_finite() else json.dumps(str(value))
    if isinstance(value, Fraction):
        return str(value.numerator) if value.denominator == 1 else json.dumps(str(value))
    if isinstance(value, Mapping):
        inside = ", ".join(
            f"{json.dumps(str(key), ensure_ascii=False)}: {to_json(item)}" for key, item in value.items()
        )
        return "{" + inside + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(to_json, value)) + "]"
    if isinstance(value, dt.date):
        return json.dumps(value.isoformat())
    return json.dumps(value, ensure_ascii=False)
