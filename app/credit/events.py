"""What credit tells the rest of the shop."""

# credit_id, email, sender, message, locale, order_id if it was sold
GIFT_CARD_ISSUED = "credit.gift_card_issued"
