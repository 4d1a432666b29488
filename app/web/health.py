"""Liveness and readiness for supervisors and load balancers."""

from __future__ import annotations

import os
from pathlib import Path

from flask import Blueprint, Flask, Response, current_app, jsonify, request

from app.db.cache import Cache
from app.db.database import Database
from app.db.errors import PyMongoError
from app.db.migrations import pending_migrations
from app.db.refilling import restore_running
from app.web.registry import service

blueprint = Blueprint("health", __name__)
_AWAY = "unreachable"
_WITHIN = 1.0  # seconds: whoever asks does not wait for much longer than that
_WAS_READY = "mossx.was_ready"  # in the application's extensions


@blueprint.get("/healthz")
def healthz() -> Response:
    """Say that the process lives, without asking anybody else."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
def readyz() -> tuple[Response, int]:
    """Say whether the shop can take traffic. Without Redis it is slower, yet ready. A server that
    is about to stop says so first, and answers everybody else meanwhile.

    Without the database no server is ready; who sends shoppers asks with ``?kept``: one that was
    ready then goes on with the pages that it keeps, since no other could do more."""
    if _is_stopping():
        return jsonify(status="stopping"), 503
    checks = {"mongodb": _mongodb(), "redis": _redis()}
    known, status = current_app.extensions, "unready"
    if checks["mongodb"] == "ok":
        known[_WAS_READY], status = True, "ready"
    elif checks["mongodb"] == _AWAY and _WAS_READY in known and "kept" in request.args:
        status = "kept pages only"
    return jsonify(status=status, checks=checks), 503 if status == "unready" else 200


def _is_stopping() -> bool:
    """Whether ``serve`` was told to stop: it makes a file for all of its processes to see."""
    marker = os.environ.get("MOSSX_STOPPING_FILE", "")
    return marker != "" and Path(marker).exists()


def _mongodb() -> str:
    database = service(Database)
    try:
        with database.within(_WITHIN):
            if restore_running(database):
                return "a backup is being restored"
            return "migrations pending" if pending_migrations(database) else "ok"
    except PyMongoError:
        return _AWAY


def _redis() -> str:
    return "ok" if service(Cache).ping() else _AWAY


def init_app(app: Flask) -> None:
    """Register the routes."""
    app.register_blueprint(blueprint)
