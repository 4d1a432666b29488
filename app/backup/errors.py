"""Why a backup is not made, or not restored."""

from __future__ import annotations


class BackupError(Exception):
    """The message says what is wrong and what to do."""


class BackupDamaged(BackupError):
    """The file is not whole, or not as it was written."""


class BackupLocked(BackupError):
    """The file is encrypted with a key that is not there."""


class BackupTooNew(BackupError):
    """The file was made by a later version of the shop."""


class ShopNotEmpty(BackupError):
    """There is something to be lost."""
