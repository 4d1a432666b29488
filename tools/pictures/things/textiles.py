"""Cushions, cloths and towels."""

from __future__ import annotations

import math

from tools.pictures import materials as m
from tools.pictures import shapes as s
from tools.pictures.things.placing import moved


def pillow(main):
    return moved(s.cushion(1.9, 1.9, 0.75, main, 3), turn=-16)


def long_pillow(main):
    return moved(s.cushion(2.5, 1.5, 0.7, main, 8), turn=-16)


def throw(main):
    return moved(s.folded(2.3, 1.7, 5, 0.16, main, seed=4, fringe=True), turn=-26)


def blanket(main):
    return moved(s.folded(2.3, 1.8, 6, 0.17, main, seed=9), turn=-26)


def towels(main):
    return [*moved(s.folded(1.9, 1.3, 4, 0.15, main, seed=2), turn=-26),
            *moved(s.folded(1.8, 1.25, 4, 0.15, main, seed=5), z=0.7, turn=-22)]  # fmt: skip


def hand_towel(main):
    return moved(s.folded(1.7, 1.1, 4, 0.13, main, seed=6), turn=-26)


def napkins(main):
    things = []
    for k in range(4):
        things += moved(
            s.folded(1.4, 1.4, 2, 0.07, main, seed=k), x=0.03 * k, z=0.165 * k, turn=-30 + 5 * k
        )
    return things


def tea_towels(main):
    return [*moved(s.folded(1.3, 1.9, 3, 0.07, main, seed=11), turn=-30),
            *moved(s.folded(1.25, 1.85, 3, 0.07, m.cloth("Chalk"), seed=12), z=0.27, turn=-24)]  # fmt: skip


def rolled_runner(main):
    coil = s.turned([(0, 0), (0.42, 0), (0.44, 0.03), (0.44, 2.0), (0.42, 2.03), (0, 2.03)], main)
    coil.rotation_euler = (0, math.radians(90), math.radians(-26))
    coil.location = (-0.9, 0.44, 0.44)
    band = s.turned([(0.45, 0), (0.455, 0), (0.455, 0.16), (0.45, 0.16)], m.matte("Clay"))
    band.rotation_euler = coil.rotation_euler
    band.location = (-0.05, 0.03, 0.44)
    return [coil, band]


def pouf(main):
    return [
        s.turned(
            [
                (0, 0),
                (0.9, 0),
                (1.12, 0.08),
                (1.22, 0.4),
                (1.12, 0.72),
                (0.9, 0.82),
                (0.1, 0.8),
                (0, 0.74),
            ],
            main,
            ribs=14,
            depth=0.022,
        )
    ]
