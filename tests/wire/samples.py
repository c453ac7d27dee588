"""Values that several tests of the wire share: one group, one operation id, one client."""

from __future__ import annotations

from server.wire.group_id import group_id_from

GROUP = group_id_from("TEA000000")
OP = "op-00000001"
CLIENT = {"name": "qunzu-test", "version": "0.1.0", "platform": "linux", "architecture": "x86_64"}
