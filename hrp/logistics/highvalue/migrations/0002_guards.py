from django.db import migrations

from hrp.platform.base.append_only import AppendOnly
from hrp.platform.documents.guards import GuardDocument

CODES = "CREATE SEQUENCE logistics_unit_code;"
DROP_CODES = "DROP SEQUENCE IF EXISTS logistics_unit_code;"

# State and place of a piece are what its last event says, and nothing else writes them; what a piece is does not change
# once it is somewhere; no piece is ever deleted.
PIECES = """
CREATE FUNCTION logistics_unit_project() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE logistics_unit SET state = NEW.to_state, store_id = NEW.store_id
        WHERE id = NEW.unit_id AND state = NEW.from_state AND store_id IS NOT DISTINCT FROM NEW.from_store_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION '唯一码 % 已不在“%”状态', NEW.unit_id, NEW.from_state
            USING ERRCODE = 'HR007', HINT = '请刷新后查看该唯一码的轨迹。';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER project AFTER INSERT ON logistics_unit_event FOR EACH ROW EXECUTE FUNCTION logistics_unit_project();
ALTER TABLE logistics_unit_event ENABLE ALWAYS TRIGGER project;

CREATE FUNCTION logistics_unit_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION '唯一码 % 永久保存，不能删除', OLD.uid USING ERRCODE = 'HR007';
    END IF;
    IF (NEW.state, NEW.store_id) IS DISTINCT FROM (OLD.state, OLD.store_id) AND pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION '唯一码 % 的状态与位置只能由轨迹改变', OLD.uid USING ERRCODE = 'HR007';
    END IF;
    IF OLD.state <> 'labelled' AND (NEW.uid, NEW.item_id, NEW.batch_id, NEW.owner, NEW.source)
        IS DISTINCT FROM (OLD.uid, OLD.item_id, OLD.batch_id, OLD.owner, OLD.source) THEN
        RAISE EXCEPTION '唯一码 % 的物资、批次与归属不能修改', OLD.uid USING ERRCODE = 'HR007';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON logistics_unit FOR EACH ROW EXECUTE FUNCTION logistics_unit_guard();
ALTER TABLE logistics_unit ENABLE ALWAYS TRIGGER guard;
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON logistics_unit FOR EACH STATEMENT EXECUTE FUNCTION hrp_refuse_change();
ALTER TABLE logistics_unit ENABLE ALWAYS TRIGGER refuse_truncate;
"""
DROP_PIECES = """
DROP TRIGGER IF EXISTS refuse_truncate ON logistics_unit;
DROP TRIGGER IF EXISTS guard ON logistics_unit;
DROP TRIGGER IF EXISTS project ON logistics_unit_event;
DROP FUNCTION IF EXISTS logistics_unit_guard;
DROP FUNCTION IF EXISTS logistics_unit_project;
"""

# two scanners at one piece: the second is refused here too, whatever the application thought
ONE_USE = """
CREATE FUNCTION logistics_one_use() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM logistics_unit WHERE id = NEW.unit_id FOR UPDATE;
    IF EXISTS (SELECT FROM logistics_patient_use u WHERE u.unit_id = NEW.unit_id AND NOT EXISTS (
        SELECT FROM logistics_use_cancel c WHERE c.use_id = u.id)) THEN
        RAISE EXCEPTION '唯一码 % 已登记使用，不能再次使用', NEW.unit_id
            USING ERRCODE = 'HR007', HINT = '一次性器械不得重复使用。';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER one_use BEFORE INSERT ON logistics_patient_use FOR EACH ROW EXECUTE FUNCTION logistics_one_use();
ALTER TABLE logistics_patient_use ENABLE ALWAYS TRIGGER one_use;
"""
DROP_ONE_USE = """
DROP TRIGGER IF EXISTS one_use ON logistics_patient_use;
DROP FUNCTION IF EXISTS logistics_one_use;
"""


class Migration(migrations.Migration):
    dependencies = [("highvalue", "0001_initial"), ("base", "0001_initial"), ("documents", "0002_guards")]
    operations = [
        AppendOnly("logistics_unit_event"),
        AppendOnly("logistics_patient_use"),
        AppendOnly("logistics_use_cancel"),
        AppendOnly("logistics_consign_move"),
        AppendOnly("logistics_freeze_batch"),
        AppendOnly("logistics_recall_disposal"),
        migrations.RunSQL(CODES, DROP_CODES),
        migrations.RunSQL(PIECES, DROP_PIECES),
        migrations.RunSQL(ONE_USE, DROP_ONE_USE),
        GuardDocument("logistics_consign_in", "logistics_consign_in_line"),
        GuardDocument("logistics_consign_out", "logistics_consign_out_line"),
        GuardDocument("logistics_consign_statement", "logistics_consign_statement_line"),
        GuardDocument("logistics_operation_request", "logistics_operation_request_line"),
        GuardDocument("logistics_use_booking", "logistics_use_booking_line"),
        GuardDocument("logistics_use_settlement", "logistics_use_settlement_line"),
    ]
