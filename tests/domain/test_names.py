"""How long a name may be under a policy that is narrower than the wire."""

from __future__ import annotations

from typing import get_args

import pytest

from policies.model import Policy
from server.domain.names import Kind, check_length
from server.wire.errors import TooMuch


@pytest.mark.clause("SA-05.4a")
@pytest.mark.parametrize("kind", get_args(Kind))
@pytest.mark.parametrize(("over", "fits"), [(-1, True), (0, True), (1, False)])
def test_a_name_may_be_as_long_as_policy_says(kind: Kind, over: int, fits: bool, policy: Policy) -> None:
    """SA-05.4a: names and remarks are information that others see; the policy sets their size."""
    most = getattr(policy.naming.max_len, kind)
    name = "好" * (most + over)
    if fits:
        check_length(kind, name, policy)
        return
    with pytest.raises(TooMuch) as refused:
        check_length(kind, name, policy)
    assert refused.value.type == "too_large"
    assert refused.value.policy == {f"naming.max_len.{kind}": most}
    assert refused.value.body()["data"]["current"] == most + 1
