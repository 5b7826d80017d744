from django.db import migrations

from hrp.platform.base.append_only import AppendOnly
from hrp.platform.documents.guards import GuardDocument


class Migration(migrations.Migration):
    dependencies = [("changes", "0001_initial"), ("base", "0001_initial"), ("documents", "0002_guards")]
    operations = [
        AppendOnly("assets_handover"),
        GuardDocument("assets_split", "assets_split_line"),
        GuardDocument("assets_merge", "assets_merge_line"),
        GuardDocument("assets_reclassification", "assets_reclassification_line"),
        GuardDocument("assets_relocation", "assets_relocation_line"),
    ]
