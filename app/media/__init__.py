"""Pictures: stored once under a name made of their content, served in a few widths."""
