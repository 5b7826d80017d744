"""Hand-drawn pages of 资产变更."""
