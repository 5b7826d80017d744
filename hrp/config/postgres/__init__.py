"""The hospital's PostgreSQL: the embedded server of ``make run``, or an existing one named by HRP_DATABASE_URL."""
