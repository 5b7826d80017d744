"""Registry of statistics: who posts which measure (STAT), so that two modules never count the same heads twice."""

from __future__ import annotations

from dataclasses import dataclass

from hrp.platform.base.registry import Registry


@dataclass(frozen=True)
class Measure:
    """``account`` is the stat account; ``pair`` says whether a line names the serving department as counter unit."""

    code: str
    title: str
    unit: str
    account: str
    posted_by: str
    pair: bool = False


measures: Registry[Measure] = Registry("统计量")


def register(measure: Measure) -> Measure:
    return measures.register(measure.code, measure)
