"""The driver's errors by which callers are meant to steer, under one roof.

Only this package and repositories import the driver itself.
"""

from __future__ import annotations

from pymongo.errors import DuplicateKeyError, OperationFailure, PyMongoError

_WRITE_CONFLICT = 112


def moved_on(what: str) -> PyMongoError:
    """What to raise in a transaction whose document is no longer as it was read: the transaction
    is tried again, as after any conflict of writes."""
    error = OperationFailure(f"{what} was written meanwhile", _WRITE_CONFLICT)
    error._add_error_label("TransientTransactionError")
    return error


__all__ = ["DuplicateKeyError", "PyMongoError", "moved_on"]
