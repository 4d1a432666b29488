"""Which rows have variants in a span of prices."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from app.catalog.readmodel.bits import Mask, bitmap, members, where
from app.catalog.readmodel.market import MarketModel

_SMALL = 8  # an eighth of the rows: below it, looking at them alone is quicker


@dataclass(frozen=True, kw_only=True, slots=True)
class PriceSpan:
    """Minor units, both ends included; None where there is no end."""

    floor: int | None
    ceiling: int | None

    def holds(self, prices: NDArray[Any]) -> Mask:
        """For each price, whether it is in the span."""
        return self._meets(prices, prices)

    def rows(self, market: MarketModel, among: BitMap) -> tuple[BitMap, BitMap]:
        """Those of ``among``, all sold in the market, whose lowest and highest price leave it
        possible that a price of theirs is in the span; and those of which every price is."""
        lowest, highest = market.lowest, market.highest
        if len(among) * _SMALL >= len(lowest):
            possible, certain = self._meets(highest, lowest), self._meets(lowest, highest)
            return among & where(possible), among & where(certain)
        numbers = members(among)
        lowest, highest = lowest[numbers], highest[numbers]
        possible, certain = self._meets(highest, lowest), self._meets(lowest, highest)
        return bitmap(numbers[possible]), bitmap(numbers[certain])

    def _meets(self, above: NDArray[Any], below: NDArray[Any]) -> Mask:
        """Where ``above`` is not under the floor and ``below`` not over the ceiling."""
        meets = [] if self.floor is None else [above >= self.floor]
        meets += [] if self.ceiling is None else [below <= self.ceiling]
        return reduce(np.logical_and, meets) if meets else np.ones(len(above), np.bool_)
