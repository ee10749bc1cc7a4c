"""PostgreSQL: named SQL, migrations, one small module per aggregate, and the embedded server."""
