"""The Qunzu server: wire contract, pure rules, storage, use cases, transport, command line."""
