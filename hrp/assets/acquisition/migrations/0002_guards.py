from django.db import migrations

from hrp.assets.acquisition import guards
from hrp.platform.base.append_only import AppendOnly
from hrp.platform.documents.guards import GuardDocument


class Migration(migrations.Migration):
    dependencies = [("acquisition", "0001_initial"), ("base", "0001_initial"), ("documents", "0002_guards")]
    operations = [
        AppendOnly("assets_acquisition_statement"),
        AppendOnly("assets_acquisition_panellist"),
        AppendOnly("assets_acquisition_vote"),
        AppendOnly("assets_acquisition_opinion"),
        AppendOnly("assets_acquisition_bid"),
        AppendOnly("assets_acquisition_award"),
        AppendOnly("assets_acquisition_contract_act"),
        AppendOnly("assets_acquisition_milestone"),
        AppendOnly("assets_acquisition_step"),
        AppendOnly("assets_acquisition_defect"),
        AppendOnly("assets_acquisition_defect_end"),
        AppendOnly("assets_acquisition_piece"),
        GuardDocument("assets_acquisition_request", "assets_acquisition_request_line"),
        GuardDocument("assets_acquisition_plan", "assets_acquisition_plan_line"),
        GuardDocument("assets_acquisition_purchase", "assets_acquisition_purchase_line"),
        GuardDocument("assets_acquisition_contract", "assets_acquisition_contract_line"),
        GuardDocument("assets_acquisition_acceptance", "assets_acquisition_acceptance_line"),
        GuardDocument("assets_acquisition_payment"),
        migrations.RunSQL(guards.SQL, guards.REVERSE_SQL),
    ]
