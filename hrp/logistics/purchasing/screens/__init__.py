"""Screens of purchasing."""

from hrp.logistics.purchasing.screens import documents, lookups, registers, returns

DOCUMENTS = (*documents.ALL, *returns.ALL)
REGISTERS = registers.ALL
LOOKUPS = lookups.ALL
PERMISSIONS = registers.PERMISSIONS

__all__ = ["DOCUMENTS", "LOOKUPS", "PERMISSIONS", "REGISTERS"]
