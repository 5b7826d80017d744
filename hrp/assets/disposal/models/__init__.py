"""The tables of disposal that are no documents."""

from hrp.assets.disposal.models.rules import DisposalRule

__all__ = ["DisposalRule"]
