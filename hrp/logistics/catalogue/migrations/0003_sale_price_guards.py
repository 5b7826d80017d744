from django.db import migrations

from hrp.platform.base.append_only import AppendOnly
from hrp.platform.documents.guards import GuardDocument

# prices are decided in the order they take effect; what is taken back is exactly what was decided
ORDER = """
CREATE FUNCTION logistics_sale_price_check() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.reverses_id IS NULL AND EXISTS (
        SELECT FROM logistics_sale_price s WHERE s.item_id = NEW.item_id AND s.id <> NEW.id AND s.reverses_id IS NULL
          AND s.valid_from >= NEW.valid_from AND NOT EXISTS (SELECT FROM logistics_sale_price r WHERE r.reverses_id = s.id)) THEN
        RAISE EXCEPTION '物资 % 已有自 % 或以后执行的销售价', NEW.item_id, NEW.valid_from USING ERRCODE = 'HR024';
    END IF;
    IF NEW.reverses_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM logistics_sale_price s WHERE s.id = NEW.reverses_id AND s.reverses_id IS NULL AND s.item_id = NEW.item_id
          AND s.price = NEW.price AND s.valid_from = NEW.valid_from) THEN
        RAISE EXCEPTION '撤回的销售价与原价不符' USING ERRCODE = 'HR024';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER one_after_another AFTER INSERT ON logistics_sale_price
    FOR EACH ROW EXECUTE FUNCTION logistics_sale_price_check();
ALTER TABLE logistics_sale_price ENABLE ALWAYS TRIGGER one_after_another;
"""

DROP_ORDER = """
DROP TRIGGER IF EXISTS one_after_another ON logistics_sale_price;
DROP FUNCTION IF EXISTS logistics_sale_price_check;
"""


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0002_guards"), ("base", "0001_initial"), ("documents", "0002_guards")]
    operations = [
        GuardDocument("logistics_price_adjustment", "logistics_price_adjustment_line"),
        AppendOnly("logistics_sale_price"),
        AppendOnly("logistics_price_effect"),
        AppendOnly("logistics_price_take_over"),
        migrations.RunSQL(sql=ORDER, reverse_sql=DROP_ORDER),
    ]
