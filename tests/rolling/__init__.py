"""A new version takes the place of an old one while people shop."""
