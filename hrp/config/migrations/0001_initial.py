from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="InstallationMark",
            fields=[
                ("name", models.CharField(max_length=50, primary_key=True, serialize=False, verbose_name="步骤")),
                ("value", models.CharField(max_length=100, verbose_name="状态")),
                ("marked_at", models.DateTimeField(auto_now=True, verbose_name="时间")),
            ],
            options={"verbose_name": "安装标记", "db_table": "config_installation_mark"},
        ),
    ]
