"""Use cases: one handler per verb, one noun per file; the dispatcher runs them, the hub tells the others."""
