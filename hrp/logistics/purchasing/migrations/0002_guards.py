"""What the database refuses of purchasing: changed facts, purged records, buyers who inspect, more than was ordered."""

from django.db import migrations

from hrp.platform.base.append_only import AppendOnly
from hrp.platform.documents.guards import GuardDocument

FACTS = (
    "logistics_plan_closing", "logistics_replenishment_run", "logistics_replenishment_line", "logistics_concession",
    "logistics_order_event", "logistics_inspection_signature", "logistics_inspection_receipt",
    "logistics_supplier_return_confirmation",
)  # fmt: skip

# Records of implants stay for ever, whatever became of the document; a draft still being written is no record yet.
RETENTION = """
CREATE FUNCTION logistics_keep_inspection() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.retention = 'permanent' AND EXISTS (
            SELECT FROM logistics_inspection d WHERE d.id = OLD.document_id AND d.state NOT IN ('draft', 'returned')) THEN
        RAISE EXCEPTION '验收单第 % 行为植入性物资，记录永久保存，不能删除', OLD.position
            USING ERRCODE = 'HR001', HINT = '植入性医疗器械的进货查验记录须永久保存。';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER keep_permanent BEFORE DELETE ON logistics_inspection_line
    FOR EACH ROW EXECUTE FUNCTION logistics_keep_inspection();
ALTER TABLE logistics_inspection_line ENABLE ALWAYS TRIGGER keep_permanent;

CREATE FUNCTION logistics_retention_of_implants() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.retention <> 'permanent' AND (SELECT implant FROM logistics_item WHERE id = NEW.item_id) THEN
        RAISE EXCEPTION '验收单第 % 行为植入性物资，记录须永久保存', NEW.position
            USING ERRCODE = 'HR001', HINT = '植入性物资的保存期限不可缩短。';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER permanent_for_implants BEFORE INSERT OR UPDATE OF retention, item_id ON logistics_inspection_line
    FOR EACH ROW EXECUTE FUNCTION logistics_retention_of_implants();
ALTER TABLE logistics_inspection_line ENABLE ALWAYS TRIGGER permanent_for_implants;
"""
DROP_RETENTION = """
DROP FUNCTION logistics_keep_inspection() CASCADE; DROP FUNCTION logistics_retention_of_implants() CASCADE;
"""

SIGNER = """
CREATE FUNCTION logistics_buyer_does_not_inspect() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE ordered text;
BEGIN
    SELECT o.number INTO ordered FROM logistics_inspection_line l
        JOIN logistics_order_line x ON x.id = l.order_line_id JOIN logistics_order o ON o.id = x.document_id
        WHERE l.document_id = NEW.inspection_id AND o.maker_id = NEW.signer_id LIMIT 1;
    IF ordered IS NOT NULL THEN
        RAISE EXCEPTION '订单 % 的采购人不能在验收单上签字', ordered
            USING ERRCODE = 'HR001', HINT = '采购与验收应由不同的人办理。';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER buyer_does_not_inspect BEFORE INSERT ON logistics_inspection_signature
    FOR EACH ROW EXECUTE FUNCTION logistics_buyer_does_not_inspect();
ALTER TABLE logistics_inspection_signature ENABLE ALWAYS TRIGGER buyer_does_not_inspect;
"""
DROP_SIGNER = "DROP FUNCTION logistics_buyer_does_not_inspect() CASCADE;"

# The service locks the orders first, so that two receipts at once are counted one after the other.
OVER = """
CREATE FUNCTION logistics_not_more_than_ordered() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE over record;
BEGIN
    SELECT o.number, i.name, l.quantity, g.quantity AS received INTO over
    FROM (SELECT DISTINCT coalesce(x.root_id, x.id) AS root FROM logistics_receipt_line rl
          JOIN logistics_order_line x ON x.id = rl.order_line WHERE rl.document_id = NEW.id) w
    JOIN logistics_order_line l ON coalesce(l.root_id, l.id) = w.root
    JOIN logistics_order o ON o.id = l.document_id AND o.state = 'posted'
        AND NOT EXISTS (SELECT FROM logistics_order v WHERE v.replaces_id = o.id AND v.state = 'posted')
    JOIN logistics_item i ON i.id = l.item_id
    JOIN LATERAL (
        SELECT sum(rl.quantity) AS quantity FROM logistics_receipt_line rl
        JOIN logistics_receipt r ON r.id = rl.document_id AND r.state = 'posted'
        JOIN logistics_store s ON s.id = r.store_id AND s.kind <> 'quarantine'
        JOIN logistics_order_line x ON x.id = rl.order_line AND coalesce(x.root_id, x.id) = w.root
    ) g ON g.quantity > l.quantity * (100 + i.over_receive_percent) / 100
    LIMIT 1;
    IF over.number IS NOT NULL THEN
        RAISE EXCEPTION '订单 % 的 % 订 %，入库后为 %，超过允许', over.number, over.name, over.quantity, over.received
            USING ERRCODE = 'HR001', HINT = '收货不得超过订货与允许超收。';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER not_more_than_ordered AFTER UPDATE OF state ON logistics_receipt
    FOR EACH ROW WHEN (NEW.state = 'posted' AND OLD.state <> 'posted')
    EXECUTE FUNCTION logistics_not_more_than_ordered();
ALTER TABLE logistics_receipt ENABLE ALWAYS TRIGGER not_more_than_ordered;
"""
DROP_OVER = "DROP FUNCTION logistics_not_more_than_ordered() CASCADE;"

INDEXES = """
CREATE INDEX logistics_order_line_root ON logistics_order_line (coalesce(root_id, id));
"""


class Migration(migrations.Migration):
    dependencies = [
        ("purchasing", "0001_initial"), ("logistics", "0002_guards"), ("base", "0001_initial"), ("documents", "0002_guards"),
    ]  # fmt: skip
    operations = [
        *(AppendOnly(table) for table in FACTS),
        GuardDocument("logistics_plan", "logistics_plan_line"),
        GuardDocument("logistics_order", "logistics_order_line"),
        GuardDocument("logistics_delivery_note", "logistics_delivery_note_line"),
        GuardDocument("logistics_inspection", "logistics_inspection_line"),
        GuardDocument("logistics_supplier_return", "logistics_supplier_return_line"),
        migrations.RunSQL(RETENTION, DROP_RETENTION),
        migrations.RunSQL(SIGNER, DROP_SIGNER),
        migrations.RunSQL(OVER, DROP_OVER),
        migrations.RunSQL(INDEXES, "DROP INDEX logistics_order_line_root;"),
    ]
