"""Self-tests are facts; a changed gateway is seen by every process within a second."""

from django.db import migrations

from hrp.platform.base.append_only import AppendOnly
from hrp.platform.base.stamps import BumpStamp


class Migration(migrations.Migration):
    dependencies = [("notify", "0001_initial"), ("base", "0001_initial")]
    operations = [
        AppendOnly("notify_gateway_test"),
        BumpStamp("notify_gateway", "gateways"),
    ]
