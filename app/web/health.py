"""Liveness and readiness for supervisors and load balancers."""

from __future__ import annotations

import redis
from flask import Blueprint, Flask, Response, jsonify
from redis.exceptions import RedisError

from app.db.database import Database
from app.db.errors import PyMongoError
from app.db.migrations import pending_migrations
from app.web.registry import service

blueprint = Blueprint("health", __name__)


class CacheServer:
    """The Redis connection shared by a process; everything in it can be rebuilt."""

    def __init__(self, url: str) -> None:
        self.client = redis.Redis.from_url(
            url, socket_connect_timeout=0.5, socket_timeout=1.0, health_check_interval=30
        )


@blueprint.get("/healthz")
def healthz() -> Response:
    """Say that the process lives, without asking anybody else."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
def readyz() -> tuple[Response, int]:
    """Say whether the shop can take traffic. Without Redis it is slower, yet ready."""
    checks = {"mongodb": _mongodb(), "redis": _redis()}
    ready = checks["mongodb"] == "ok"
    return jsonify(status="ready" if ready else "unready", checks=checks), 200 if ready else 503


def _mongodb() -> str:
    database = service(Database)
    try:
        return "migrations pending" if pending_migrations(database) else "ok"
    except PyMongoError:
        return "unreachable"


def _redis() -> str:
    try:
        service(CacheServer).client.ping()
    except RedisError:
        return "unreachable"
    return "ok"


def init_app(app: Flask) -> None:
    """Register the routes."""
    app.register_blueprint(blueprint)
