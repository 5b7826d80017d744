"""The demo hospital: invented, deterministic, built through the product's own verbs wherever something is posted."""

from hrp.config.demo.accounts import ACCOUNTS

__all__ = ["ACCOUNTS"]
