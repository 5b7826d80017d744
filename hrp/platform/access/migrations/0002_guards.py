"""三员分立 below every program: composite foreign keys tie the duty of user, role, grant and permission together."""

from django.db import migrations

from hrp.platform.base.stamps import BumpStamp

DUTIES = """
ALTER TABLE access_role_permission ADD CONSTRAINT access_role_permission_duty_of_role
    FOREIGN KEY (role_id, duty) REFERENCES access_role (id, duty);
ALTER TABLE access_role_grant ADD CONSTRAINT access_role_grant_duty_of_role
    FOREIGN KEY (role_id, duty) REFERENCES access_role (id, duty);
ALTER TABLE access_role_grant ADD CONSTRAINT access_role_grant_duty_of_user
    FOREIGN KEY (user_id, duty) REFERENCES access_user (id, duty);

CREATE FUNCTION access_fill_duty() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.duty = '' THEN
        SELECT duty INTO NEW.duty FROM access_role WHERE id = NEW.role_id;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER access_fill_duty BEFORE INSERT OR UPDATE ON access_role_permission
    FOR EACH ROW EXECUTE FUNCTION access_fill_duty();
CREATE TRIGGER access_fill_duty BEFORE INSERT OR UPDATE ON access_role_grant
    FOR EACH ROW EXECUTE FUNCTION access_fill_duty();
"""
DROP_DUTIES = """
DROP TRIGGER IF EXISTS access_fill_duty ON access_role_grant;
DROP TRIGGER IF EXISTS access_fill_duty ON access_role_permission;
DROP FUNCTION IF EXISTS access_fill_duty();
ALTER TABLE access_role_grant DROP CONSTRAINT IF EXISTS access_role_grant_duty_of_user;
ALTER TABLE access_role_grant DROP CONSTRAINT IF EXISTS access_role_grant_duty_of_role;
ALTER TABLE access_role_permission DROP CONSTRAINT IF EXISTS access_role_permission_duty_of_role;
"""

# The layout of Django's DatabaseCache: limits and used codes must hold over all processes.
CACHE = """
CREATE TABLE hrp_cache (
    cache_key varchar(255) NOT NULL PRIMARY KEY,
    value text NOT NULL,
    expires timestamp with time zone NOT NULL
);
CREATE INDEX hrp_cache_expires ON hrp_cache (expires);
"""
DROP_CACHE = "DROP TABLE IF EXISTS hrp_cache;"


class Migration(migrations.Migration):
    dependencies = [("access", "0001_initial"), ("base", "0002_stamps")]
    operations = [
        migrations.RunSQL(DUTIES, DROP_DUTIES),
        migrations.RunSQL(CACHE, DROP_CACHE),
        BumpStamp("access_user", "grants", ["duty", "is_active", "is_locked", "is_machine"]),
        BumpStamp("access_role", "grants"),
        BumpStamp("access_role_permission", "grants"),
        BumpStamp("access_role_grant", "grants"),
    ]
