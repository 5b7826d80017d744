"""购置 of equipment: a department's request, who must say yes to it, the plan of a year, purchase, contract, acceptance, cards.

Documents: 设备申购单, 购置年度计划, 设备采购单, 购置合同, 设备验收单, 设备付款申请. Registers: 购置预算, 大型设备配置证 and 目录,
申购决策权限, 采购方式限额. What is accepted becomes draft cards, one a serial number, paid for as planned.
"""
