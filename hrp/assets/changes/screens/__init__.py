"""Declared screens of 资产变更."""
