"""A published text stands for ever, and so does what use was made of it."""

from django.db import migrations

from hrp.platform.base.append_only import AppendOnly

GUARD = """
CREATE FUNCTION operations_guard_article_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'published' THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    -- the lexemes are computed from the text and may be computed anew
    IF TG_OP = 'UPDATE' AND to_jsonb(OLD) - 'search' = to_jsonb(NEW) - 'search' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '知识第 % 版已发布：不允许 %', OLD.number, TG_OP
        USING ERRCODE = 'HR001', HINT = '已发布的文字不可修改，请修订为新版本。';
END $$;
CREATE TRIGGER guard_published BEFORE UPDATE OR DELETE ON operations_article_version
    FOR EACH ROW EXECUTE FUNCTION operations_guard_article_version();
ALTER TABLE operations_article_version ENABLE ALWAYS TRIGGER guard_published;
CREATE TRIGGER guard_published_truncate BEFORE TRUNCATE ON operations_article_version
    FOR EACH STATEMENT EXECUTE FUNCTION hrp_refuse_change();
ALTER TABLE operations_article_version ENABLE ALWAYS TRIGGER guard_published_truncate;
"""

DROP_GUARD = """
DROP TRIGGER guard_published_truncate ON operations_article_version;
DROP FUNCTION operations_guard_article_version() CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("knowledge", "0001_initial"), ("base", "0001_initial")]
    operations = [
        AppendOnly("operations_article_use"),
        migrations.RunSQL(GUARD, DROP_GUARD),
    ]
