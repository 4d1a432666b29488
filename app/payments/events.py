"""What payments tell the rest of the shop."""

WEBHOOK_RECEIVED = "payments.webhook"  # payload: gateway, session_id, attempt_id
ATTEMPT_DUE = "payments.attempt_due"  # payload: attempt_id; look at the attempt again
ALERT = "payments.alert"  # payload: order_id, message; an admin must look
