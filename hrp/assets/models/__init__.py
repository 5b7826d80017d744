"""The tables of fixed assets, by noun. Amounts in yuan; months are counted since year 0 (:class:`hrp.assets.rules.months.Month`)."""

from hrp.assets.models.cards import Asset, DepartmentShare, FundingLine, NumberSeries, UsageReading
from hrp.assets.models.classes import AssetClass, FundingSource, LifeRule, Location
from hrp.assets.models.facts import CardEvent, Depreciation, Plan, ValueMove

__all__ = [
    "Asset", "AssetClass", "CardEvent", "DepartmentShare", "Depreciation", "FundingLine", "FundingSource", "LifeRule",
    "Location", "NumberSeries", "Plan", "UsageReading", "ValueMove",
]  # fmt: skip
