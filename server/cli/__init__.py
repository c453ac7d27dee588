"""The command line: the outermost rim, and the only place that sees both server and terminal client."""
