"""Putting things where they belong."""

from __future__ import annotations

import math

from tools.pictures import shapes as s


def moved(things, x: float = 0, y: float = 0, z: float = 0, turn: float = 0):
    things = things if isinstance(things, list) else [things]
    for thing in things:
        thing.location.x += x
        thing.location.y += y
        thing.location.z += z
        thing.rotation_euler.z += math.radians(turn)
    return things


def handle(radius: float, thick: float, x: float, z: float, main, squash: float = 1.15):
    ear = s.ring(radius, thick, main, squash=squash, arc=math.pi * 1.1, start=-math.pi * 0.55)
    ear.location = (x, 0, z)
    return ear
