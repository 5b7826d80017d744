from django.db import migrations

from hrp.platform.base.append_only import AppendOnly
from hrp.platform.documents.guards import GuardDocument


class Migration(migrations.Migration):
    dependencies = [("leasing", "0001_initial"), ("base", "0001_initial"), ("documents", "0002_guards")]
    operations = [
        AppendOnly("assets_lease_payment"),
        GuardDocument("assets_rent_out", "assets_rent_out_line"),
        GuardDocument("assets_rent_income"),
    ]
