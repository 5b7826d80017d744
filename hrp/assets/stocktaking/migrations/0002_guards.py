from django.db import migrations

from hrp.platform.base.append_only import AppendOnly
from hrp.platform.documents.guards import GuardDocument

# what a department's plan found is settled: an approved or cancelled plan does not change, and none is ever deleted
KEPT_SQL = """
CREATE FUNCTION assets_stocktake_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.state IN ('approved', 'cancelled') THEN
        RAISE EXCEPTION '盘点 % 已结束，不能修改或删除', OLD.name USING ERRCODE = 'HR023';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER stocktake_kept BEFORE UPDATE OR DELETE ON assets_stocktake_plan
    FOR EACH ROW EXECUTE FUNCTION assets_stocktake_kept();
ALTER TABLE assets_stocktake_plan ENABLE ALWAYS TRIGGER stocktake_kept;
"""
DROP_SQL = """
DROP TRIGGER IF EXISTS stocktake_kept ON assets_stocktake_plan;
DROP FUNCTION IF EXISTS assets_stocktake_kept();
"""


class Migration(migrations.Migration):
    dependencies = [("stocktaking", "0001_initial"), ("base", "0001_initial"), ("documents", "0002_guards")]
    operations = [
        AppendOnly("assets_stocktake_line"),
        AppendOnly("assets_stocktake_finding"),
        AppendOnly("assets_stocktake_result"),
        AppendOnly("assets_stocktake_outcome"),
        AppendOnly("assets_stocktake_found_card"),
        AppendOnly("assets_label_print"),
        GuardDocument("assets_loss_decision", "assets_loss_decision_line"),
        migrations.RunSQL(KEPT_SQL, DROP_SQL),
    ]
