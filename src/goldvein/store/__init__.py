"""PostgreSQL: named queries, migrations, one small module per aggregate, the embedded server."""
