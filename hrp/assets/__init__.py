"""Fixed assets (固定资产管理): cards with funding lines, the documents of their life, and depreciation by fund and department.

Documents of the floor: 资产入账单, 资产变动单, 资产调拨单, 折旧计提单, 资产处置核销单. Rooms above: see ARCHITECTURE.md.
"""
