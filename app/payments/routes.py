"""Webhooks: verify, store, answer. The worker does the rest."""

from __future__ import annotations

import structlog
from flask import Blueprint, Response, jsonify, request

from app.payments.errors import BadSignature
from app.payments.inbox import WebhookInbox
from app.web.csrf import exempt
from app.web.registry import service

blueprint = Blueprint("webhooks", __name__, url_prefix="/webhooks")
_MAX_BODY = 512 * 1024
_log = structlog.get_logger()


@blueprint.post("/stripe")
@exempt
def stripe() -> tuple[Response, int]:
    """Stripe's events."""
    return _receive("stripe")


@blueprint.post("/razorpay")
@exempt
def razorpay() -> tuple[Response, int]:
    """Razorpay's events."""
    return _receive("razorpay")


def _receive(gateway: str) -> tuple[Response, int]:
    if (request.content_length or 0) > _MAX_BODY:
        return jsonify(error="too large"), 413
    try:
        new = service(WebhookInbox).receive(gateway, request.get_data(), dict(request.headers))
    except BadSignature as refusal:
        _log.warning("webhook_refused", gateway=gateway, reason=str(refusal))
        return jsonify(error="bad signature or body"), 400
    return jsonify(received=True, repeated=not new), 200
