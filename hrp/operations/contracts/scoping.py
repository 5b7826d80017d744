"""AC-01: every record of the service names a system of the contract, or is marked as outside it.

Each module that keeps such records registers a source of them; the proof reads all sources, so that a new kind of
record joins it by registering.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from hrp.operations.contracts.proofs import Evidence, Finding, Span, Verdict
from hrp.platform.base.registry import Registry


@dataclass(frozen=True)
class Marked:
    """One record: the system it names, whether it counts as in scope, and the systems its contract covers."""

    name: str
    module: str
    in_scope: bool
    covered: Collection[str]

    @property
    def fault(self) -> str:
        """What is wrong with the mark, or ""."""
        if not self.module.strip():
            return "没有注明系统"
        if self.in_scope and self.module not in self.covered:
            return f"「{self.module}」不在合同范围内，却未标范围外"
        if not self.in_scope and self.module in self.covered:
            return f"「{self.module}」在合同范围内，却标为范围外"
        return ""


@dataclass(frozen=True)
class Source:
    """A kind of record; ``rows(span)`` gives those of the span's contract and days."""

    title: str
    rows: Callable[[Span], Iterable[Marked]]
    url: str


sources: Registry[Source] = Registry("系统标注")


def register(name: str, source: Source) -> Source:
    """Called in a module's ``apps.py``."""
    return sources.register(name, source)


def prove(span: Span) -> Finding:
    """n/N of each kind carry a right mark. Nothing recorded in the span: 不适用."""
    figures, exceptions, evidence, total = [], [], [], 0
    for source in sources:
        rows = list(source.rows(span))
        wrong = [f"{source.title} {row.name}：{row.fault}" for row in rows if row.fault]
        if rows:
            outside = sum(not row.in_scope for row in rows)
            note = f"（范围外 {outside}）" if outside else ""
            figures.append(f"{source.title} {len(rows) - len(wrong)}/{len(rows)}{note}")
            evidence.append(Evidence(source.title, source.url))
        exceptions += wrong
        total += len(rows)
    if not len(sources):
        return Finding(Verdict.UNPROVEN, missing=("没有任何系统标注的来源",))
    if not total:
        return Finding(Verdict.NOT_APPLICABLE, figure="期内没有服务记录")
    return Finding(
        Verdict.NOT_MET if exceptions else Verdict.MET,
        figure="，".join(figures),
        exceptions=tuple(exceptions),
        evidence=tuple(evidence),
    )
