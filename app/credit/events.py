"""What credit tells the rest of the shop."""

GIFT_CARD_ISSUED = "credit.gift_card_issued"  # payload: credit_id, email, sender, message, locale
