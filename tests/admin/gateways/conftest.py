"""A shop whose gateways' keys are entered in the panel.

The sandbox is one account with one set of keys. An application without keys in its environment
gets them by the form; other keys are an account that the sandbox does not know.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from app.payments.keys import FIELDS
from dev.stack import Stack
from tests.admin.gateways.keys import enter, own_keys
from tests.support.catalog import CatalogMaker
from tests.support.gateways import Sandbox
from tests.support.shopper import Shopper
from tests.support.staff import Staff


@pytest.fixture
def environment(stack: Stack, tmp_path: Path) -> dict[str, str]:
    """An environment without any gateway's keys."""
    names = {f"{gateway}_{name}".upper() for gateway, all_ in FIELDS.items() for name in all_}
    without = {name: value for name, value in stack.environment.items() if name not in names}
    return {**without, "MOSSX_DATA_DIR": str(tmp_path)}


@pytest.fixture
def ready(
    app: Flask,
    owner: Staff,
    stack: Stack,
    catalog: CatalogMaker,
    shopper: Shopper,
    sandbox: Sandbox,
) -> Shopper:
    """A shopper with a mug in the cart, in a shop with both gateways."""
    for gateway in FIELDS:
        assert enter(owner, gateway, own_keys(stack, gateway)).status_code == 303
    catalog.mug()
    shopper.add("MUG")
    return shopper
