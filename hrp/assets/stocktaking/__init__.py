"""盘点 of assets: plans, tasks of departments, scans by phone, results, and what follows from them.

Document: 盘亏盘盈处理单. Registers: 盘点计划, 科室盘点任务, 账外资产, 待处理资产损溢.
"""
