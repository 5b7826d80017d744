"""What the database itself refuses about equipment, as SQL run by the migrations.

* a repair event that does not begin where its order stands (HR030); events write state and times of their order, and
  nothing else does, and no order is ever deleted;
* a task changed once it is done (HR031).
"""

SQL = """
CREATE FUNCTION assets_repair_project() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.act = 'report' THEN
        RETURN NULL;
    END IF;
    UPDATE assets_repair SET state = NEW.to_state,
        dispatched_at = CASE WHEN NEW.act = 'dispatch' THEN NEW.at ELSE dispatched_at END,
        taken_at = CASE WHEN NEW.act = 'take' THEN NEW.at ELSE taken_at END,
        arrived_at = CASE WHEN NEW.act = 'arrive' THEN coalesce(arrived_at, NEW.at) ELSE arrived_at END,
        fixed_at = CASE WHEN NEW.act = 'fix' THEN NEW.at WHEN NEW.act IN ('fail', 'reject') THEN NULL ELSE fixed_at END,
        closed_at = CASE WHEN NEW.act IN ('accept', 'stop', 'cancel') THEN NEW.at ELSE closed_at END
    WHERE id = NEW.order_id AND state = NEW.from_state;
    IF NOT FOUND THEN
        RAISE EXCEPTION '维修单 % 已不在“%”状态', NEW.order_id, NEW.from_state
            USING ERRCODE = 'HR030', HINT = '请刷新后查看维修过程。';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER project AFTER INSERT ON assets_repair_act FOR EACH ROW EXECUTE FUNCTION assets_repair_project();
ALTER TABLE assets_repair_act ENABLE ALWAYS TRIGGER project;

CREATE FUNCTION assets_repair_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION '维修单 % 永久保存，不能删除', OLD.number USING ERRCODE = 'HR030';
    END IF;
    IF (NEW.state, NEW.dispatched_at, NEW.taken_at, NEW.arrived_at, NEW.fixed_at, NEW.closed_at)
        IS DISTINCT FROM (OLD.state, OLD.dispatched_at, OLD.taken_at, OLD.arrived_at, OLD.fixed_at, OLD.closed_at)
        AND pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION '维修单 % 的状态与时间只能由维修过程改变', OLD.number USING ERRCODE = 'HR030';
    END IF;
    IF (NEW.number, NEW.asset_id, NEW.reporter_id, NEW.fault_at, NEW.reported_at)
        IS DISTINCT FROM (OLD.number, OLD.asset_id, OLD.reporter_id, OLD.fault_at, OLD.reported_at) THEN
        RAISE EXCEPTION '维修单 % 的设备、报修人与报修时间不能修改', OLD.number USING ERRCODE = 'HR030';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON assets_repair FOR EACH ROW EXECUTE FUNCTION assets_repair_guard();
ALTER TABLE assets_repair ENABLE ALWAYS TRIGGER guard;

CREATE FUNCTION assets_task_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state IN ('passed', 'failed') THEN
        RAISE EXCEPTION '维护任务 % 已完成，不能修改或删除', OLD.id USING ERRCODE = 'HR031';
    END IF;
    RETURN coalesce(NEW, OLD);
END $$;
CREATE TRIGGER task_kept BEFORE UPDATE OR DELETE ON assets_care_task FOR EACH ROW EXECUTE FUNCTION assets_task_kept();
ALTER TABLE assets_care_task ENABLE ALWAYS TRIGGER task_kept;
"""

REVERSE_SQL = """
DROP TRIGGER IF EXISTS task_kept ON assets_care_task;
DROP TRIGGER IF EXISTS guard ON assets_repair;
DROP TRIGGER IF EXISTS project ON assets_repair_act;
DROP FUNCTION IF EXISTS assets_task_kept();
DROP FUNCTION IF EXISTS assets_repair_guard();
DROP FUNCTION IF EXISTS assets_repair_project();
"""
