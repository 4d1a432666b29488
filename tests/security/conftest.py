"""The shop as attackers and auditors meet it."""

from __future__ import annotations

import pytest
from flask import Flask

from app import create_app

HTTPS = {"BASE_URL": "https://shop.example"}


@pytest.fixture
def https(environment: dict[str, str], app: Flask) -> Flask:
    """The shop at an https address."""
    return create_app({**environment, **HTTPS})
