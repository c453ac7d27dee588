"""The contract between server and clients: verbs, events, errors, frames. Knows no database and no socket."""
