"""`meterai up`: the processes, the embedded PostgreSQL, the first start and the schema."""
