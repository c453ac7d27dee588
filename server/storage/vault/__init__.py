"""The only component that holds identity data. Its exits are few and named; there is no way to list it."""
