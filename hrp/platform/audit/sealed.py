"""Registry of the tables whose rows are sealed into the chain."""

from __future__ import annotations

from dataclasses import dataclass

from hrp.platform.audit.rows import SealableModel
from hrp.platform.base.registry import Registry


@dataclass(frozen=True)
class SealedTable:
    """A :class:`SealableModel` whose migration ran :class:`hrp.platform.audit.rows.HashedRows`."""

    model: type[SealableModel]
    title: str

    @property
    def table(self) -> str:
        return self.model._meta.db_table


tables: Registry[SealedTable] = Registry("封存表")


def register(table: SealedTable) -> SealedTable:
    return tables.register(table.table, table)
