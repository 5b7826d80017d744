"""盘点与报损: counting what is there, and what is done about what is not.

A count is planned, frozen at an instant, counted blind by two people who do not keep the store, and concluded; its
differences are posted as differences. Documents: 盘点单 (stocktake), 报损单 (scrap), 损溢处理单 (loss_settlement).
"""
