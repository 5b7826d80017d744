from django.db import migrations

from hrp.platform.base.append_only import AppendOnly
from hrp.platform.documents.guards import GuardDocument


class Migration(migrations.Migration):
    dependencies = [("disposal", "0001_initial"), ("base", "0001_initial"), ("documents", "0002_guards")]
    operations = [
        AppendOnly("assets_disposal_step"),
        AppendOnly("assets_disposal_clearance"),
        AppendOnly("assets_disposal_execution"),
        AppendOnly("assets_disposal_archive"),
        GuardDocument("assets_disposal_request", "assets_disposal_request_line"),
        GuardDocument("assets_disposal_income"),
    ]
