"""The rows of materials: the same language as :mod:`tests.permissions.matrix`, which begins by explaining it."""

from __future__ import annotations

# Who holds what: o in the own department, a in the whole hospital. The first line that names a permission decides.
HOLDS = """
                                                                            rq re hd ky sk pu iv cn tn ma ca fi di cs
logistics.stock_issue.view                                                  o  o  o  o  a  a  a  .  .  a  a  a  a  .
logistics.stock_issue.edit                                                  o  .  .  o  a  .  .  .  .  .  .  .  .  .
logistics.stock_issue.submit                                                o  .  .  .  a  .  .  .  .  .  .  .  .  .
logistics.stock_issue.print                                                 o  o  o  .  a  .  .  .  .  a  .  .  .  .
logistics.stock_receipt.edit logistics.stock_receipt.submit                 .  .  .  .  a  .  a  .  .  .  .  .  .  .
logistics.stock_receipt.print                                               .  .  .  .  a  .  a  .  .  a  .  .  .  .
logistics.stock_*.edit logistics.stock_*.submit                             .  .  .  .  a  .  .  .  .  .  .  .  .  .
logistics.transfer_receipt.edit logistics.transfer_receipt.submit           .  .  .  .  a  .  .  .  .  .  .  .  .  .
logistics.requisition.view logistics.department_return.view                 .  o  o  .  a  a  a  .  .  a  a  a  a  .
logistics.durable.view logistics.durable_scrap.view                         .  o  o  .  a  a  a  .  .  a  a  a  a  .
logistics.requisition.edit logistics.requisition.submit                     .  o  .  .  .  .  .  .  .  .  .  .  .  .
logistics.requisition.approve logistics.department_return.approve           .  .  o  .  .  .  .  .  .  a  .  a  .  .
logistics.durable_scrap.approve                                             .  .  o  .  .  .  .  .  .  a  .  a  .  .
logistics.requisition.post                                                  .  .  .  .  a  .  .  .  .  a  .  .  .  .
logistics.requisition.void                                                  .  o  .  .  .  .  .  .  .  a  .  .  .  .
logistics.requisition.print                                                 .  o  o  .  a  .  .  .  .  a  .  .  .  .
logistics.department_return.edit logistics.department_return.print          .  o  .  .  a  .  .  .  .  a  .  .  .  .
logistics.department_return.submit                                          .  o  .  .  a  .  .  .  .  .  .  .  .  .
logistics.department_return.post logistics.department_return.void           .  .  .  .  a  .  .  .  .  a  .  .  .  .
logistics.durable_scrap.edit logistics.durable_scrap.submit                 .  o  .  .  .  .  .  .  .  a  .  .  .  .
logistics.quota_card.view                                                   .  o  .  .  a  a  a  .  .  a  a  a  a  .
logistics.quota_card.scan                                                   .  o  .  .  a  .  .  .  .  a  .  .  .  .
logistics.quota_card.edit logistics.use_authority.edit                      .  .  .  .  a  .  .  .  .  a  .  .  .  .
logistics.delivery.sign                                                     .  o  o  .  .  .  .  .  .  .  .  .  .  .
logistics.delivery.hand_over                                                .  .  .  .  a  .  .  .  .  .  .  .  .  .
logistics.count.view                                                        .  .  .  .  a  a  a  a  .  a  a  a  a  .
logistics.count.work                                                        .  .  .  .  .  .  .  a  .  a  .  .  .  .
logistics.scrap.edit logistics.scrap.submit logistics.scrap.post            .  .  .  .  a  .  .  .  .  a  .  .  .  .
logistics.scrap.print logistics.scrap.destroy                               .  .  .  .  a  .  .  .  .  a  .  .  .  .
logistics.item.view                                                         o  o  o  .  a  a  a  a  o  a  a  a  a  a
logistics.budget_line.view                                                  .  .  o  .  a  a  a  .  .  a  a  a  a  .
logistics.budget_line.edit logistics.budget_line.change                     .  .  .  .  .  .  .  .  .  a  .  a  .  .
logistics.identifier.bind                                                   .  .  .  .  a  .  .  .  .  a  .  .  .  .
logistics.purchase_*.edit logistics.purchase_*.submit logistics.purchase_*.post .  .  .  .  .  a  .  .  .  .  .  .  .  .
logistics.purchase_*.void logistics.purchase_*.print                        .  .  .  .  .  a  .  .  .  a  .  .  .  .
logistics.delivery_note.edit logistics.delivery_note.submit                 .  .  .  .  .  a  a  .  .  .  .  .  .  .
logistics.delivery_note.post                                                .  .  .  .  .  a  a  .  .  a  .  .  .  .
logistics.delivery_note.void logistics.delivery_note.print                  .  .  .  .  .  a  a  .  .  a  .  .  .  .
logistics.inspection.edit logistics.inspection.submit                       .  .  .  .  .  .  a  .  .  .  .  .  .  .
logistics.inspection.post logistics.inspection.sign                         .  .  .  .  .  .  a  .  .  .  .  .  .  .
logistics.inspection.void logistics.inspection.print                        .  .  .  .  .  .  a  .  .  a  .  .  .  .
logistics.supplier_return.edit logistics.supplier_return.submit             .  .  .  .  a  a  .  .  .  .  .  .  .  .
logistics.supplier_return.post                                              .  .  .  .  a  .  .  .  .  a  .  .  .  .
logistics.supplier_return.void logistics.supplier_return.print              .  .  .  .  a  a  .  .  .  a  .  .  .  .
logistics.stocking_rule.edit                                                .  .  .  .  .  a  .  .  .  a  .  .  .  .
logistics.opening_stock.edit logistics.opening_stock.submit                 .  .  .  .  a  .  .  .  .  a  .  .  .  .
logistics.payment_request.post                                              .  .  .  .  .  .  .  .  .  .  .  a  .  .
logistics.month_close.reopen                                                .  .  .  .  .  .  .  .  .  a  .  a  .  .
logistics.operation_request.view logistics.unit.view                        .  .  .  .  a  a  a  .  o  a  a  a  a  .
logistics.recall.view                                                       .  .  .  .  a  a  a  .  o  a  a  a  a  a
logistics.patient_use.view                                                  .  .  .  .  a  a  a  .  o  a  a  a  a  .
logistics.adverse_event.view                                                .  .  .  .  a  a  a  .  o  a  a  a  a  .
logistics.operation_request.edit logistics.operation_request.submit         .  .  .  .  a  .  .  .  o  a  .  .  .  .
logistics.operation_request.post logistics.operation_request.void           .  .  .  .  a  .  .  .  o  a  .  .  .  .
logistics.operation_request.print logistics.unit.pick                       .  .  .  .  a  .  .  .  o  a  .  .  .  .
logistics.operation_request.export                                          .  .  .  .  a  a  a  .  o  a  .  a  .  .
logistics.recall.acknowledge                                                .  .  .  .  a  .  .  .  o  a  .  .  .  a
logistics.theatre.use                                                       .  .  .  .  .  .  .  .  o  .  .  .  .  .
logistics.adverse_event.edit                                                .  .  .  .  .  .  .  .  o  a  .  .  .  .
logistics.unit.edit logistics.freeze.edit                                   .  .  .  .  a  .  .  .  .  a  .  .  .  .
logistics.consign_*.edit logistics.consign_*.submit                         .  .  .  .  a  .  .  .  .  a  .  .  .  .
logistics.consign_*.post logistics.consign_*.void logistics.consign_*.print .  .  .  .  a  .  .  .  .  a  .  .  .  .
logistics.use_booking.edit logistics.use_booking.submit                     .  .  .  .  a  .  .  .  .  a  .  .  .  .
logistics.use_booking.post logistics.use_booking.void                       .  .  .  .  a  .  .  .  .  a  .  .  .  .
logistics.use_settlement.edit logistics.use_settlement.submit               .  .  .  .  a  .  .  .  .  a  .  .  .  .
logistics.use_settlement.post logistics.use_settlement.void                 .  .  .  .  a  .  .  .  .  a  .  .  .  .
logistics.use_booking.print logistics.use_settlement.print                  .  .  .  .  a  .  .  .  .  a  .  .  .  .
logistics.store.view                                                        .  .  .  .  a  a  a  .  o  a  a  a  a  .
logistics.*.export                                                          .  .  .  .  a  a  a  .  .  a  .  a  .  .
logistics.*.view                                                            .  .  .  .  a  a  a  .  .  a  a  a  a  .
logistics.*.approve                                                         .  .  .  .  .  .  .  .  .  a  .  a  .  .
logistics.*.reverse                                                         .  .  .  .  .  .  .  .  .  a  .  .  .  .
logistics.stock_*.* logistics.transfer_receipt.*                            .  .  .  .  a  .  .  .  .  a  .  .  .  .
logistics.*                                                                 .  .  .  .  .  .  .  .  .  a  .  .  .  .
"""

BY_DEPARTMENT = """
logistics.store logistics.balance logistics.move logistics.one_off logistics.budget_line logistics.stocking_rule
logistics.purchasing.receive logistics.purchasing.checks logistics.purchasing.concede
logistics.purchasing.replenishment.run logistics.purchasing.replenishment.plan
logistics.picking logistics.quota_card logistics.department_quota logistics.use_authority logistics.durable
logistics.requisition.grant logistics.deliveries.sign logistics.count logistics.pending_loss
logistics.handheld.receive.one logistics.handheld.receive.scan logistics.handheld.pick.start
logistics.handheld.pick.one logistics.handheld.pick.scan logistics.handheld.cards
logistics.unit logistics.patient_use logistics.emergency_use logistics.use_charge logistics.consign_move
logistics.recall_place logistics.adverse_event logistics.trace logistics.unit_labels logistics.unit_scan.scan
logistics.unit_scan.drop logistics.theatre.cancel logistics.theatre.sheet
"""

# Lists of the whole hospital for whoever may use them at all: goods are asked of, and sent to, stores of other
# departments, and the lots of an item are its maker's.
OF_ALL = frozenset({
    "lookup:logistics.any_store", "lookup:logistics.giving_store", "lookup:logistics.returning_store",
    "lookup:logistics.batch", "lookup:logistics.issued_batch", "lookup:logistics.any_batch",
})  # fmt: skip

# What names a store of another department rightly: it asks it for goods, or brings them back.
OF_OTHER_STORES = frozenset({"logistics.requisition", "logistics.department_return", "logistics.quota_card"})

CALLED = {
    "logistics.balance": "logistics.stock", "logistics.move": "logistics.stock",
    "logistics.picking": "logistics.requisition", "logistics.picking.view": "logistics.requisition.post",
    "logistics.emergency_use": "logistics.patient_use", "logistics.use_charge": "logistics.charge",
    "logistics.his_charge": "logistics.charge", "logistics.consign_move": "logistics.stock",
    "logistics.recall_place": "logistics.recall", "logistics.einvoice": "logistics.supplier_invoice", "logistics.authorisation": "logistics.license", "logistics.admission": "logistics.item",
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
logistics.transfer_receipt.edit|logistics.stock.view|logistics.cost_adjustment.edit GET lookup:logistics.batch
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

logistics.purchase_order.view     GET          logistics.purchasing.orders
logistics.inspection.edit         GET POST     logistics.purchasing.receive logistics.purchasing.checks
logistics.purchase_plan.edit      GET          logistics.purchasing.replenishment
logistics.purchase_plan.edit      POST         logistics.purchasing.replenishment.run logistics.purchasing.replenishment.plan
logistics.concession.decide       GET          logistics.purchasing.concessions
logistics.concession.decide       POST         logistics.purchasing.concede
logistics.supplier_score.view     GET          logistics.purchasing.scores
view logistics.purchase_order.edit POST        logistics.purchase_plan.detail:order
view edit                         POST         logistics.purchase_order.detail:send logistics.purchase_order.detail:confirm logistics.purchase_order.detail:chase
view edit                         POST         logistics.purchase_order.detail:change logistics.purchase_order.detail:close
view logistics.inspection.edit    POST         logistics.purchase_order.detail:receive
view edit                         POST         logistics.inspection.detail:check logistics.inspection.detail:receipt logistics.supplier_return.detail:confirm
view logistics.inspection.sign    POST         logistics.inspection.detail:sign
view edit                         POST         logistics.stocking_rule.act:cards
logistics.stock_receipt.edit|logistics.delivery_note.edit|logistics.inspection.edit GET lookup:logistics.order_line
logistics.inspection.edit         GET          lookup:logistics.delivery_note_shipped
logistics.supplier_return.edit    GET          lookup:logistics.receipt_to_return

logistics.stock.view              GET          logistics.stock_ledger logistics.stock_ledger.item
logistics.payable.view!           GET          logistics.payables logistics.payables.statement
logistics.payable.export!         GET          logistics.payables.paper
logistics.month_close.view!       GET          logistics.month_close logistics.month_close.month
logistics.month_close.close!      POST         logistics.month_close.close logistics.month_close.adjust
logistics.month_close.reopen!     POST         logistics.month_close.reopen
edit                              POST         logistics.einvoice.page_act:import
view edit                         POST         logistics.einvoice.act:book
view logistics.cost_adjustment.edit POST       logistics.einvoice.act:allocate
view logistics.opening_stock.enable POST       logistics.opening_stock.detail:enable
view logistics.payment_request.post POST       logistics.payment_request.detail:pay
logistics.supplier_invoice.edit   GET          lookup:logistics.waiting_receipt_line lookup:logistics.blue_invoice
logistics.cost_adjustment.edit    GET          lookup:logistics.receipt_line lookup:logistics.posted_receipt
logistics.payment_request.edit    GET          lookup:logistics.open_payable

view logistics.requisition.post   POST         logistics.requisition.detail:grant logistics.requisition.detail:deliver logistics.requisition.detail:pick
view logistics.requisition.post   POST         logistics.requisition.detail:close
logistics.requisition.post        GET POST     logistics.requisition.grant
view                              POST         logistics.picking.act:*
view export                       GET          logistics.picking.export
view logistics.quota_card.scan    POST         logistics.quota_card.act:put_back
logistics.delivery.sign           GET          logistics.deliveries
logistics.delivery.sign           POST         logistics.deliveries.sign
logistics.requisition.edit        GET          lookup:logistics.department_store
logistics.requisition.edit|logistics.quota_card.edit|logistics.department_return.edit GET lookup:logistics.giving_store
logistics.department_return.edit  GET          lookup:logistics.issue_of_department lookup:logistics.issued_batch lookup:logistics.returning_store

nobody                            GET POST     logistics.stocktake.new
edit                              POST         logistics.count.page_act:plan
view edit                         POST         logistics.count.act:conclude logistics.count.act:cancel
logistics.count.view              GET          logistics.count.sheet logistics.count.result
view logistics.scrap.appraise     POST         logistics.scrap.detail:appraise
view logistics.scrap.destroy      POST         logistics.scrap.detail:destroy
logistics.count.edit|logistics.scrap.destroy GET lookup:logistics.colleague
logistics.scrap.edit              GET          lookup:logistics.held_batch

logistics.transfer_receipt.edit|logistics.requisition.post|logistics.delivery.*|logistics.count.work|logistics.quota_card.scan|logistics.bin.put|logistics.stock.view GET logistics.handheld
logistics.transfer_receipt.edit   GET          logistics.handheld.receive
logistics.transfer_receipt.edit   GET POST     logistics.handheld.receive.one
logistics.transfer_receipt.edit   POST         logistics.handheld.receive.scan
logistics.requisition.post        GET          logistics.handheld.pick
logistics.requisition.post        GET POST     logistics.handheld.pick.one
logistics.requisition.post        POST         logistics.handheld.pick.start logistics.handheld.pick.scan
logistics.delivery.sign|logistics.delivery.hand_over GET logistics.handheld.sign
logistics.delivery.sign|logistics.delivery.hand_over POST logistics.handheld.sign.scan
logistics.count.work              GET          logistics.handheld.counts
logistics.count.work ^cn          GET          logistics.handheld.count logistics.handheld.count.sheet
logistics.count.work ^cn          POST         logistics.handheld.count.sync
logistics.quota_card.scan         GET          logistics.handheld.cards
logistics.quota_card.scan logistics.requisition.edit POST logistics.handheld.cards
logistics.quota_card.scan         POST         logistics.handheld.cards.scan

logistics.theatre.use             GET          logistics.theatre logistics.theatre.sheet
logistics.theatre.use             POST         logistics.theatre.use logistics.theatre.emergency logistics.theatre.cancel
logistics.use_booking.post        POST         logistics.theatre.book
logistics.unit.view               GET          logistics.trace logistics.trace.unit logistics.trace.paper logistics.unit_labels
logistics.unit.pick               GET          logistics.unit_scan
logistics.unit.pick               POST         logistics.unit_scan.scan logistics.unit_scan.drop
logistics.charge.view             GET          logistics.charges
logistics.recall.view!            GET          logistics.recall_report
view edit                         POST         logistics.unit.act:* logistics.use_charge.act:explain logistics.recall_place.act:dispose logistics.adverse_event.act:report
view logistics.patient_use.cancel POST         logistics.patient_use.act:cancel
view approve                      POST         logistics.emergency_use.act:*
view!                             GET          logistics.his_charge.detail api:logistics.his_charge.get
edit!                             POST         logistics.his_charge.new
edit!                             GET POST     logistics.his_charge.edit
view! logistics.charge.edit!      POST         logistics.his_charge.act:explain
edit!                             POST         logistics.recall.new
view edit!                        POST         logistics.recall.act:close
view logistics.freeze.release!    POST         logistics.freeze.act:release
view logistics.freeze.edit        POST         logistics.adverse_event.act:freeze
view logistics.recall.acknowledge POST         logistics.recall_place.act:acknowledge
view ~logistics.recall.acknowledge POST        logistics.recall_place.bulk:acknowledge
logistics.consign_in.edit|logistics.consign_out.edit GET lookup:logistics.cabinet
logistics.consign_in.edit|logistics.operation_request.edit|logistics.consign_statement.edit GET lookup:logistics.piece_item
logistics.consign_out.edit        GET          lookup:logistics.consigned_unit
logistics.use_settlement.edit     GET          lookup:logistics.booked_unit
logistics.use_booking.edit        GET          lookup:logistics.use_to_book
logistics.freeze.edit|logistics.adverse_event.edit|logistics.consign_statement.edit GET lookup:logistics.any_batch
logistics.adverse_event.edit|logistics.unit.view GET lookup:logistics.any_unit
"""
