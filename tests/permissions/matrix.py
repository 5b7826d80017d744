"""The authorisation policy of the whole product on one screen. ``test_matrix.py`` holds every address to it.

Nothing here is computed by the product: who holds what is written down, and so is what each door asks for.

* A permission nobody holds is 403. What lies outside the holder's departments is 404, like what does not exist.
* Without sign-in a page answers with the way to /login, the API with 401. A key speaks at the API only.
* Needs are asked in their order; ``a|b`` is one of them, ``a?b`` the first that is declared. A bare word is the act of
  the screen (``view`` of ``{document}`` is ``logistics.stock_issue.view``), ``:act`` the one in the door's own name,
  ``~`` one asked row by row, ``!`` one that must be held in the whole hospital, ``@side`` the party of the contract.
* ``open`` anybody, ``signed`` everybody signed in, ``own`` only what is one's own, ``nobody`` no one ever, ``nothing``
  an address with nothing behind it.
"""

from __future__ import annotations

# Column of HOLDS -> (the role the product ships, where it is granted, the party of the contract). ``rq`` 科室申领员 is not
# shipped yet and holds just its column; so does ``ky``, the key of somebody who holds more. Not in HOLDS: ``al`` holds
# every business permission in the own department, ``mx`` every one there and every ``.view`` in the whole hospital:
# what leaks at all leaks to them.
ROLES = {
    "rq": ("", "own", "hospital"),
    "hd": ("ward_head", "own", "hospital"),
    "sk": ("store_keeper", "everywhere", ""),
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
# Shipped as well; what they hold is held against HOLDS, but nobody knocks as them.
SILENT = {"ma": "material_accountant", "di": "director", "ag": "service_agent"}

# Who holds what: o in the own department, a in the whole hospital. The first line that names a permission decides.
HOLDS = """
                                                                       rq hd ky sk ma ca fi di sc se ag sy sg au
logistics.stock_issue.view                                              o  o  o  a  a  a  a  a  .  .  .  .  .  .
logistics.stock_issue.edit                                              o  .  o  a  .  .  .  .  .  .  .  .  .  .
logistics.stock_issue.submit                                            o  .  .  a  .  .  .  .  .  .  .  .  .  .
logistics.stock_issue.print                                             o  o  .  a  a  .  .  .  .  .  .  .  .  .
logistics.stock_*.approve                                               .  .  .  .  a  .  a  .  .  .  .  .  .  .
logistics.stock_*.reverse                                               .  .  .  .  a  .  .  .  .  .  .  .  .  .
logistics.stock_*.edit logistics.stock_*.submit                         .  .  .  a  .  .  .  .  .  .  .  .  .  .
logistics.item.view                                                     o  o  .  a  a  a  a  a  .  .  .  .  .  .
logistics.*.export                                                      .  .  .  a  a  .  a  .  .  .  .  .  .  .
logistics.*.view                                                        .  .  .  a  a  a  a  a  .  .  .  .  .  .
logistics.stock_*.*                                                     .  .  .  a  a  .  .  .  .  .  .  .  .  .
logistics.*                                                             .  .  .  .  a  .  .  .  .  .  .  .  .  .
costing.report.view                                                     .  o  .  .  .  a  a  a  .  .  .  .  .  .
costing.*.view                                                          .  .  .  .  .  a  a  a  .  .  .  .  .  .
costing.*.approve                                                       .  .  .  .  .  .  a  .  .  .  .  .  .  .
costing.*.edit costing.*.submit costing.*.import                        .  .  .  .  .  a  .  .  .  .  .  .  .  .
costing.*                                                               .  .  .  .  .  a  a  .  .  .  .  .  .  .
ledger.period.open ledger.period.close ledger.period.reopen             .  .  .  .  .  .  a  .  .  .  .  .  .  .
ledger.*.view                                                           .  .  .  .  a  a  a  a  .  .  .  .  .  .
ledger.*.export                                                         .  .  .  .  a  a  a  .  .  .  .  .  .  .
documents.*.view                                                        .  .  .  .  .  .  a  a  a  .  .  .  .  .
org.unit.view                                                           o  o  .  a  a  a  a  a  a  a  a  .  .  .
operations.ticket.view                                                  o  .  .  .  .  .  .  a  a  a  a  .  .  .
operations.ticket.log                                                   o  .  .  .  .  .  .  .  a  a  a  .  .  .
operations.ticket.work                                                  .  .  .  .  .  .  .  .  .  a  a  .  .  .
operations.ticket.confirm operations.contract.edit                      .  .  .  .  .  .  .  .  a  .  .  .  .  .
operations.contract.view                                                .  .  .  .  .  .  .  a  a  a  a  .  .  .
operations.*                                                            .  .  .  .  .  .  .  .  a  a  a  .  .  .
system.*                                                                .  .  .  .  .  .  .  .  .  .  .  a  .  .
security.*                                                              .  .  .  .  .  .  .  .  .  .  .  .  a  .
audit.*                                                                 .  .  .  .  .  .  .  .  .  .  .  .  .  a
ledger.*.edit documents.*.edit org.category.edit                        .  .  .  .  .  .  .  .  .  .  .  .  .  .
"""

# What is narrowed by department. Everything else of a screen belongs to the whole hospital.
BY_DEPARTMENT = """
{document} logistics.store logistics.balance logistics.move ledger.entry ledger.line documents.approval_route
operations.ticket operations.record costing.cell
"""

# Screens and acts that go by another permission than their own name.
CALLED = {
    "ledger.line": "ledger.entry", "logistics.balance": "logistics.stock", "logistics.move": "logistics.stock",
    "org.unit.edit": "system.org_unit.edit", "org.unit.view": "org.unit.view|system.org_unit.edit",
    "org.campus.edit": "system.org_unit.edit", "org.campus.view": "org.unit.view|system.org_unit.edit",
    "org.hospital.edit": "system.org_unit.edit", "org.hospital.view": "org.unit.view|system.org_unit.edit",
    "org.calendar.edit": "system.calendar.import",
    "org.calendar.view": "org.unit.view|system.org_unit.edit|system.calendar.import",
    "security.key.view": "security.user.view", "security.key.edit": "security.key.revoke",
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
view                              POST         {document}.attach
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
logistics.item.view|logistics.stock_*.edit GET lookup:logistics.item
logistics.st*.view|logistics.stock_*.edit GET  lookup:logistics.store
view|logistics.stock_receipt.*    GET          lookup:logistics.supplier
view|logistics.item.*             GET          lookup:logistics.material_class
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
operations.ticket.view            GET          operations.ticket.list operations.ticket.detail operations.record.* operations.wall
operations.ticket.log             GET POST     operations.ticket.new
operations.ticket.view operations.ticket.work @supplier POST operations.ticket.act:respond operations.ticket.act:start_emergency operations.ticket.act:resolve operations.ticket.act:write_record operations.ticket.act:arrive operations.ticket.act:wait
operations.ticket.view operations.ticket.decide POST operations.ticket.act:remote_failed operations.ticket.act:agree_onsite operations.ticket.act:reclassify operations.ticket.act:flag_emergency operations.ticket.act:merge
operations.ticket.view operations.ticket.log POST operations.ticket.act:contact operations.ticket.act:note
operations.ticket.view operations.ticket.confirm @hospital POST operations.ticket.act:confirm
operations.ticket.view operations.ticket.close POST operations.ticket.act:close
"""
