"""采购: from what stores need to what suppliers delivered, inspected and received, and what went back to them.

Documents: purchase plan (采购计划), purchase order (采购订单), delivery note (送货单), inspection (到货验收), supplier
return (退货单). How far an order has come is never typed: it follows from what was sent, confirmed, received and closed.
"""
