"""What groups tell the rest of the shop."""

GROUP_CHANGED = "groups.changed"  # payload: code, emails (some of those who came or went)
