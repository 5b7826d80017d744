"""High-value goods (高值耗材): every piece has a code of its own, from the supplier's box to the patient and to the invoice.

Registers: :class:`TraceUnit` (one piece) with append-only :class:`UnitEvent`, :class:`PatientUse` (who received it),
freezes, recalls, adverse events. Documents: 寄售入库单, 寄售退回单, 术前申请单, 高值使用单, 使用结算单, 寄售对账单.
"""
