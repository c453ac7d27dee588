"""The rules, pure: no await, no clock, no SQL, no logging. Facts and ``now`` come in, decisions come out."""
