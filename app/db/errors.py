"""The driver's errors by which callers are meant to steer, under one roof.

Only this package and repositories import the driver itself.
"""

from __future__ import annotations

from pymongo.errors import DuplicateKeyError, PyMongoError

__all__ = ["DuplicateKeyError", "PyMongoError"]
