"""The life of medical machines beside their books (设备运维): repairs, maintenance, quality control, metrology, service contracts,
adverse events, readiness, key figures and the benefit of single machines.

What happened is written down append-only; the state of an order, a task or a tag is what its last event says. The room books
nothing: parts come from materials, invoices from finance, and both are named here.
"""
