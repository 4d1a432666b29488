"""What happens to accounts that others may want to know."""

from __future__ import annotations

REGISTERED = "identity.registered"  # account_id
PASSWORD_FORGOTTEN = "identity.password_forgotten"  # email as typed, maybe unknown
PASSWORD_CHANGED = "identity.password_changed"  # account_id
EMAIL_CHANGE_REQUESTED = "identity.email_change_requested"  # account_id, email (the new one)
EMAIL_CHANGED = "identity.email_changed"  # account_id, email (the old one)
TOKEN_REUSED = "identity.token_reused"  # account_id, agent, network
SECOND_FACTOR_CHANGED = "identity.second_factor_changed"  # account_id, enabled
RECOVERY_CODES_RENEWED = "identity.recovery_codes_renewed"  # account_id
ACCOUNT_CLOSED = "identity.account_closed"  # email, name
ACCOUNT_LEAVES = "identity.account_leaves"  # account_id, days
ACCOUNT_CHANGED = "identity.account_changed"  # account_id; it is new, gone, or says something else
STAFF_INVITED = "identity.staff_invited"  # invitation_id
