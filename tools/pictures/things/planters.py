"""Pots with plants in them."""

from __future__ import annotations

import math

from tools.pictures import materials as m
from tools.pictures import shapes as s


def _soil(radius: float, height: float):
    ground = s.turned([(0, 0), (radius, 0), (radius * 0.9, 0.05), (0, 0.07)], m.matte("Walnut"))
    ground.location.z = height
    return ground


def _leaves(height: float, count: int = 9, length: float = 0.9):
    """A simple plant of upright leaves."""
    green = m.matte("Moss")
    things = []
    for k in range(count):
        leaf = s.turned(
            [(0, 0), (0.05, 0.05), (0.14, length * 0.5), (0.04, length * 0.92), (0, length)],
            green,
            steps=24,
        )
        leaf.scale = (1, 0.16, 1)
        around = k * 2.4
        lean = math.radians(8 + 22 * (k / count))
        leaf.rotation_euler = (lean, 0, around)
        leaf.location = (0.1 * math.cos(around), 0.1 * math.sin(around), height)
        things.append(leaf)
    return things


def planter(main):
    pot = s.vessel([(0.5, 0), (0.54, 0.04), (0.66, 0.7), (0.72, 1.05)], main, 0.06)
    dish = s.vessel([(0.6, 0), (0.64, 0.02), (0.76, 0.12)], main, 0.05)
    pot.location.z = 0.05
    return [pot, dish, _soil(0.62, 0.9), *_leaves(0.92)]


def cone_planter(main):
    return [
        s.vessel([(0.32, 0), (0.36, 0.03), (0.62, 0.7), (0.74, 1.0)], main, 0.05),
        _soil(0.62, 0.82),
        *_leaves(0.86, 12, 0.7),
    ]


def bowl_planter(main):
    return [
        s.vessel([(0.4, 0), (0.46, 0.04), (0.9, 0.3), (0.98, 0.6)], main, 0.06),
        _soil(0.86, 0.45),
        *_leaves(0.5, 14, 0.55),
    ]


def footed_planter(main):
    legs = []
    for k in range(3):
        leg = s.rod(0.62, 0.05, m.wood("Oak"))
        angle = 2 * math.pi * k / 3 + 0.5
        leg.location = (0.46 * math.cos(angle), 0.46 * math.sin(angle), 0)
        legs.append(leg)
    pot = s.vessel([(0.5, 0), (0.6, 0.04), (0.66, 0.4), (0.66, 0.8)], main, 0.05)
    pot.location.z = 0.42
    return [pot, *legs, _soil(0.58, 1.05), *_leaves(1.08, 10, 0.8)]
