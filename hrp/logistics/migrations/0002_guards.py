from django.db import migrations

from hrp.platform.base.append_only import AppendOnly
from hrp.platform.documents.guards import GuardDocument


class Migration(migrations.Migration):
    dependencies = [("logistics", "0001_initial"), ("base", "0001_initial"), ("documents", "0002_guards")]
    operations = [
        AppendOnly("logistics_move"),
        AppendOnly("logistics_layer_use"),
        GuardDocument("logistics_receipt", "logistics_receipt_line"),
        GuardDocument("logistics_issue", "logistics_issue_line"),
        GuardDocument("logistics_transfer", "logistics_transfer_line"),
        GuardDocument("logistics_transfer_receipt", "logistics_transfer_receipt_line"),
    ]
