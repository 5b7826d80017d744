"""The rows of the newer rooms of materials: sterile supply, reagents, hazards, cold places, bins, labels and prices.

The same language as :mod:`tests.permissions.matrix`; asked before :mod:`tests.permissions.materials`, whose last lines
speak of everything of materials.
"""

from __future__ import annotations

HOLDS = """
                                                                            rq re hd ky sk pu iv cn tn ma ca fi di cs
logistics.project.view                                                      .  o  o  .  a  a  a  .  .  a  a  a  a  .
logistics.supplier.view logistics.reagent.view                              .  .  .  .  a  a  a  .  .  a  a  a  a  a
logistics.price_adjustment.edit logistics.price_adjustment.submit           .  .  .  .  .  a  .  .  .  .  .  .  .  .
logistics.price_adjustment.void logistics.price_adjustment.print            .  .  .  .  .  a  .  .  .  a  .  .  .  .
logistics.price_adjustment.tell                                             .  .  .  .  .  a  .  .  .  a  .  .  .  .
logistics.label.print                                                       .  .  .  .  a  .  .  .  .  a  .  .  .  .
logistics.bin.edit logistics.bin.import logistics.bin.put                   .  .  .  .  a  .  .  .  .  a  .  .  .  .
logistics.pack.view                                                         .  .  .  .  a  a  a  .  o  a  a  a  a  a
logistics.pack.use                                                          .  .  .  .  .  .  .  .  o  .  .  .  .  a
logistics.pack.work logistics.pack.release                                  .  .  .  .  .  .  .  .  .  .  .  .  .  a
logistics.pack_type.view                                                    .  .  .  .  a  a  a  .  .  a  a  a  a  a
logistics.pack_type.edit                                                    .  .  .  .  .  .  .  .  .  a  .  .  .  a
logistics.pack.export logistics.pack_type.export                            .  .  .  .  a  a  a  .  .  a  .  a  .  a
logistics.reagent.work logistics.hazard.work logistics.cold.work            .  .  .  .  a  .  .  .  .  a  .  .  .  .
"""

BY_DEPARTMENT = """
logistics.bin logistics.bin_stock logistics.handheld.putaway.one logistics.handheld.putaway.scan logistics.labels
logistics.pack_issue logistics.cold logistics.hazard logistics.back_flush logistics.reagent_norm
logistics.implant_card logistics.use_record
"""

CALLED = {
    "logistics.bin_stock": "logistics.stock",
    "logistics.sterile_load": "logistics.pack", "logistics.pack_issue": "logistics.pack",
    "logistics.emergency_release": "logistics.pack", "logistics.foreign_set": "logistics.pack",
    "logistics.foreign_set.edit": "logistics.pack.work", "logistics.packing_material": "logistics.pack_type",
    "logistics.sterile_machine": "logistics.pack_type",
    "logistics.reagent_vial": "logistics.reagent", "logistics.reagent_log": "logistics.reagent",
    "logistics.lis_count": "logistics.reagent", "logistics.back_flush": "logistics.reagent",
    "logistics.reagent_norm": "logistics.reagent", "logistics.hazard.edit": "logistics.hazard.work",
    "logistics.use_quota": "logistics.patient_use", "logistics.use_quota.edit": "logistics.patient_use.approve",
    "logistics.sale_price_changes": "logistics.price_adjustment",
    "logistics.price_take_over": "logistics.price_adjustment",
    "logistics.order_execution": "logistics.purchase_order",
    "logistics.supplier_balances": "logistics.payable", "logistics.payable_ageing": "logistics.payable",
    "logistics.volume_rate": "logistics.volume_contract", "logistics.ending_papers": "logistics.license",
    "logistics.quota_use": "logistics.department_quota", "logistics.count_differences": "logistics.stocktake",
    "logistics.project_use": "logistics.stock_issue", "logistics.abc_ved": "logistics.stock_issue",
    "logistics.material_ratios": "logistics.stock_issue",
    "logistics.not_charged": "logistics.patient_use", "logistics.by_diagnosis": "logistics.patient_use",
    "logistics.by_operator": "logistics.patient_use",
}  # fmt: skip

DOORS = """
edit                              POST         {document}.advise
view edit                         POST         logistics.purchase_plan.detail:close
logistics.label.print             GET POST     logistics.labels
logistics.patient_use.view        GET          logistics.implant_card
logistics.patient_use.export      GET          logistics.use_record
logistics.patient_use.approve     GET          lookup:logistics.quota_item
logistics.supplier_invoice.edit   GET          lookup:logistics.settled_payable
view|logistics.stock_issue.edit   GET          lookup:logistics.project

edit                              POST         logistics.bin.page_act:lay_out
view edit                         POST         logistics.bin.panel:homes
view logistics.bin.put            POST         logistics.bin_stock.act:put
logistics.bin.put                 GET          logistics.handheld.putaway logistics.handheld.putaway.one
logistics.bin.put                 POST         logistics.handheld.putaway.scan
logistics.stock.view              GET          logistics.handheld.recall
logistics.stock.view              POST         logistics.handheld.recall.scan
logistics.bin.edit|logistics.bin.put GET       lookup:logistics.open_bin

logistics.pack.work|logistics.pack.use GET     logistics.sterile
logistics.pack.work|logistics.pack.use POST    logistics.sterile.scan
logistics.pack.view               GET          logistics.pack_labels logistics.sterile_load_list logistics.foreign_photo
logistics.pack.work               POST         logistics.sterile_load.page_act:start logistics.back_flush.page_act:flush_packs
logistics.pack.work               GET          lookup:logistics.steriliser
view logistics.pack.release       POST         logistics.sterile_load.act:* logistics.pack.act:early logistics.emergency_release.act:follow
view logistics.pack.work          POST         logistics.foreign_set.act:* logistics.pack_type.act:register
view edit                         POST         logistics.pack_type.panel:*
costing.stat_entry.edit           POST         logistics.pack_issue.page_act:costing

logistics.reagent.work            POST         logistics.reagent_vial.page_act:open logistics.reagent_log.page_act:log
logistics.reagent.work            POST         logistics.back_flush.page_act:flush
view logistics.reagent.work       POST         logistics.reagent_vial.act:close
logistics.reagent.work            GET          lookup:logistics.reagent_batch
view logistics.cold.work          POST         logistics.cold.act:read
view logistics.hazard.work        POST         logistics.hazard.act:*
logistics.hazard.work             GET          lookup:logistics.hazard_item
"""
