"""The rows of fixed assets: the same language as :mod:`tests.permissions.matrix`, which begins by explaining it."""

from __future__ import annotations

# Who holds what: o in the own department, a in the whole hospital. The first line that names a permission decides.
HOLDS = """
                                                                                 aa ao ee cu hd ky ca fi di ex
assets.asset.view                                                                a  a  a  o  .  o  a  a  a  .
assets.asset.export                                                              a  a  a  .  .  .  .  a  .  .
assets.asset_class.view                                                          a  a  a  .  .  .  a  a  a  .
assets.location.view                                                             a  a  a  o  .  .  a  a  a  .

assets.acquisition_request.view                                                  a  a  a  o  o  .  a  a  a  a
assets.acquisition_request.edit assets.acquisition_request.submit                .  a  .  .  o  .  .  .  .  .
assets.acquisition_request.void                                                  .  a  .  .  o  .  .  .  .  .
assets.acquisition_request.print                                                 a  a  .  .  o  .  .  .  .  .
assets.acquisition_request.vote                                                  .  .  a  .  .  .  .  .  a  a
assets.acquisition_request.committee assets.acquisition_request.resolve          .  .  .  .  .  .  .  .  a  .
assets.acquisition_request.office assets.acquisition_request.post                .  a  .  .  .  .  .  .  .  .
assets.acquisition_acceptance.view                                               a  a  a  o  o  .  a  a  a  .
assets.acquisition_acceptance.clinical                                           .  .  .  .  o  .  .  .  .  .
assets.acquisition_acceptance.technical                                          .  .  a  .  .  .  .  .  .  .
assets.acquisition_acceptance.edit assets.acquisition_acceptance.submit          .  a  a  .  .  .  .  .  .  .
assets.acquisition_acceptance.work assets.acquisition_acceptance.void            .  a  a  .  .  .  .  .  .  .
assets.acquisition_acceptance.print                                              a  a  a  .  o  .  .  .  .  .
assets.acquisition_acceptance.export                                             a  a  a  .  .  .  .  a  .  .
assets.acquisition_acceptance.post                                               .  a  .  .  .  .  .  .  .  .
assets.acquisition_purchase.view assets.acquisition_contract.view                a  a  a  .  .  .  a  a  a  .
assets.acquisition_contract.legal                                                .  .  .  .  .  .  .  a  .  .
assets.acquisition_payment.post                                                  a  .  .  .  .  .  .  a  .  .
assets.acquisition_payment.edit assets.acquisition_payment.submit                a  a  .  .  .  .  .  .  .  .
assets.acquisition_payment.void assets.acquisition_*.print                       a  a  .  .  .  .  .  .  .  .
assets.acquisition_budget.edit                                                   a  .  .  .  .  .  .  a  .  .
assets.acquisition_budget.import                                                 a  .  .  .  .  .  .  .  .  .
assets.acquisition_rule.edit assets.acquisition_rule.import                      a  a  .  .  .  .  .  .  .  .
assets.large_licence.edit assets.large_licence.import                            a  a  .  .  .  .  .  .  .  .
assets.acquisition_*.edit assets.acquisition_*.submit assets.acquisition_*.post  .  a  .  .  .  .  .  .  .  .
assets.acquisition_*.void assets.acquisition_purchase.bid                        .  a  .  .  .  .  .  .  .  .
assets.acquisition_purchase.award assets.acquisition_contract.sign               .  a  .  .  .  .  .  .  .  .
assets.acquisition_contract.close                                                .  a  .  .  .  .  .  .  .  .

assets.repair.view assets.care.view assets.stop_tag.view assets.metrology.view   a  a  a  o  .  .  a  a  a  .
assets.device_event.view assets.safety_notice.view assets.readiness.view         a  a  a  o  .  .  a  a  a  .
assets.contract.view assets.benefit.view assets.equipment_report.view            a  a  a  .  .  .  a  a  a  .
assets.repair.report assets.care.work assets.device_event.edit                   .  .  a  o  .  .  .  .  .  .
assets.safety_notice.handle assets.readiness.check                               .  .  a  o  .  .  .  .  .  .
assets.repair.accept                                                             .  .  .  o  .  .  .  .  .  .
assets.repair.dispatch assets.repair.work assets.repair.check                    .  .  a  .  .  .  .  .  .  .
assets.care.edit assets.care.import assets.stop_tag.edit                         .  .  a  .  .  .  .  .  .  .
assets.metrology.edit assets.metrology.import                                    .  .  a  .  .  .  .  .  .  .
assets.safety_notice.edit assets.readiness.lend                                  .  .  a  .  .  .  .  .  .  .
assets.contract.edit assets.contract.import                                      a  .  a  .  .  .  .  .  .  .
assets.benefit.edit assets.benefit.import                                        a  .  a  .  .  .  .  .  .  .
assets.repair.export assets.care.export assets.stop_tag.export                   a  a  a  .  .  .  .  a  .  .
assets.metrology.export assets.contract.export assets.device_event.export        a  a  a  .  .  .  .  a  .  .
assets.safety_notice.export assets.readiness.export assets.benefit.export        a  a  a  .  .  .  .  a  .  .
assets.equipment_report.export                                                   a  a  a  .  .  .  .  a  .  .

assets.stocktake_task.view assets.found_asset.view                               a  a  .  o  .  .  a  a  a  .
assets.stocktake_task.work assets.label.print                                    a  a  .  o  .  .  .  .  .  .
assets.stocktake_task.confirm                                                    .  a  .  o  .  .  .  .  .  .
assets.stocktake.edit assets.found_asset.edit                                    a  a  .  .  .  .  .  .  .  .
assets.asset_transfer.edit assets.asset_transfer.submit                          a  a  .  .  .  .  .  .  .  .
assets.asset_transfer.post assets.asset_transfer.void                            a  a  .  .  .  .  .  .  .  .
assets.asset_transfer.print                                                      a  a  .  .  .  .  .  .  .  .
assets.write_off.edit assets.write_off.submit                                    a  a  .  .  .  .  .  .  .  .

assets.asset_transfer.view assets.relocation.view                                a  a  .  o  .  .  a  a  a  .
assets.relocation.edit assets.relocation.submit assets.relocation.print          a  a  .  o  .  .  .  .  .  .
assets.handover.receive                                                          a  a  .  o  .  .  .  .  .  .
assets.relocation.post assets.relocation.void                                    a  a  .  .  .  .  .  .  .  .
assets.split.edit assets.split.submit assets.merge.edit assets.merge.submit      a  a  .  .  .  .  .  .  .  .
assets.rent_out.edit assets.rent_out.submit assets.rent_out.post                 a  a  .  .  .  .  .  .  .  .
assets.rent_out.void assets.rent_out.print assets.rent_out.back                  a  a  .  .  .  .  .  .  .  .
assets.lease.edit assets.lease.import assets.project.edit assets.project.import  a  a  .  .  .  .  .  .  .  .

assets.disposal_request.view                                                     a  a  a  o  .  .  a  a  a  .
assets.disposal_request.edit assets.disposal_request.submit                      a  a  .  o  .  .  .  .  .  .
assets.disposal_request.print                                                    a  a  .  o  .  .  .  .  .  .
assets.disposal_request.post assets.disposal_request.void                        a  a  .  .  .  .  .  .  .  .
assets.disposal_request.appraisal                                                .  .  a  .  .  .  .  .  .  .
assets.disposal_request.office                                                   .  a  .  .  .  .  .  .  .  .
assets.disposal_request.finance                                                  a  .  .  .  .  .  .  a  .  .
assets.disposal_request.committee                                                .  .  .  .  .  .  .  .  a  .
assets.disposal_request.external assets.disposal_request.execute                 a  a  .  .  .  .  .  .  .  .
assets.disposal_request.archive                                                  a  a  .  .  .  .  .  .  .  .
assets.disposal_rule.edit assets.disposal_rule.import                            a  a  .  .  .  .  .  .  .  .

assets.*.view                                                                    a  a  .  .  .  .  a  a  a  .
assets.*.export                                                                  a  a  .  .  .  .  .  a  .  .
assets.*.approve                                                                 .  .  .  .  .  .  .  a  .  .
assets.*                                                                         a  .  .  .  .  .  .  .  .  .
"""

BY_DEPARTMENT = """
assets.asset assets.usage assets.repair assets.care_plan assets.task assets.risk assets.stop_tag assets.metrology
assets.device_event assets.affected_card assets.loan assets.machine_revenue assets.machine_cost assets.forecast
assets.stocktake assets.stocktake_task assets.found_asset assets.pending_loss assets.written_off
assets.card assets.scan assets.repair_photo assets.certificate assets.trend assets.readiness assets.hand
assets.stocktake_finding assets.labels assets.handover assets.lease assets.project
"""

CALLED = {
    "assets.care_template": "assets.care", "assets.care_plan": "assets.care", "assets.task": "assets.care",
    "assets.risk": "assets.care", "assets.affected_card": "assets.safety_notice", "assets.loan": "assets.readiness",
    "assets.loan.edit": "assets.readiness.lend", "assets.machine_revenue": "assets.benefit",
    "assets.machine_cost": "assets.benefit", "assets.forecast": "assets.benefit",
    "assets.acquisition_step_rule": "assets.acquisition_rule", "assets.acquisition_method_rule": "assets.acquisition_rule",
    "assets.large_class": "assets.acquisition_rule",
    "assets.kpi": "assets.equipment_report", "assets.care_completion": "assets.equipment_report",
    "assets.ready_rate": "assets.equipment_report", "assets.metrology_due": "assets.equipment_report",
    "assets.contract_expense": "assets.equipment_report", "assets.quality": "assets.equipment_report",
    "assets.contract_compare": "assets.contract", "assets.benefit_ranking": "assets.benefit",
    "assets.forecast_actual": "assets.benefit",
    "assets.ledger_book": "assets.report", "assets.as_of": "assets.report", "assets.change_list": "assets.report",
    "assets.funding_structure": "assets.report", "assets.fully_depreciated": "assets.report",
    "assets.depreciation_summary": "assets.report", "assets.department_list": "assets.report",
    "assets.idle": "assets.report", "assets.estimated": "assets.report", "assets.ages": "assets.report",
    "assets.large_devices": "assets.report", "assets.counted_devices": "assets.report",
    "assets.annual_report": "assets.report",
}  # fmt: skip

DOORS = """
assets.asset.view                 GET          assets.card assets.card.paper
assets.label.print                GET POST     assets.labels
view edit                         POST         assets.asset.act:discard assets.asset.panel:funding assets.asset.panel:shares
view assets.repair.report         POST         assets.asset.act:report_fault
signed                            GET          lookup:assets.asset_class lookup:assets.location lookup:assets.care_template lookup:assets.large_class
assets.booking.edit               GET          lookup:assets.draft_card
assets.revision.edit              GET          lookup:assets.revision_card
assets.asset_transfer.edit        GET          lookup:assets.asset_transfer_card
assets.write_off.edit             GET          lookup:assets.write_off_card

assets.handover.receive           GET POST     assets.handover
view assets.split.edit            POST         assets.asset.act:split
view assets.reclassification.edit POST         assets.asset.act:reclassify
view assets.relocation.edit       POST         assets.asset.act:relocate
view edit                         POST         assets.lease.act:end assets.lease.panel:* assets.project.act:*
assets.split.edit                 GET          lookup:assets.split_card
assets.merge.edit                 GET          lookup:assets.merge_card
assets.reclassification.edit      GET          lookup:assets.reclassification_card
assets.relocation.edit            GET          lookup:assets.relocation_card
assets.asset.edit|assets.asset_transfer.edit|assets.relocation.edit GET lookup:assets.keeper
assets.rent_out.edit              GET          lookup:assets.rent_out_card
assets.rent_income.edit           GET          lookup:assets.let_contract

assets.repair.view|assets.repair.report GET    assets.scan.find assets.scan
assets.repair.view|assets.repair.report assets.repair.report POST assets.scan
assets.repair.view                GET          assets.scan.code assets.repair_photo
view assets.repair.work           POST         assets.repair.act:take assets.repair.act:arrive assets.repair.act:fix assets.repair.act:wait assets.repair.act:resume
view assets.repair.work           POST         assets.repair.act:stop assets.repair.panel:costs
view assets.repair.check          POST         assets.repair.act:pass assets.repair.act:fail
view assets.repair.accept         POST         assets.repair.act:accept assets.repair.act:reject
view assets.repair.dispatch       POST         assets.repair.act:dispatch
view assets.repair.report         POST         assets.repair.act:photo assets.repair.act:cancel
view                              POST         assets.repair.act:say
assets.repair.dispatch            GET          lookup:assets.engineer
assets.care.view                  GET          assets.trend
assets.care.edit                  POST         assets.care_plan.page_act:generate
view edit                         POST         assets.care_template.panel:items
assets.care.work                  GET POST     assets.task.do
view assets.care.work             POST         assets.task.act:do assets.task.act:postpone
view assets.care.edit             POST         assets.task.act:cancel
view edit                         POST         assets.stop_tag.act:* assets.metrology.act:certify
assets.stop_tag.view              GET          assets.stop_tag.print
assets.metrology.view             GET          assets.certificate
view assets.contract.edit         POST         assets.contract.panel:*
assets.device_event.view          GET          assets.device_event.report
view edit                         POST         assets.device_event.act:report
view assets.stop_tag.edit         POST         assets.device_event.act:freeze assets.affected_card.act:stop
view assets.stop_tag.edit!        POST         assets.device_event.act:freeze_model
edit!                             POST         assets.safety_notice.new assets.safety_notice.edit
view assets.safety_notice.handle  POST         assets.affected_card.act:handle
assets.readiness.view             GET          assets.readiness
assets.readiness.check            POST         assets.readiness.check
view assets.readiness.lend        POST         assets.loan.act:back

assets.stocktake_task.work        GET          assets.hand assets.hand.task assets.hand.sheet
assets.stocktake_task.work        POST         assets.hand.sync
assets.stocktake_task.view        GET          assets.stocktake_task.sheet assets.stocktake_finding.photo
edit                              POST         assets.stocktake.page_act:plan
view edit                         POST         assets.stocktake.act:reconcile assets.stocktake.act:cancel
view approve                      POST         assets.stocktake.act:approve
view assets.asset_transfer.edit   POST         assets.stocktake.act:transfers
view assets.write_off.edit        POST         assets.stocktake.act:losses
view assets.stocktake_task.confirm POST        assets.stocktake_task.act:confirm
view assets.stocktake.edit        POST         assets.stocktake_task.act:reopen
view edit                         POST         assets.found_asset.act:value

edit                              POST         assets.disposal_rule.page_act:install
view assets.disposal_request.execute POST      assets.disposal_request.detail:clear
assets.disposal_request.edit      GET          lookup:assets.disposal_request_card
assets.disposal_request.execute   GET          lookup:assets.disposal_request_asset lookup:assets.witness
assets.disposal_income.edit       GET          lookup:assets.executed_disposal

edit                              POST         assets.acquisition_step_rule.page_act:install assets.acquisition_method_rule.page_act:install assets.large_class.page_act:install
view edit                         POST         assets.acquisition_request.detail:declare
view assets.acquisition_request.office POST    assets.acquisition_request.detail:expert
view assets.acquisition_request.resolve POST   assets.acquisition_request.detail:president assets.acquisition_request.detail:party
view assets.acquisition_contract.edit POST     assets.acquisition_purchase.detail:contract
view assets.acquisition_acceptance.edit POST   assets.acquisition_contract.detail:accept
view assets.acquisition_payment.edit POST      assets.acquisition_contract.detail:pay
view assets.acquisition_acceptance.work POST   assets.acquisition_acceptance.detail:arrival assets.acquisition_acceptance.detail:opening assets.acquisition_acceptance.detail:installation
view assets.acquisition_acceptance.work POST   assets.acquisition_acceptance.detail:trial assets.acquisition_acceptance.detail:end_defect
view ~assets.acquisition_acceptance.work|assets.acquisition_acceptance.technical|assets.acquisition_acceptance.clinical POST assets.acquisition_acceptance.detail:defect
assets.acquisition_request.office GET          lookup:assets.panel_expert
assets.acquisition_request.edit   GET          lookup:assets.large_class_in_force
assets.acquisition_plan.edit      GET          lookup:assets.approved_request_line
assets.acquisition_purchase.edit  GET          lookup:assets.planned_request_line
assets.acquisition_purchase.award GET          lookup:assets.acquisition_bid
assets.acquisition_contract.edit  GET          lookup:assets.awarded_purchase
assets.acquisition_payment.edit   GET          lookup:assets.payable_contract lookup:assets.contract_milestone
assets.acquisition_acceptance.edit GET         lookup:assets.acquisition_contract_in_force lookup:assets.acquisition_contract_line
assets.acquisition_acceptance.work GET         lookup:assets.open_defect
"""
