"""The rows of materials: the same language as :mod:`tests.permissions.matrix`, which begins by explaining it."""

from __future__ import annotations

# Who holds what: o in the own department, a in the whole hospital. The first line that names a permission decides.
HOLDS = """
                                                                            rq re hd ky sk pu iv cn tn ma ca fi di
logistics.stock_issue.view                                                  o  o  o  o  a  a  a  .  .  a  a  a  a
logistics.stock_issue.edit                                                  o  .  .  o  a  .  .  .  .  .  .  .  .
logistics.stock_issue.submit                                                o  .  .  .  a  .  .  .  .  .  .  .  .
logistics.stock_issue.print                                                 o  o  o  .  a  .  .  .  .  a  .  .  .
logistics.stock_receipt.edit logistics.stock_receipt.submit                 .  .  .  .  a  .  a  .  .  .  .  .  .
logistics.stock_receipt.print                                               .  .  .  .  a  .  a  .  .  a  .  .  .
logistics.stock_*.edit logistics.stock_*.submit                             .  .  .  .  a  .  .  .  .  .  .  .  .
logistics.transfer_receipt.edit logistics.transfer_receipt.submit           .  .  .  .  a  .  .  .  .  .  .  .  .
logistics.item.view                                                         o  o  o  .  a  a  a  a  o  a  a  a  a
logistics.budget_line.view                                                  .  .  o  .  a  a  a  .  .  a  a  a  a
logistics.budget_line.edit logistics.budget_line.change                     .  .  .  .  .  .  .  .  .  a  .  a  .
logistics.identifier.bind                                                   .  .  .  .  a  .  .  .  .  a  .  .  .
logistics.store.view                                                        .  .  .  .  a  a  a  .  o  a  a  a  a
logistics.*.export                                                          .  .  .  .  a  a  a  .  .  a  .  a  .
logistics.*.view                                                            .  .  .  .  a  a  a  .  .  a  a  a  a
logistics.*.approve                                                         .  .  .  .  .  .  .  .  .  a  .  a  .
logistics.*.reverse                                                         .  .  .  .  .  .  .  .  .  a  .  .  .
logistics.stock_*.* logistics.transfer_receipt.*                            .  .  .  .  a  .  .  .  .  a  .  .  .
logistics.*                                                                 .  .  .  .  .  .  .  .  .  a  .  .  .
"""

BY_DEPARTMENT = """
logistics.store logistics.balance logistics.move logistics.one_off logistics.budget_line
"""

# Lists of the whole hospital for whoever may use them at all: goods are sent to stores of other departments.
OF_ALL = frozenset({"lookup:logistics.any_store"})

CALLED = {
    "logistics.balance": "logistics.stock", "logistics.move": "logistics.stock",
    "logistics.authorisation": "logistics.license", "logistics.admission": "logistics.item",
    "logistics.stock_as_of": "logistics.stock", "logistics.near_expiry": "logistics.stock",
    "logistics.idle_goods": "logistics.stock", "logistics.turnover": "logistics.stock",
    "logistics.usage_by_department": "logistics.stock_issue", "logistics.usage_matrix": "logistics.stock_issue",
    "logistics.usage": "logistics.stock_issue", "logistics.abc_ranking": "logistics.stock_issue",
    "logistics.received_by_supplier": "logistics.stock_receipt",
    "logistics.estimated_receipts": "logistics.stock_receipt", "logistics.price_changes": "logistics.stock_receipt",
}  # fmt: skip

DOORS = """
view logistics.transfer_receipt.edit POST      logistics.stock_transfer.detail:receive
logistics.item.view|logistics.stock_*.edit GET lookup:logistics.item
logistics.st*.view|logistics.stock_*.edit|logistics.count.view GET lookup:logistics.store
logistics.stock_transfer.edit     GET          lookup:logistics.any_store
logistics.transfer_receipt.edit|logistics.stock.view GET lookup:logistics.batch
logistics.transfer_receipt.edit   GET          lookup:logistics.transfer_on_the_way
view|logistics.stock_receipt.*    GET          lookup:logistics.supplier
view|logistics.item.*             GET          lookup:logistics.material_class
logistics.item.view|logistics.stock_*.edit POST lookup.scan:logistics.item

view edit                         POST         logistics.item.act:submit logistics.item.act:freeze logistics.item.act:thaw logistics.item.act:revive
view logistics.item.qualify       POST         logistics.item.act:qualify logistics.item.act:reject
view logistics.item.approve       POST         logistics.item.act:admit
view logistics.item.merge         POST         logistics.item.act:merge
view edit                         POST         logistics.item.panel:units logistics.item.panel:classes
view logistics.identifier.bind    POST         logistics.item.panel:identifiers
logistics.identifier.bind         GET POST     logistics.identifier.bind
logistics.item.view               GET          logistics.scanner
logistics.item.view               POST         logistics.scanner.read
logistics.license.view            GET          logistics.license.file
edit                              POST         logistics.class_node.page_act:install
view edit                         POST         logistics.license.act:attach logistics.agreement.act:end logistics.volume_contract.panel:items logistics.supply_version.act:drop logistics.supply_version.panel:lines
view logistics.override.head      POST         logistics.override.act:head logistics.override.act:revoke
view logistics.override.quality   POST         logistics.override.act:quality
view approve                      POST         logistics.supply_version.act:publish logistics.one_off.act:approve

view logistics.budget_line.change POST         logistics.budget_line.act:change logistics.budget_line.act:carry
"""
