"""What payments tell the rest of the shop."""

# payload: gateway, session_id, attempt_id, payment_id, dispute_id
WEBHOOK_RECEIVED = "payments.webhook"
WEBHOOK_REPEATED = "payments.webhook_repeated"  # payload: gateway
ALERT = "payments.alert"  # payload: order_id, message; an admin must look
