"""Stock out of databases: one SELECT, read to its end in a transaction that cannot write."""
