"""申领: what departments ask for, are given, sign for and bring back.

Registers: 科室定额, 使用权限, 定数卡, 在用低值易耗品. Documents: 申领单 (requisition), 科室退库单 (department_return),
在用品报废单 (durable_scrap). Posting a requisition is the store's word: it promises the stock; the issue or transfer
made from it consumes the promise.
"""
