"""Naming a device so that its owner recognises it."""

from __future__ import annotations

from ua_parser import parse


def device_name(agent: str) -> str:
    """``Firefox on Linux``, from the browser's ``User-Agent``."""
    found = parse(agent)
    browser = found.user_agent.family if found.user_agent else ""
    system = found.os.family if found.os else ""
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or "Unknown browser"
