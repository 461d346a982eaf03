"""The org that these tests share in shape, never in state."""

from __future__ import annotations

import pytest

from tests.support.salesforce_org import TestOrg


@pytest.fixture
def org() -> TestOrg:
    return TestOrg()
