"""What a ``User-Agent`` says: a device's name that its owner recognises, or a program's."""

from __future__ import annotations

import re
from functools import lru_cache

from ua_parser import parse, parse_device

from app.shared.texts import Text

# The parser knows robots of search engines; these are tools, probes and everybody else's.
_ROBOT = re.compile(
    r"bot\b|crawl|spider|slurp|scrapy|headless|lighthouse|monitor|probe|curl|wget|python|"
    r"werkzeug|libwww|httpclient|okhttp|go-http|java/|ruby|php|axios|node-fetch|preview",
    re.IGNORECASE,
).search


def device_name(agent: str) -> str:
    """``Firefox on Linux``, from the browser's ``User-Agent``."""
    found = parse(agent)
    browser = found.user_agent.family if found.user_agent else ""
    system = found.os.family if found.os else ""
    if browser and system:
        return Text("%(browser)s on %(system)s", browser=browser, system=system)
    return browser or system or Text("Unknown browser")


@lru_cache(maxsize=4096)
def is_robot(agent: str) -> bool:
    """Whether a ``User-Agent`` is a program's that visits pages by itself."""
    device = parse_device(agent)
    spider = device is not None and device.family == "Spider"
    return spider or _ROBOT(agent) is not None
