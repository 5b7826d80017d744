"""Registry of the tables whose rows are sealed into the chain."""

from __future__ import annotations

from dataclasses import dataclass

from hrp.platform.audit.rows import SealableModel, hash_sql
from hrp.platform.base.registry import Registry


@dataclass(frozen=True)
class SealedTable:
    """A :class:`SealableModel` whose migration ran :class:`hrp.platform.audit.rows.HashedRows`.

    ``at`` names its time of writing, by which rows that wait too long for the seal are found.
    """

    model: type[SealableModel]
    title: str
    at: str = "at"

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    @property
    def hash_sql(self) -> str:
        """The hash of a row aliased ``r``, recomputed from its columns."""
        return hash_sql(self.model, self.model.hashed, "r")


tables: Registry[SealedTable] = Registry("封存表")


def register(table: SealedTable) -> SealedTable:
    return tables.register(table.table, table)
