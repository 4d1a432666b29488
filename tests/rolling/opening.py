"""Fills the old version's shop: run as a script, with the old version's code to import from.

What it prints is a line of JSON: codes of gift cards, pictures, and the product that is edited.
"""

from __future__ import annotations

import json
import os
import random
import runpy
import sys
from pathlib import Path

from app import create_app
from app.db.database import Database
from app.identity.models import Role
from app.identity.service import AccountService
from app.media.service import MediaService
from app.web.registry import service
from tests.support.member import PASSWORD, make_proven
from tests.support.pictures import encoded, two_halves

_PICTURES = 6
_CHECKOUTS = 400  # about; codes and cards are made for so many
_SHELVES = Path(__file__).resolve().parents[1] / "chaos" / "shelves.py"


def main() -> int:
    """Fill it."""
    shelves = runpy.run_path(str(_SHELVES))  # today's, which the judge knows, of old parts
    cards = shelves["fill"](os.environ, shelves["stock_of"](), _CHECKOUTS, random.Random(1))
    app = create_app(os.environ)
    make_proven(app, "ann@example.com")
    service(AccountService, app).create_proven("owner@example.com", PASSWORD, "Olive", Role.OWNER)
    media = service(MediaService, app)
    pictures = [
        media.put(encoded(two_halves(2000, 900 + n)), f"picture {n}").src for n in range(_PICTURES)
    ]
    edited = service(Database, app)["products"].find_one({"title": "Chaos C-5"}) or {}
    print(json.dumps({"cards": cards, "pictures": pictures, "edited": edited["_id"]}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
