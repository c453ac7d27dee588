"""The only place with SQL: schema, group commit, front-stage tables, log rows, and the vault beside them."""
