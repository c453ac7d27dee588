"""What every rule is asked with: the reference policy, and one afternoon in March."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from policies.model import Policy
from tests.domain.village import REFERENCE

AFTERNOON = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def policy() -> Policy:
    return REFERENCE


@pytest.fixture
def now() -> datetime:
    return AFTERNOON
