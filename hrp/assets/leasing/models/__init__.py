"""The tables of 租赁 beside its documents."""

from hrp.assets.leasing.models.leases import Lease, LeaseCard, LeasePayment

__all__ = ["Lease", "LeaseCard", "LeasePayment"]
