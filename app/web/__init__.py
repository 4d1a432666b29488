"""HTTP matters all domains share: rendering, CSRF, errors, logging, health."""
