"""What holds for the house as a whole: who imports whom, what is complete, what must never appear."""
