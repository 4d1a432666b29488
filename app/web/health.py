"""Liveness and readiness for supervisors and load balancers."""

from __future__ import annotations

import os
from pathlib import Path

from flask import Blueprint, Flask, Response, jsonify

from app.db.cache import Cache
from app.db.database import Database
from app.db.errors import PyMongoError
from app.db.migrations import pending_migrations
from app.db.refilling import restore_running
from app.web.registry import service

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """Say that the process lives, without asking anybody else."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
def readyz() -> tuple[Response, int]:
    """Say whether the shop can take traffic. Without Redis it is slower, yet ready. A server that
    is about to stop says so first, and answers everybody else meanwhile."""
    if _is_stopping():
        return jsonify(status="stopping"), 503
    checks = {"mongodb": _mongodb(), "redis": _redis()}
    ready = checks["mongodb"] == "ok"
    return jsonify(status="ready" if ready else "unready", checks=checks), 200 if ready else 503


def _is_stopping() -> bool:
    """Whether ``serve`` was told to stop: it makes a file for all of its processes to see."""
    marker = os.environ.get("MOSSX_STOPPING_FILE", "")
    return marker != "" and Path(marker).exists()


def _mongodb() -> str:
    database = service(Database)
    try:
        if restore_running(database):
            return "a backup is being restored"
        return "migrations pending" if pending_migrations(database) else "ok"
    except PyMongoError:
        return "unreachable"


def _redis() -> str:
    return "ok" if service(Cache).ping() else "unreachable"


def init_app(app: Flask) -> None:
    """Register the routes."""
    app.register_blueprint(blueprint)
