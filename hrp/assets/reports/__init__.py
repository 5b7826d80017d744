"""资产报表: what the hospital owns as of any day, how it came and went, who bears its depreciation; every figure from facts."""
