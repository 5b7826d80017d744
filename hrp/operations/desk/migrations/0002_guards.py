"""What the database itself promises of the desk: chained events, one-way archive, no closing without a record, and
rulings signed by the parties themselves.
"""

from django.db import migrations

from hrp.platform.audit.rows import HashedRows
from hrp.platform.base.append_only import AppendOnly

CHAIN = """
CREATE FUNCTION operations_event_hash(e operations_ticket_event) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT encode(sha256(convert_to(concat_ws(E'\\n',
        e.prev_hash, e.ticket_id, e.seq, e.type,
        to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        to_char(e.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        e.actor_id, e.side, coalesce(e.evidence_id::text, '-'), e.payload::text), 'UTF8')), 'hex')
$$;

CREATE FUNCTION operations_chain_event() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    held operations_ticket%ROWTYPE;
    before timestamptz;
BEGIN
    SELECT * INTO STRICT held FROM operations_ticket WHERE id = NEW.ticket_id FOR UPDATE;
    IF NEW.seq <> held.last_seq + 1 THEN
        RAISE EXCEPTION '工单 % 的事件序号应为 %，不是 %', held.number, held.last_seq + 1, NEW.seq
            USING ERRCODE = 'HR001', HINT = '请重新读取工单后再试。';
    END IF;
    SELECT recorded_at INTO before FROM operations_ticket_event
        WHERE ticket_id = NEW.ticket_id AND seq = held.last_seq;
    IF before > NEW.recorded_at THEN
        RAISE EXCEPTION '工单 % 的记录时间倒退', held.number
            USING ERRCODE = 'HR001', HINT = '请检查服务器时钟。';
    END IF;
    IF NEW.type = 'CLOSED' AND NOT EXISTS (
        SELECT 1 FROM operations_maintenance_record r JOIN operations_record_archive a ON a.record_id = r.id
        WHERE r.ticket_id = NEW.ticket_id AND r.cycle = held.cycle
    ) THEN
        RAISE EXCEPTION '工单 % 没有归档的维护记录，不能关闭', held.number
            USING ERRCODE = 'HR001', HINT = '请先填写维护记录并由甲方确认。';
    END IF;
    NEW.prev_hash := held.head_hash;
    NEW.hash := operations_event_hash(NEW);
    UPDATE operations_ticket SET last_seq = NEW.seq, head_hash = NEW.hash WHERE id = NEW.ticket_id;
    RETURN NEW;
END $$;
CREATE TRIGGER chain_event BEFORE INSERT ON operations_ticket_event
    FOR EACH ROW EXECUTE FUNCTION operations_chain_event();
ALTER TABLE operations_ticket_event ENABLE ALWAYS TRIGGER chain_event;
"""

DROP_CHAIN = """
DROP FUNCTION operations_chain_event() CASCADE;
DROP FUNCTION operations_event_hash(operations_ticket_event);
"""

GUARDS = """
CREATE FUNCTION operations_guard_ticket() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (OLD.number, OLD.contract_version_id, OLD.opened_at)
            IS NOT DISTINCT FROM (NEW.number, NEW.contract_version_id, NEW.opened_at) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '工单 %：不允许 % 编号、合同版本与登记时间', OLD.number, TG_OP USING ERRCODE = 'HR001';
END $$;
CREATE TRIGGER guard_ticket BEFORE UPDATE OR DELETE ON operations_ticket
    FOR EACH ROW EXECUTE FUNCTION operations_guard_ticket();

CREATE FUNCTION operations_guard_record() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.archived_at IS NULL
            AND (OLD.number, OLD.ticket_id, OLD.cycle) = (NEW.number, NEW.ticket_id, NEW.cycle) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '维护记录 %：不允许 %', OLD.number, TG_OP
        USING ERRCODE = 'HR001', HINT = '维护记录不可删除，归档后不可修改；补充内容请写入工单备注。';
END $$;
CREATE TRIGGER guard_record BEFORE UPDATE OR DELETE ON operations_maintenance_record
    FOR EACH ROW EXECUTE FUNCTION operations_guard_record();

CREATE FUNCTION operations_guard_series() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.key = OLD.key AND NEW.last = OLD.last + 1 THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '编号序列 % 只能逐一递增', OLD.key USING ERRCODE = 'HR001';
END $$;
CREATE TRIGGER guard_series BEFORE UPDATE OR DELETE ON operations_number_series
    FOR EACH ROW EXECUTE FUNCTION operations_guard_series();
"""

DROP_GUARDS = """
DROP FUNCTION operations_guard_ticket() CASCADE;
DROP FUNCTION operations_guard_record() CASCADE;
DROP FUNCTION operations_guard_series() CASCADE;
"""

ARCHIVE = """
ALTER TABLE operations_record_archive
    ADD CONSTRAINT operations_archive_body_hash
        CHECK (body_sha256 = encode(sha256(convert_to(body, 'UTF8')), 'hex')),
    ADD CONSTRAINT operations_archive_pdf_hash CHECK (pdf_sha256 = encode(sha256(pdf), 'hex'));
"""

DROP_ARCHIVE = """
ALTER TABLE operations_record_archive
    DROP CONSTRAINT operations_archive_body_hash, DROP CONSTRAINT operations_archive_pdf_hash;
"""


RULINGS = """
CREATE FUNCTION operations_guard_signature() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM operations_party_member WHERE user_id = NEW.signer_id AND side = NEW.side) THEN
        RAISE EXCEPTION '签署人不是%的人员', CASE NEW.side WHEN 'hospital' THEN '甲方' ELSE '乙方' END
            USING ERRCODE = 'HR001', HINT = '裁定须由双方各自的人员签署。';
    END IF;
    IF NEW.signed_at < (SELECT proposed_at FROM operations_ruling WHERE id = NEW.ruling_id) THEN
        RAISE EXCEPTION '签署时间早于裁定提出的时间' USING ERRCODE = 'HR001', HINT = '请检查服务器时钟。';
    END IF;
    IF EXISTS (SELECT 1 FROM operations_ruling later JOIN operations_ruling r ON r.breach_id = later.breach_id
               WHERE r.id = NEW.ruling_id AND later.id > r.id) THEN
        RAISE EXCEPTION '该裁定之后又有新的提议，不能再签署'
            USING ERRCODE = 'HR001', HINT = '请签署最新的提议，或另提裁定。';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_signature BEFORE INSERT ON operations_ruling_signature
    FOR EACH ROW EXECUTE FUNCTION operations_guard_signature();
ALTER TABLE operations_ruling_signature ENABLE ALWAYS TRIGGER guard_signature;
"""

DROP_RULINGS = "DROP FUNCTION operations_guard_signature() CASCADE;"


class Migration(migrations.Migration):
    dependencies = [("desk", "0001_initial"), ("base", "0001_initial")]
    operations = [
        AppendOnly("operations_contact_evidence"),
        AppendOnly("operations_ticket_event"),
        AppendOnly("operations_breach"),
        AppendOnly("operations_record_archive"),
        AppendOnly("operations_ruling"),
        AppendOnly("operations_ruling_signature"),
        AppendOnly("operations_escalation"),
        AppendOnly("operations_watch_gap"),
        migrations.RunSQL(CHAIN, DROP_CHAIN),
        HashedRows(
            "TicketEvent",
            columns=[
                "id", "ticket", "seq", "type", "at", "recorded_at", "actor", "side", "payload", "evidence",
                "prev_hash", "hash",
            ],
        ),
        migrations.RunSQL(GUARDS, DROP_GUARDS),
        migrations.RunSQL(ARCHIVE, DROP_ARCHIVE),
        migrations.RunSQL(RULINGS, DROP_RULINGS),
    ]
