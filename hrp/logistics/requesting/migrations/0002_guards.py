from django.db import migrations

from hrp.platform.base.append_only import AppendOnly
from hrp.platform.documents.guards import GuardDocument

# no line is served more than it was granted, whoever writes it
SERVED_SQL = """
CREATE OR REPLACE FUNCTION logistics_requisition_serving_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE wrong record;
BEGIN
    SELECT l.document_id, l.position INTO wrong
    FROM (SELECT DISTINCT requisition_id, line_position FROM changed) c
    JOIN logistics_requisition_line l ON l.document_id = c.requisition_id AND l.position = c.line_position
    JOIN logistics_requisition_serving s ON s.requisition_id = c.requisition_id AND s.line_position = c.line_position
    GROUP BY l.document_id, l.position, l.granted
    HAVING sum(s.quantity) < 0 OR sum(s.quantity) > coalesce(l.granted, 0) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '申领单 % 第 % 行的已领数量超过核发数量', wrong.document_id, wrong.position
            USING ERRCODE = 'HR006', HINT = '请按核发数量出库。';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER within_grant AFTER INSERT ON logistics_requisition_serving
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION logistics_requisition_serving_guard();
ALTER TABLE logistics_requisition_serving ENABLE ALWAYS TRIGGER within_grant;
"""
SERVED_UNDO = """
DROP TRIGGER IF EXISTS within_grant ON logistics_requisition_serving;
DROP FUNCTION IF EXISTS logistics_requisition_serving_guard;
"""


class Migration(migrations.Migration):
    dependencies = [("requesting", "0001_initial"), ("base", "0001_initial"), ("documents", "0002_guards")]
    operations = [
        AppendOnly("logistics_quota_card_scan"),
        AppendOnly("logistics_durable_use"),
        AppendOnly("logistics_delivery"),
        AppendOnly("logistics_requisition_serving"),
        AppendOnly("logistics_requisition_closing"),
        AppendOnly("logistics_delivery_signature"),
        AppendOnly("logistics_pick_scan"),
        GuardDocument("logistics_requisition", "logistics_requisition_line"),
        GuardDocument("logistics_department_return", "logistics_department_return_line"),
        GuardDocument("logistics_durable_scrap", "logistics_durable_scrap_line"),
        migrations.RunSQL(SERVED_SQL, SERVED_UNDO),
    ]
