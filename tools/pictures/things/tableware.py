"""Cups, plates, bowls and jugs."""

from __future__ import annotations

import math

from tools.pictures import materials as m
from tools.pictures import shapes as s
from tools.pictures.things.placing import handle


def mug(main):
    body = s.vessel([(0.36, 0), (0.4, 0.04), (0.42, 0.3), (0.42, 0.6), (0.43, 0.9)], main)
    return [body, handle(0.22, 0.045, 0.4, 0.47, main)]


def espresso(main):
    return [s.vessel([(0.24, 0), (0.3, 0.06), (0.33, 0.3), (0.34, 0.58)], main, 0.03)]


def bowl(main):
    return [s.vessel([(0.3, 0), (0.32, 0.07), (0.62, 0.22), (0.76, 0.5), (0.79, 0.66)], main)]


def serving_bowl(main):
    return [s.vessel([(0.5, 0), (0.52, 0.08), (1.0, 0.22), (1.32, 0.5), (1.4, 0.62)], main, 0.045)]


def plate(main):
    return [
        s.vessel([(0.85, 0), (0.88, 0.05), (1.2, 0.08), (1.33, 0.16), (1.36, 0.22)], main, 0.05)
    ]


def side_plate(main):
    return [
        s.vessel([(0.6, 0), (0.62, 0.05), (0.86, 0.07), (0.97, 0.13), (1.0, 0.18)], main, 0.045)
    ]


def pasta_plate(main):
    return [
        s.vessel(
            [(0.6, 0), (0.62, 0.06), (0.9, 0.13), (0.98, 0.36), (1.3, 0.4), (1.34, 0.43)],
            main,
            0.045,
        )
    ]


def teapot(main):
    body = s.turned(
        [(0, 0), (0.42, 0), (0.5, 0.04), (0.74, 0.34), (0.66, 0.72), (0.36, 0.88), (0, 0.9)], main
    )
    lid = s.turned(
        [
            (0, 0),
            (0.34, 0),
            (0.3, 0.06),
            (0.1, 0.11),
            (0.07, 0.16),
            (0.12, 0.23),
            (0.07, 0.28),
            (0, 0.29),
        ],
        main,
    )
    lid.location.z = 0.85
    spout = s.turned([(0, 0), (0.16, 0), (0.12, 0.3), (0.09, 0.62), (0.06, 0.62), (0, 0.5)], main)
    spout.rotation_euler = (0, math.radians(52), 0)
    spout.location = (0.55, 0, 0.3)
    grip = s.ring(0.5, 0.04, m.metal("Brass"), squash=1.0, arc=math.pi * 0.94, start=math.pi * 0.03)
    grip.location.z = 0.78
    return [body, lid, spout, grip]


def tumbler(main):
    return [s.vessel([(0.3, 0), (0.33, 0.03), (0.36, 0.5), (0.38, 0.92)], main, 0.025)]


def carafe(main):
    return [
        s.vessel(
            [
                (0.44, 0),
                (0.5, 0.05),
                (0.52, 0.6),
                (0.44, 1.1),
                (0.2, 1.4),
                (0.19, 1.7),
                (0.28, 1.92),
            ],
            main,
            0.025,
        )
    ]


def pitcher(main):
    body = s.vessel(
        [(0.46, 0), (0.52, 0.06), (0.58, 0.6), (0.44, 1.15), (0.36, 1.35), (0.42, 1.6)], main
    )
    return [body, handle(0.36, 0.06, 0.45, 0.98, main, 1.1)]


def lidded(main):
    body = s.turned([(0, 0), (0.36, 0), (0.44, 0.05), (0.5, 0.36), (0.42, 0.62), (0, 0.63)], main)
    lid = s.turned(
        [(0, 0), (0.44, 0), (0.4, 0.09), (0.1, 0.14), (0.08, 0.18), (0.12, 0.25), (0, 0.29)], main
    )
    lid.location.z = 0.63
    return [body, lid]


def pinch(main):
    return [s.vessel([(0.2, 0), (0.24, 0.03), (0.44, 0.16), (0.46, 0.28)], main, 0.045)]


def ramekin(main):
    return [
        s.vessel(
            [(0.4, 0), (0.45, 0.03), (0.46, 0.25), (0.48, 0.48)], main, 0.04, ribs=36, depth=0.012
        )
    ]
