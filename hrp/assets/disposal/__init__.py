"""处置 of assets: request, opinions in their order, approval by rules with dates, execution, proceeds, write-off, archive.

Documents: 处置申请单, 处置收入单. Register: 处置审批权限. What is written off stays traceable (账销案存).
"""
