"""The tables of the catalogue, by noun."""

from hrp.logistics.catalogue.models.classes import ClassNode, ItemClass, Scheme
from hrp.logistics.catalogue.models.identifiers import (
    ItemAlias,
    ItemIdentifier,
    ItemUnit,
    PackageLevel,
    ScanRecord,
)
from hrp.logistics.catalogue.models.licenses import Authorisation, License, LicenseFile, LicenseKind, Override
from hrp.logistics.catalogue.models.life import ItemDecision, Stage
from hrp.logistics.catalogue.models.prices import PriceAgreement, VolumeContract, VolumeItem
from hrp.logistics.catalogue.models.sales import PriceEffect, PriceTakeOver, SalePrice
from hrp.logistics.catalogue.models.search import ItemSearch
from hrp.logistics.catalogue.models.supply import OneOffPurchase, OneOffUse, SupplyLine, SupplyVersion

__all__ = [
    "Authorisation", "ClassNode", "ItemAlias", "ItemClass", "ItemDecision", "ItemIdentifier", "ItemSearch", "ItemUnit",
    "License", "LicenseFile", "LicenseKind", "OneOffPurchase", "OneOffUse", "Override", "PackageLevel", "PriceAgreement",
    "PriceEffect", "PriceTakeOver", "SalePrice", "ScanRecord", "Scheme", "Stage", "SupplyLine", "SupplyVersion", "VolumeContract", "VolumeItem",
]  # fmt: skip
