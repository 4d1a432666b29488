"""Typed access to the services that the composition root built."""

from __future__ import annotations

from typing import TypeVar

from flask import Flask, current_app

T = TypeVar("T")
_KEY = "mossx.services"


def register(app: Flask, *services: object) -> None:
    """Make each service available to views by its class."""
    held: dict[type, object] = app.extensions.setdefault(_KEY, {})
    held.update({type(service): service for service in services})


def service(kind: type[T], app: Flask | None = None) -> T:
    """Return the service of this class. Raises ``KeyError`` if the root never built one."""
    found = (app or current_app).extensions[_KEY][kind]
    if not isinstance(found, kind):
        raise TypeError(f"{kind.__name__} is registered as something else")
    return found
