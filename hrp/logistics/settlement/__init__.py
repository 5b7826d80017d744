"""Settlement with suppliers and the month's end of materials: invoices, cost adjustments, opening stock, payables, 月结.

Documents: 采购发票 supplier_invoice, 成本调整单 cost_adjustment, 期初单 opening_stock, 付款申请 payment_request.
"""
