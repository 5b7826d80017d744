"""Tries are facts; what was said in a message is never changed, nor is a message taken away."""

from django.db import migrations

from hrp.platform.base.append_only import AppendOnly

GUARD = """
CREATE FUNCTION exchange_guard_message() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (OLD.partner_id, OLD.direction, OLD.kind, OLD.key, OLD.body, OLD.created_at)
            IS NOT DISTINCT FROM (NEW.partner_id, NEW.direction, NEW.kind, NEW.key, NEW.body, NEW.created_at) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '接口消息 %：不允许 %', OLD.id, TG_OP
        USING ERRCODE = 'HR001', HINT = '接口消息的内容不可修改，消息不可删除。';
END $$;
CREATE TRIGGER guard_message BEFORE UPDATE OR DELETE ON exchange_partnermessage
    FOR EACH ROW EXECUTE FUNCTION exchange_guard_message();
ALTER TABLE exchange_partnermessage ENABLE ALWAYS TRIGGER guard_message;
"""
DROP = "DROP FUNCTION exchange_guard_message() CASCADE;"


class Migration(migrations.Migration):
    dependencies = [("exchange", "0002_partners"), ("base", "0001_initial")]
    operations = [AppendOnly("exchange_partnerattempt"), migrations.RunSQL(GUARD, DROP)]
