"""物流管理: hospital materials from receipt to the department that used them.

Registers: items, material classes, stores, suppliers, batches. Documents: stock receipt (入库单), stock issue (出库单).
Truth is the append-only move; the balance is a cache kept in the same transaction. Cost is exact by batch.
"""
