"""The interface in every language the shop speaks."""
