"""What draft orders tell the rest of the shop."""

DRAFT_SENT = "drafts.sent"  # payload: draft_id, key
