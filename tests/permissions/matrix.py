"""The authorisation policy of the whole product, with the rows of materials in ``materials.py`` and
``newer_materials.py`` and those of fixed assets in ``assets.py``.

``test_matrix.py`` and its siblings hold every address to it.

Nothing here is computed by the product: who holds what is written down, and so is what each door asks for.

* A permission nobody holds is 403. What lies outside the holder's departments is 404, like what does not exist.
* Without sign-in a page answers with the way to /login, the API with 401. A key speaks at the API only.
* Needs are asked in their order; ``a|b`` is one of them, ``a?b`` the first that is declared. A bare word is the act of
  the screen (``view`` of ``{document}`` is ``logistics.stock_issue.view``), ``:act`` the one in the door's own name,
  ``~`` one asked row by row, ``!`` one that must be held in the whole hospital, ``@side`` the party of the contract.
* ``~@side`` is asked after the state of the thing, so that who stands elsewhere may hear of that first.
* ``=se`` is who the thing itself names (in world.py the person of that column), ``≠se`` anybody else, ``^se`` who is named
  where for anybody else it does not exist; ``as`` what another address asks for of the same act.
* ``open`` anybody, ``signed`` everybody signed in, ``own`` only what is one's own, ``nobody`` no one ever, ``nothing``
  an address with nothing behind it, ``token`` whoever brings the secret of the address, ``key`` an API key alone with what
  it may do, ``seal`` a sender's signature, which no session replaces.
"""

from __future__ import annotations

# Column of HOLDS -> (the role the product ships, where it is granted, the party of the contract). ``rq`` is a role a
# hospital made itself, a ward's clerk who draws goods and reports faults: it holds just its column, and so does ``ky``,
# the key of somebody who holds more. Not in HOLDS: ``al`` holds every business permission in the own department, ``mx``
# every one there and every ``.view`` in the whole hospital: what leaks at all leaks to them.
ROLES = {
    "rq": ("", "own", "hospital"),
    "re": ("requester", "own", ""),
    "hd": ("ward_head", "own", "hospital"),
    "sk": ("store_keeper", "everywhere", ""),
    "pu": ("purchaser", "everywhere", ""),
    "iv": ("inspector", "everywhere", ""),
    "cn": ("stock_counter", "everywhere", ""),
    "tn": ("theatre_nurse", "own", ""),
    "cs": ("cssd", "everywhere", ""),
    "aa": ("asset_accountant", "everywhere", ""),
    "ao": ("asset_office", "everywhere", ""),
    "ee": ("equipment_engineer", "everywhere", ""),
    "cu": ("asset_custodian", "own", ""),
    "ca": ("cost_accountant", "everywhere", ""),
    "fi": ("finance_head", "everywhere", ""),
    "sc": ("system_counterpart", "everywhere", "hospital"),
    "se": ("service_engineer", "everywhere", "supplier"),
    "sy": ("system_admin", "everywhere", ""),
    "sg": ("security_admin", "everywhere", ""),
    "au": ("audit_admin", "everywhere", ""),
    "ky": ("", "own", ""),
    "al": ("", "own", "supplier"),
    "mx": ("", "own", "hospital"),
}
# Who knocks only where their work is: at what they may do more with than look, export and print.
AT_WORK = frozenset({"re", "pu", "iv", "cn", "tn", "cs", "aa", "ao", "ee", "cu"})
# Shipped as well; what they hold is held against HOLDS, but nobody knocks as them.
SILENT = {"ma": "material_accountant", "di": "director", "ag": "service_agent", "ex": "equipment_expert"}

# Who holds what: o in the own department, a in the whole hospital. The first line that names a permission decides.
HOLDS = """
                                                                       rq re hd ky sk pu iv cn tn ma ca fi di sc se ag sy sg au cs aa ao ee cu ex
costing.report.view                                                    .  .  o  .  .  .  .  .  .  .  a  a  a  .  .  .  .  .  .  .  .  .  .  .  .
costing.*.view                                                         .  .  .  .  .  .  .  .  .  .  a  a  a  .  .  .  .  .  .  .  .  .  .  .  .
costing.*.approve                                                      .  .  .  .  .  .  .  .  .  .  .  a  .  .  .  .  .  .  .  .  .  .  .  .  .
costing.*.edit costing.*.submit costing.*.import                       .  .  .  .  .  .  .  .  .  .  a  .  .  .  .  .  .  .  .  .  .  .  .  .  .
costing.*                                                              .  .  .  .  .  .  .  .  .  .  a  a  .  .  .  .  .  .  .  .  .  .  .  .  .
ledger.period.open ledger.period.close ledger.period.reopen            .  .  .  .  .  .  .  .  .  .  .  a  .  .  .  .  .  .  .  .  .  .  .  .  .
ledger.*.view                                                          .  .  .  .  .  .  .  .  .  a  a  a  a  .  .  .  .  .  .  .  a  .  .  .  .
ledger.*.export                                                        .  .  .  .  .  .  .  .  .  a  a  a  .  .  .  .  .  .  .  .  a  .  .  .  .
documents.*.view                                                       .  .  .  .  .  .  .  .  .  .  .  a  a  a  .  .  .  .  .  .  .  .  .  .  .
org.unit.view org.parameter.view                                       o  o  o  .  a  a  a  a  o  a  a  a  a  a  a  a  .  .  .  a  a  a  a  o  a
operations.article.view operations.training.view                       o  o  o  .  a  a  a  a  o  a  a  a  a  a  a  a  .  .  .  a  a  a  a  o  a
operations.survey.view operations.enquiry.view                         o  o  o  .  a  a  a  a  o  a  a  a  a  a  a  a  .  .  .  a  a  a  a  o  a
operations.training.attend operations.enquiry.ask                      o  o  o  .  a  a  a  a  o  a  a  a  .  a  a  a  .  .  .  a  a  a  a  o  a
operations.survey.reply operations.enquiry.judge                       o  o  o  .  a  a  a  a  o  a  a  a  .  a  .  .  .  .  .  a  a  a  a  o  a
operations.ticket.view                                                 o  .  .  .  .  .  .  .  .  .  .  .  a  a  a  a  .  .  .  .  .  .  .  .  .
operations.ticket.log                                                  o  .  .  .  .  .  .  .  .  .  .  .  .  a  a  a  .  .  .  .  .  .  .  .  .
operations.ticket.confirm operations.contract.edit                     .  .  .  .  .  .  .  .  .  .  .  .  .  a  .  .  .  .  .  .  .  .  .  .  .
operations.gate.edit operations.rating.give operations.cti.*           .  .  .  .  .  .  .  .  .  .  .  .  .  a  .  .  .  .  .  .  .  .  .  .  .
operations.ticket.work operations.duty.work operations.enquiry.answer  .  .  .  .  .  .  .  .  .  .  .  .  .  .  a  a  .  .  .  .  .  .  .  .  .
operations.duty.edit                                                   .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  a  .  .  .  .  .  .  .  .  .
operations.*.view                                                      .  .  .  .  .  .  .  .  .  .  .  .  a  a  a  a  .  .  .  .  .  .  .  .  .
operations.*                                                           .  .  .  .  .  .  .  .  .  .  .  .  .  a  a  a  .  .  .  .  .  .  .  .  .
org.parameter.verify                                                   .  .  .  .  .  .  .  .  .  .  .  a  .  .  .  .  .  .  .  .  .  .  .  .  .
system.*                                                               .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  a  .  .  .  .  .  .  .  .
security.*                                                             .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  a  .  .  .  .  .  .  .
audit.*                                                                .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  a  .  .  .  .  .  .
ledger.*.edit documents.*.edit org.category.edit                       .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
"""

# What is narrowed by department. Everything else of a screen belongs to the whole hospital.
BY_DEPARTMENT = """
{document} {report} ledger.entry ledger.line documents.approval_route
operations.ticket operations.record operations.incident operations.arrival operations.breach operations.rating
operations.call operations.mail operations.intake_contact operations.enquiry operations.gate.check_in costing.cell
"""

# Screens and acts that go by another permission than their own name.
CALLED = {
    "ledger.line": "ledger.entry",
    "org.unit.edit": "system.org_unit.edit", "org.unit.view": "org.unit.view|system.org_unit.edit",
    "org.campus.edit": "system.org_unit.edit", "org.campus.view": "org.unit.view|system.org_unit.edit",
    "org.hospital.edit": "system.org_unit.edit", "org.hospital.view": "org.unit.view|system.org_unit.edit",
    "org.calendar.edit": "system.calendar.import",
    "org.calendar.view": "org.unit.view|system.org_unit.edit|system.calendar.import",
    "security.key.view": "security.user.view", "security.key.edit": "security.key.revoke",
    "operations.breach.view": "operations.ticket.view", "operations.breach.export": "operations.ticket.view",
    "operations.breach.edit": "operations.ticket.rule", "operations.duty_person": "operations.duty",
    "operations.material": "operations.training",
    "return": "approve", "withdraw": "submit",
}  # fmt: skip

DOORS = """
needs                             methods      doors
open                              GET          healthz readyz metrics account_inactive
open                              GET POST PUT account_login account_logout mfa_authenticate mfa_login_webauthn
signed                            GET          home work.todo work.mine work.inbox work.notices work.files scan search account.me access_sessions api:openapi-json
signed                            POST         work.read_all preferences
signed                            GET POST     access_new_key
signed                            GET POST PUT account_change_password account_reauthenticate
own                               GET          work.message work.file
own                               POST         access_end_session access_revoke_key
own                               GET          mfa_index mfa_list_webauthn mfa_view_recovery_codes mfa_download_recovery_codes
own                               GET POST PUT mfa_*
own                               DELETE       mfa_remove_webauthn
nothing                           GET          api:api-root

view                              GET          {document}.list {document}.detail {document}.history {document}.attachment api:{document}.list api:{document}.get
view edit|submit|approve|post     POST         {document}.attach
view export                       GET          {document}.export
edit                              GET POST     {document}.new
print                             GET          {document}.print {document}.print_many
edit                              POST         api:{document}.create
view edit                         PUT          api:{document}.update
view edit                         POST         {document}.detail:save
view :act                         POST         {document}.detail:* api:{document}.act:*
view ~:act                        POST         {document}.bulk:*
print                             POST         {document}.bulk:print
nobody                            POST         {document}.panel:-

view                              GET          {report}.report
export                            GET          {report}.workbook {report}.paper

view                              GET          {register}.list {register}.detail api:{register}.list api:{register}.get
export?view                       GET          {register}.export
edit                              GET POST     {register}.new {register}.edit
edit                              POST         {register}.switch
import?edit                       GET POST     {register}.import
import?edit                       GET          {register}.import_template
nobody                            GET POST     {register}.new:- {register}.edit:- {register}.import:-
nobody                            GET          {register}.import_template:-
nobody                            POST         {register}.switch:- {register}.bulk:- {register}.act:- {register}.page_act:- {register}.panel:-
system.org_unit.edit              POST         org.unit.page_act:create
view system.org_unit.edit         POST         org.unit.act:rename org.unit.act:move org.unit.act:merge org.unit.act:close
view org.category.edit            POST         org.unit.act:category
system.calendar.import            POST         org.calendar.page_act:import
view edit                         POST         documents.approval_route.panel:levels costing.rule_set.panel:rules costing.rule_set.act:copy
ledger.period.open                POST         ledger.period.page_act:open
view ledger.period.close          POST         ledger.period.act:close
view ledger.period.reopen         POST         ledger.period.act:reopen
system.user.edit                  POST         system.user.page_act:create
view edit                         POST         system.user.act:lock system.user.act:unlock system.user.act:reset
security.role.edit                POST         security.role.page_act:create
view edit                         POST         security.role.act:factor security.role.act:no_factor
security.role.edit                GET POST     security.role.permissions
security.grant.edit               POST         security.grant.page_act:grant
view edit                         POST         security.grant.act:revoke security.key.act:revoke
view security.user.reset_factor   POST         security.user.act:reset_factor

signed                            GET          lookup:org.unit lookup:org.campus lookup:org.hospital lookup:ledger.fund
view                              GET          lookup:*
costing.*_entry.edit|costing.account_item.edit GET lookup:ledger.expense_account
costing.driver.edit               GET          lookup:ledger.stat_account
documents.delegation.edit         GET          lookup:documents.person
documents.approval_route.edit     GET          lookup:documents.role

ledger.overview.view              GET          dashboard.overview
costing.report.view               GET          costing.report costing.cell
costing.report.view!              GET          costing.certificate
costing.report.export             GET          costing.report.xlsx costing.report.pdf
costing.intake.import             GET POST     costing.intake
costing.intake.import             GET          costing.intake.template

operations.contract.view          GET          operations.contract
operations.contract.sign @hospital|@supplier POST operations.contract.sign
signed                            GET          operations.ticket.proposed_level operations.knowledge.suggest operations.call.popup
operations.ticket.view            GET          operations.ticket.list operations.ticket.detail operations.ticket.similar operations.record.* operations.wall
operations.ticket.log             GET POST     operations.ticket.new
operations.ticket.view operations.ticket.work @supplier POST operations.ticket.act:respond operations.ticket.act:start_emergency operations.ticket.act:resolve operations.ticket.act:write_record operations.ticket.act:arrive operations.ticket.act:wait operations.ticket.act:page_ack operations.ticket.act:write_review operations.ticket.act:status_update operations.ticket.act:dispatch operations.ticket.act:depart
operations.ticket.view operations.ticket.decide @hospital|@supplier POST operations.ticket.act:remote_failed operations.ticket.act:agree_onsite operations.ticket.act:reclassify operations.ticket.act:flag_emergency operations.ticket.act:merge operations.ticket.act:merge_into operations.ticket.act:decision
operations.ticket.view operations.ticket.decide @hospital POST operations.ticket.act:cancel operations.ticket.act:end_emergency
operations.ticket.view operations.ticket.log @hospital|@supplier POST operations.ticket.act:contact operations.ticket.act:note operations.ticket.act:complete operations.ticket.act:take_role
operations.ticket.view operations.ticket.log @hospital POST operations.ticket.act:claim_call
operations.ticket.view operations.ticket.confirm @hospital POST operations.ticket.act:confirm operations.ticket.act:approve_review operations.ticket.act:sign_arrival
operations.ticket.view operations.ticket.close @hospital|@supplier POST operations.ticket.act:close
operations.ticket.view operations.ticket.rule @hospital|@supplier POST operations.ticket.act:propose_ruling operations.ticket.act:sign_ruling
operations.ticket.view operations.rating.give @hospital POST operations.ticket.act:rate
operations.ticket.view operations.article.view operations.ticket.log @hospital|@supplier POST operations.ticket.adopt
operations.ticket.view operations.article.edit @hospital|@supplier POST operations.ticket.article
view edit @hospital|@supplier     POST         operations.breach.act:*

operations.ticket.view            GET          operations.incident.list operations.incident.actions operations.incident.command operations.incident.review operations.incident.review_pdf operations.arrival.photo
as operations.ticket.act          POST         operations.incident.act:*
operations.ticket.view operations.ticket.work @supplier POST operations.incident.review:write operations.gate.check_in
operations.ticket.view operations.ticket.confirm @hospital POST operations.incident.review:approve
operations.ticket.log @hospital|@supplier POST operations.incident.action_done
signed                            GET          operations.gate.check_in
operations.gate.edit @hospital    GET          operations.gate.code
edit                              GET          operations.gate.new operations.gate.edit operations.duty_person.new operations.duty_person.edit
edit @hospital                    POST         operations.gate.new operations.gate.edit operations.gate.switch
view edit @hospital               POST         operations.gate.act:renew

operations.plan.view              GET          operations.plan.list operations.plan.detail operations.plan.pdf
operations.plan.edit              GET          operations.plan.write
operations.plan.edit @supplier    POST         operations.plan.write operations.plan.answer
operations.plan.sign @hospital|@supplier POST  operations.plan.sign
operations.plan.view operations.plan.request @hospital POST operations.plan.request
operations.drill.view             GET          operations.drill.pdf
operations.drill.edit @hospital|@supplier POST operations.drill.page_act:arrange
view edit @hospital|@supplier     POST         operations.drill.act:* operations.drill.panel:*
view operations.drill.sign @hospital|@supplier POST operations.drill.act:sign

operations.duty.view              GET          operations.duty operations.duty.mine operations.contacts
operations.duty.view!             GET          operations.paging operations.paging.detail
operations.duty.work @supplier operations.duty.work! POST operations.paging.ack
operations.duty.edit @supplier    POST         operations.duty.generate operations.duty.substitute operations.duty.swap.act:approve
operations.duty.edit @supplier    POST         operations.duty.swap.act:reject
operations.duty.work @supplier    POST         operations.duty.swap operations.duty.handover
operations.duty.work @supplier =se POST        operations.duty.swap.act:accept operations.duty.swap.act:decline
=al                               POST         operations.duty.swap.act:withdraw
operations.duty.check             POST         operations.contacts.check
edit @supplier                    POST         operations.duty_person.new operations.duty_person.edit operations.duty_person.switch
token                             GET POST     operations.paging.link
seal                              POST         operations.paging.voice
operations.duty.edit              GET          lookup:operations.supplier_user

operations.article.view           GET          operations.knowledge operations.knowledge.article operations.knowledge.faq
operations.article.view           POST         operations.knowledge.solved
operations.article.edit           GET POST     operations.knowledge.new
operations.article.edit operations.article.view GET operations.knowledge.edit
operations.article.edit operations.article.view =se POST operations.knowledge.edit
operations.article.view operations.article.edit POST operations.knowledge.act:revise
operations.article.view operations.article.edit =se POST operations.knowledge.act:discard
operations.article.view operations.article.review ≠se POST operations.knowledge.act:approve operations.knowledge.act:return
operations.article.view operations.article.review POST operations.knowledge.act:publish operations.knowledge.act:withdraw operations.knowledge.act:restore operations.knowledge.act:relabel
operations.training.edit! operations.training.view GET operations.training.code operations.training.sheet
operations.training.attend operations.training.view GET POST operations.training.join
operations.training.view!         GET          operations.training.summary
operations.training.view          GET          operations.material.file
view edit                         POST         operations.training.act:* operations.material.act:* operations.material.panel:questions
edit                              POST         operations.material.page_act:upload

key operations.cti.post           POST         operations.cti.events
operations.cti.setup              POST         operations.call.page_act:key
operations.call.import            POST         operations.call.page_act:records
operations.call.import            GET POST     operations.call.records
operations.call.import            GET          operations.call.records_template
operations.call.view operations.ticket.log GET POST operations.call.register
operations.call.view operations.ticket.view operations.ticket.log @hospital|@supplier POST operations.call.attach
view operations.ticket.log        POST         operations.call.act:open operations.call.act:attach
view operations.call.handle       POST         operations.call.act:dismiss
operations.mail.view operations.mail.handle GET POST operations.mail.register
operations.mail.view|operations.ticket.view GET operations.mail.file
view operations.mail.handle       POST         operations.mail.act:*
signed                            GET POST     operations.report
signed                            GET          operations.report.mine
own                               POST         operations.report.called

operations.survey.reply operations.survey.view GET POST operations.survey.fill
view edit                         POST         operations.survey.act:publish operations.survey.panel:questions
operations.enquiry.ask            POST         operations.enquiry.page_act:ask
view operations.enquiry.answer ~@supplier POST operations.enquiry.act:answer operations.enquiry.act:decide operations.enquiry.act:assign operations.enquiry.act:finish
view operations.enquiry.judge ~@hospital|@ POST operations.enquiry.act:accept operations.enquiry.act:reopen
operations.acceptance.view!       GET          operations.clauses operations.report.list operations.report.detail operations.report.file
operations.acceptance.make        POST         operations.report.make
operations.acceptance.view! operations.acceptance.sign @hospital|@supplier POST operations.report.sign

view edit                         POST         system.channel.act:* system.delivery.act:again system.partner.act:* system.partner_message.act:again
seal                              POST         exchange.partner.messages
org.parameter.view|org.parameter.verify|system.parameter.edit GET system.parameters
system.parameter.edit             POST         system.parameters.set
org.parameter.verify              POST         system.parameters.verify
"""
