"""``python -m bench.onlookers URL PATH``: looks at pages that are mostly kept until a line comes in.

Prints a line when it begins, and at the end how many answers said that too many are here, and how
long each other one took, in seconds.
"""

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
    took, turn, turned_away = [], 0, 0
    print(flush=True)
    while not select.select([sys.stdin], [], [], _EVERY)[0]:
        turn += 1
        began = time.perf_counter()
        line.request("GET", ("/products", product)[turn % 2], headers=headers)
        answer = line.getresponse()
        answer.read()
        if answer.status == 503:  # it had just changed, and had to be made anew
            turned_away += 1
        elif answer.status == 200:
            took.append(time.perf_counter() - began)
        else:
            raise RuntimeError(f"a page answered {answer.status}")
    print(turned_away, *took, sep="\n")


if __name__ == "__main__":
    main()
