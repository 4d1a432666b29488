"""The developer's environment: real servers on loopback, started, watched and stopped together."""
