"""Soap, bottles and a stool."""

from __future__ import annotations

import math

from tools.pictures import materials as m
from tools.pictures import shapes as s
from tools.pictures.things.placing import moved


def soap(main):
    return [
        *moved(s.box(1.1, 0.72, 0.36, main, 0.13, 8), turn=-24),
        *moved(s.box(1.1, 0.72, 0.36, main, 0.13, 8), x=0.12, y=0.1, z=0.36, turn=14),
    ]


def soap_dish(main):
    dish = s.turned(
        [(0, 0), (0.5, 0), (0.62, 0.08), (0.7, 0.2), (0.66, 0.2), (0.55, 0.1), (0, 0.07)], main
    )
    dish.scale = (1.25, 0.85, 1)
    bar = s.box(0.95, 0.62, 0.3, m.wax("Ivory"), 0.12, 8)
    bar.location.z = 0.1
    return moved([dish, bar], turn=-20)


def _pump(z: float):
    neck = s.turned(
        [(0, 0), (0.15, 0), (0.15, 0.12), (0.05, 0.14), (0.05, 0.34), (0, 0.34)], m.matte("Black")
    )
    head = s.box(0.42, 0.13, 0.09, m.matte("Black"), 0.03)
    neck.location.z, head.location = z, (0.12, 0, z + 0.33)
    return [neck, head]


def pump_bottle(main):
    body = s.turned(
        [
            (0, 0),
            (0.36, 0),
            (0.4, 0.04),
            (0.4, 1.05),
            (0.34, 1.2),
            (0.14, 1.28),
            (0.14, 1.34),
            (0, 1.34),
        ],
        main,
    )
    label = s.turned([(0.403, 0.35), (0.405, 0.35), (0.405, 0.85), (0.403, 0.85)], m.matte("Chalk"))
    return moved([body, label, *_pump(1.32)], turn=-30)


def oil_flask(main):
    body = s.turned(
        [
            (0, 0),
            (0.3, 0),
            (0.34, 0.04),
            (0.34, 0.7),
            (0.26, 0.86),
            (0.11, 0.94),
            (0.11, 1.04),
            (0, 1.04),
        ],
        main,
    )
    cap = s.turned([(0, 0), (0.13, 0), (0.13, 0.26), (0, 0.27)], m.wood("Walnut"))
    cap.location.z = 1.0
    label = s.turned([(0.343, 0.2), (0.345, 0.2), (0.345, 0.55), (0.343, 0.55)], m.matte("Chalk"))
    return [body, cap, label]


def salts_jar(main):
    jar = s.vessel([(0.42, 0), (0.46, 0.03), (0.47, 0.5), (0.46, 0.85)], m.glass("Clear"), 0.03)
    fill = s.turned(
        [
            (0, 0),
            (0.41, 0),
            (0.41, 0.02),
            (0.41, 0.04),
            (0.42, 0.58),
            (0.42, 0.6),
            (0.4, 0.62),
            (0, 0.66),
        ],
        main,
    )
    fill.location.z = 0.05
    cork = s.turned([(0, 0), (0.44, 0), (0.48, 0.2), (0, 0.21)], m.matte("Sand"))
    cork.location.z = 0.8
    return [jar, fill, cork]


def stone_tray(main):
    slab = s.box(2.2, 1.2, 0.16, main, 0.07, 6)
    return moved(
        [
            slab,
            *moved(oil_flask(m.glass("Amber")), -0.5, 0.1, 0.16),
            *moved(s.box(0.7, 0.46, 0.24, m.wax("Sage"), 0.1, 8), 0.45, -0.05, 0.16, 15),
        ],
        turn=-24,
    )


def stool(main):
    seat = s.turned([(0, 0), (0.95, 0), (1.0, 0.05), (1.0, 0.14), (0.95, 0.19), (0, 0.17)], main)
    seat.location.z = 1.7
    things = [seat]
    for k in range(4):
        leg = s.rod(1.78, 0.09, main)
        angle = math.pi / 4 + math.pi / 2 * k
        leg.location = (0.8 * math.cos(angle), 0.8 * math.sin(angle), 0)
        leg.rotation_euler = (
            math.radians(7) * math.sin(angle),
            -math.radians(7) * math.cos(angle),
            0,
        )
        things.append(leg)
    return things
