"""What items are found by."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models

from hrp.logistics.models import Item


class ItemSearch(models.Model):
    """Every ending of every word an item may be asked for by, so that any part of a word is the beginning of one.

    Written by triggers alone, whatever writes the item, its identifiers or its duplicates.
    """

    item = models.OneToOneField(Item, models.CASCADE, primary_key=True, related_name="search")
    vector = SearchVectorField()

    class Meta:
        verbose_name = "物资检索"
        db_table = "logistics_item_search"
        indexes = [GinIndex(fields=["vector"], name="logistics_item_search_words")]

    def __str__(self) -> str:
        return str(self.item_id)
