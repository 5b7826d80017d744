"""Addresses of the pages no declaration gives."""

from django.urls import path

from hrp.logistics.settlement.views import closing, owed, stock

urlpatterns = [
    path("stock-ledger", stock.summary, name="logistics.stock_ledger"),
    path("stock-ledger/<int:pk>", stock.ledger, name="logistics.stock_ledger.item"),
    path("payables", owed.ages, name="logistics.payables"),
    path("payables/<int:pk>", owed.statement, name="logistics.payables.statement"),
    path("payables/<int:pk>/pdf", owed.paper, name="logistics.payables.paper"),
    path("month-close", closing.listing, name="logistics.month_close"),
    path("month-close/<int:pk>", closing.month, name="logistics.month_close.month"),
    path("month-close/<int:pk>/close", closing.close, name="logistics.month_close.close"),
    path("month-close/<int:pk>/adjust", closing.adjust, name="logistics.month_close.adjust"),
    path("month-close/<int:pk>/reopen", closing.reopen, name="logistics.month_close.reopen"),
]
