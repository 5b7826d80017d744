"""Screens of the module, declared: registers, then one file per document."""
