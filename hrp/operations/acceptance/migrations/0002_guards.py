from django.db import migrations

from hrp.platform.base.append_only import AppendOnly

SIGNED_HASH = """
CREATE FUNCTION operations_signed_archive() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.archive_sha256 IS DISTINCT FROM (
        SELECT archive_sha256 FROM operations_service_report WHERE id = NEW.report_id
    ) THEN
        RAISE EXCEPTION '所签的证据包与报告 % 的证据包不是同一个', NEW.report_id USING ERRCODE = 'HR001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER signs_this_archive BEFORE INSERT ON operations_report_signature
    FOR EACH ROW EXECUTE FUNCTION operations_signed_archive();
ALTER TABLE operations_report_signature ENABLE ALWAYS TRIGGER signs_this_archive;
"""

DROP = """
DROP TRIGGER IF EXISTS signs_this_archive ON operations_report_signature;
DROP FUNCTION IF EXISTS operations_signed_archive;
"""


class Migration(migrations.Migration):
    dependencies = [("acceptance", "0001_initial"), ("base", "0001_initial")]
    operations = [
        AppendOnly("operations_service_report"),
        AppendOnly("operations_report_signature"),
        migrations.RunSQL(SIGNED_HASH, DROP),
    ]
