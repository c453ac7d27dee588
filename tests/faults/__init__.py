"""Faults on purpose: crashes, rubbish and a hostile environment, against the real server as a process."""
