"""``python -m bench.onlookers URL PATH``: looks at kept pages until a line comes in, and prints how
long each took, in seconds."""

from __future__ import annotations

import http.client
import select
import sys
import time
from urllib.parse import urlsplit

from bench.shop import named

_EVERY = 0.05  # seconds


def main() -> None:
    """Look, and print."""
    url, product = sys.argv[1:]
    headers = named(f"{url}/products")
    line = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    took, turn = [], 0
    while not select.select([sys.stdin], [], [], _EVERY)[0]:
        turn += 1
        began = time.perf_counter()
        line.request("GET", ("/products", product)[turn % 2], headers=headers)
        answer = line.getresponse()
        answer.read()
        took.append(time.perf_counter() - began)
        if answer.status != 200:
            raise RuntimeError(f"a kept page answered {answer.status}")
    print("\n".join(map(str, took)))


if __name__ == "__main__":
    main()
