"""The law as data: clauses, numbers and texts. Knows nothing of servers, clients, storage or time."""
