from django.db import migrations

from hrp.platform.audit.rows import HashedRows
from hrp.platform.base.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial"), ("base", "0001_initial")]
    operations = [
        HashedRows(
            "ActionLog",
            columns=[
                "id", "at", "actor", "actor_name", "duty", "act", "target", "unit_id", "ip", "request_id", "summary",
                "data",
            ],
            stamped_at="at",
        ),
        AppendOnly("audit_action"),
        AppendOnly("audit_block"),
    ]
