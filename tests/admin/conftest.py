"""Staff for the panel's tests."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.support.staff import Staff


@pytest.fixture
def owner(app: Flask) -> Staff:
    """The shop's owner, logged in."""
    return Staff(app)
