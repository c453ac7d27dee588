"""The sample in the folder's README runs as it stands."""

from __future__ import annotations

import contextlib
import io
import re

from policies.loader import HERE, policy_hash
from policies.model import Policy


def test_the_sample_runs() -> None:
    (sample,) = re.findall(r"```python\n(.*?)```", (HERE / "README.md").read_text(encoding="utf-8"), re.S)
    names: dict[str, object] = {}
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(sample, "policies/README.md", "exec"), names)
    policy = names["policy"]
    assert isinstance(policy, Policy)
    assert printed.getvalue().splitlines() == [
        f"120 {policy_hash(policy)[:12]}",
        "Offer no publishing to someone whose identity was not verified.",
        "Platform rules",
    ]
