"""Boards, jars and tools."""

from __future__ import annotations

import math

from mathutils import Matrix

from tools.pictures import materials as m
from tools.pictures import shapes as s
from tools.pictures.things.placing import moved


def board(main):
    body = s.box(2.6, 1.6, 0.16, main, 0.07)
    grip = s.box(0.9, 0.42, 0.15, main, 0.07)
    grip.location.x = 1.5
    return moved([body, grip], turn=-24)


def round_board(main):
    return [s.turned([(0, 0), (1.2, 0), (1.26, 0.04), (1.26, 0.12), (1.2, 0.16), (0, 0.16)], main)]


def tray(main):
    base = s.turned(
        [(0, 0), (1.2, 0), (1.24, 0.03), (1.26, 0.26), (1.2, 0.26), (1.18, 0.08), (0, 0.07)], main
    )
    return [base]


def wood_bowl(main):
    return [s.vessel([(0.5, 0), (0.56, 0.05), (1.0, 0.36), (1.16, 0.76), (1.16, 0.86)], main, 0.08)]


def mill(main):
    body = s.turned(
        [
            (0, 0),
            (0.3, 0),
            (0.33, 0.05),
            (0.24, 0.4),
            (0.2, 0.8),
            (0.28, 1.15),
            (0.22, 1.28),
            (0, 1.28),
        ],
        main,
    )
    head = s.turned([(0, 0), (0.18, 0), (0.3, 0.16), (0.3, 0.32), (0.16, 0.5), (0, 0.52)], main)
    head.location.z = 1.3
    knob = s.turned([(0, 0), (0.06, 0), (0.08, 0.06), (0, 0.12)], m.metal("Brass"))
    knob.location.z = 1.8
    return [body, head, knob]


def rolling_pin(main):
    pin = s.turned(
        [
            (0, 0),
            (0.08, 0),
            (0.12, 0.2),
            (0.1, 0.45),
            (0.24, 0.5),
            (0.26, 0.6),
            (0.26, 2.4),
            (0.24, 2.5),
            (0.1, 2.55),
            (0.12, 2.8),
            (0.08, 3.0),
            (0, 3.0),
        ],
        main,
    )
    pin.data.transform(Matrix.Rotation(math.radians(90), 4, "Y"))
    pin.rotation_euler = (0, 0, math.radians(28))
    pin.location = (-1.3, -0.7, 0.26)
    return [pin]


def pantry_jar(main):
    jar = s.vessel([(0.5, 0), (0.55, 0.04), (0.56, 0.6), (0.54, 1.3)], m.glass("Clear"), 0.03)
    fill = s.turned(
        [
            (0, 0),
            (0.49, 0),
            (0.49, 0.02),
            (0.49, 0.04),
            (0.5, 0.72),
            (0.5, 0.74),
            (0.48, 0.76),
            (0, 0.8),
        ],
        main,
    )
    fill.location.z = 0.05
    lid = s.turned(
        [(0, 0), (0.58, 0), (0.6, 0.04), (0.6, 0.16), (0.56, 0.2), (0, 0.2)], m.wood("Oak")
    )
    lid.location.z = 1.3
    return [jar, fill, lid]


def crock(main):
    pot = s.vessel([(0.5, 0), (0.56, 0.04), (0.56, 0.7), (0.58, 1.15)], main, 0.05)
    tools = []
    for k, (lean, turn) in enumerate(((14, 20), (16, 150), (12, 265))):
        spoon = s.turned(
            [(0, 0), (0.05, 0), (0.045, 1.5), (0.16, 1.75), (0.17, 1.95), (0.1, 2.1), (0, 2.12)],
            m.wood(("Oak", "Walnut", "Ash")[k]),
            steps=32,
        )
        spoon.scale = (1, 0.45, 1)
        spoon.rotation_euler = (math.radians(lean), 0, math.radians(turn))
        spoon.location.z = 0.08
        tools.append(spoon)
    return [pot, *tools]


def mortar(main):
    base = s.vessel([(0.46, 0), (0.52, 0.05), (0.48, 0.16), (0.72, 0.5), (0.76, 0.85)], main, 0.1)
    pestle = s.turned(
        [(0, 0), (0.17, 0.04), (0.18, 0.16), (0.1, 0.45), (0.11, 1.1), (0, 1.16)], main
    )
    pestle.rotation_euler = (0, math.radians(38), 0)
    pestle.location = (-0.18, 0, 0.2)
    return [base, pestle]


def egg_cups(main):
    things = []
    for x, y in ((-0.42, 0.1), (0.42, -0.1)):
        cup = s.vessel(
            [(0.22, 0), (0.24, 0.03), (0.12, 0.14), (0.12, 0.24), (0.26, 0.4), (0.27, 0.58)],
            main,
            0.03,
        )
        egg = s.turned(
            [(0, 0), (0.18, 0.06), (0.235, 0.26), (0.16, 0.5), (0, 0.6)], m.matte("Blush")
        )
        egg.location.z = 0.34
        things += moved([cup, egg], x, y)
    return things


def oil_bottle(main):
    body = s.turned(
        [
            (0, 0),
            (0.34, 0),
            (0.38, 0.04),
            (0.38, 0.9),
            (0.3, 1.15),
            (0.12, 1.3),
            (0.11, 1.6),
            (0, 1.6),
        ],
        main,
    )
    spout = s.turned([(0, 0), (0.1, 0), (0.06, 0.12), (0.04, 0.34), (0, 0.34)], m.metal("Steel"))
    spout.location.z = 1.6
    spout.rotation_euler = (0, math.radians(10), 0)
    return [body, spout]


def butter_dish(main):
    base = s.box(1.7, 1.1, 0.14, m.wood("Oak"), 0.05)
    lid = s.box(1.35, 0.8, 0.6, main, 0.14, 8)
    knob = s.turned([(0, 0), (0.09, 0), (0.07, 0.06), (0.13, 0.16), (0, 0.22)], main)
    lid.location.z, knob.location.z = 0.14, 0.72
    return moved([base, lid, knob], turn=-28)
