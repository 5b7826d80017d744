"""Verbs of 资产变更 beside its documents."""
