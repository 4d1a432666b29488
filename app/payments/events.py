"""What payments tell the rest of the shop."""

WEBHOOK_RECEIVED = "payments.webhook"  # payload: gateway, session_id, attempt_id
ALERT = "payments.alert"  # payload: order_id, message; an admin must look
