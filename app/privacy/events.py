"""What is told about persons who are forgotten."""

PERSON_ERASED = (
    "privacy.person_erased"  # account_id, email ("" if not proven), emails, order_ids, numbers
)
