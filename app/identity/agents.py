"""Naming a device so that its owner recognises it."""

from __future__ import annotations

from ua_parser import parse

from app.shared.texts import Text


def device_name(agent: str) -> str:
    """``Firefox on Linux``, from the browser's ``User-Agent``."""
    found = parse(agent)
    browser = found.user_agent.family if found.user_agent else ""
    system = found.os.family if found.os else ""
    if browser and system:
        return Text("%(browser)s on %(system)s", browser=browser, system=system)
    return browser or system or Text("Unknown browser")
