"""What came in stays as it came in, and what became of it is said once."""

from django.db import migrations

from hrp.platform.base.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("intake", "0001_initial"), ("base", "0001_initial")]
    operations = [
        AppendOnly("operations_call"),
        AppendOnly("operations_call_event"),
        AppendOnly("operations_call_outcome"),
        AppendOnly("operations_mail"),
        AppendOnly("operations_mail_file"),
        AppendOnly("operations_mail_outcome"),
        AppendOnly("operations_page_report"),
    ]
