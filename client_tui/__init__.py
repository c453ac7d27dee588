"""The clients: an SDK for scripts, and the terminal client built on it. Knows the wire, never the server."""
