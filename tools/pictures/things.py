"""What the shop sells, each built from shapes. ``main`` is the material that a colour names."""

from __future__ import annotations

import math

import bpy
from mathutils import Matrix

from tools.pictures import materials as m
from tools.pictures import shapes as s


def _moved(things, x: float = 0, y: float = 0, z: float = 0, turn: float = 0):
    things = things if isinstance(things, list) else [things]
    for thing in things:
        thing.location.x += x
        thing.location.y += y
        thing.location.z += z
        thing.rotation_euler.z += math.radians(turn)
    return things


def _handle(radius: float, thick: float, x: float, z: float, main, squash: float = 1.15):
    ear = s.ring(radius, thick, main, squash=squash, arc=math.pi * 1.1, start=-math.pi * 0.55)
    ear.location = (x, 0, z)
    return ear


def mug(main):
    body = s.vessel([(0.36, 0), (0.4, 0.04), (0.42, 0.3), (0.42, 0.6), (0.43, 0.9)], main)
    return [body, _handle(0.22, 0.045, 0.4, 0.47, main)]


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
    return [body, _handle(0.36, 0.06, 0.45, 0.98, main, 1.1)]


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


def moon_vase(main):
    return [
        s.vessel(
            [
                (0.34, 0),
                (0.4, 0.04),
                (0.86, 0.5),
                (0.86, 1.0),
                (0.42, 1.48),
                (0.28, 1.55),
                (0.3, 1.72),
            ],
            main,
        )
    ]


def column_vase(main):
    return [
        s.vessel(
            [(0.4, 0), (0.44, 0.03), (0.42, 0.9), (0.44, 1.8), (0.46, 2.1)],
            main,
            ribs=24,
            depth=0.03,
        )
    ]


def bottle_vase(main):
    return [
        s.vessel(
            [
                (0.32, 0),
                (0.38, 0.03),
                (0.44, 0.5),
                (0.34, 0.85),
                (0.12, 1.05),
                (0.1, 1.5),
                (0.13, 1.72),
            ],
            main,
            0.03,
        )
    ]


def wave_vase(main):
    return [
        s.vessel(
            [
                (0.36, 0),
                (0.4, 0.04),
                (0.62, 0.35),
                (0.4, 0.75),
                (0.62, 1.15),
                (0.38, 1.55),
                (0.44, 1.75),
            ],
            main,
        )
    ]


def gourd_vase(main):
    return [
        s.vessel(
            [
                (0.4, 0),
                (0.48, 0.04),
                (0.78, 0.42),
                (0.6, 0.85),
                (0.3, 1.05),
                (0.42, 1.35),
                (0.3, 1.6),
                (0.22, 1.72),
            ],
            main,
        )
    ]


def urn_vase(main):
    body = s.vessel(
        [
            (0.34, 0),
            (0.36, 0.05),
            (0.3, 0.18),
            (0.72, 0.85),
            (0.78, 1.2),
            (0.5, 1.5),
            (0.4, 1.6),
            (0.52, 1.76),
        ],
        main,
    )
    return [
        body,
        _handle(0.24, 0.05, 0.6, 1.38, main),
        *_moved(_handle(0.24, 0.05, -0.6, 1.38, main), turn=180),
    ]


def stem_vase(main):
    return [
        s.vessel(
            [
                (0.26, 0),
                (0.3, 0.02),
                (0.36, 0.22),
                (0.28, 0.42),
                (0.1, 0.55),
                (0.09, 0.95),
                (0.12, 1.05),
            ],
            main,
            0.025,
        )
    ]


def bud_trio(main):
    return [
        *_moved(stem_vase(main), -0.52, 0.05),
        *_moved(s.vessel([(0.2, 0), (0.24, 0.02), (0.28, 0.4), (0.14, 0.62), (0.15, 0.78)], main, 0.025), 0.1, -0.2),
        *_moved(bottle_vase(main), 0.62, 0.15),
    ]  # fmt: skip


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


def mushroom_lamp(main):
    shade = s.turned(
        [
            (0.06, 0.62),
            (0.5, 0.5),
            (0.92, 0.12),
            (0.9, 0.06),
            (0.96, 0.06),
            (1.0, 0.2),
            (0.7, 0.72),
            (0.3, 0.92),
            (0, 0.95),
        ],
        main,
    )
    shade.location.z = 0.95
    foot = s.turned(
        [(0, 0), (0.5, 0), (0.54, 0.05), (0.2, 0.16), (0.11, 0.4), (0.11, 1.6), (0, 1.6)], main
    )
    bulb = s.turned([(0, 0), (0.16, 0.05), (0.2, 0.2), (0.12, 0.36), (0, 0.4)], m.glow("Ivory", 9))
    bulb.location.z = 0.98
    return [shade, foot, bulb]


def globe_lamp(main):
    globe = s.turned(
        [(0, 0), (0.3, 0.02), (0.66, 0.34), (0.66, 0.86), (0.3, 1.2), (0, 1.22)],
        m.glow("Ivory", 1.4),
    )
    globe.location.z = 0.42
    foot = s.turned([(0, 0), (0.44, 0), (0.47, 0.05), (0.42, 0.34), (0.34, 0.46), (0, 0.46)], main)
    return [globe, foot]


def cone_lamp(main):
    shade = s.turned([(0.42, 0.9), (0.9, 0.0), (0.93, 0.0), (0.45, 0.92)], m.glow("Ivory", 0.9))
    shade.location.z = 1.5
    foot = s.turned(
        [
            (0, 0),
            (0.3, 0),
            (0.5, 0.2),
            (0.56, 0.6),
            (0.34, 1.1),
            (0.12, 1.3),
            (0.1, 1.55),
            (0, 1.55),
        ],
        main,
    )
    return [shade, foot]


def _cable(height: float):
    cable = s.rod(4.0, 0.018, m.matte("Black"))
    cable.location.z = height
    cable["outside"] = 1
    return cable


def dome_pendant(main):
    shade = s.turned(
        [
            (0.08, 0.78),
            (0.55, 0.66),
            (0.9, 0.3),
            (0.96, 0.0),
            (1.0, 0.0),
            (0.95, 0.34),
            (0.6, 0.74),
            (0.12, 0.92),
            (0, 0.93),
        ],
        main,
    )
    bulb = s.turned(
        [(0, 0), (0.2, 0.05), (0.26, 0.24), (0.16, 0.4), (0, 0.46)], m.glow("Ivory", 10)
    )
    bulb.location.z = 0.1
    cap = s.turned([(0, 0.9), (0.14, 0.9), (0.12, 1.12), (0, 1.14)], m.metal("Brass"))
    return _moved([shade, bulb, cap, _cable(1.1)], z=2.4)


def cone_pendant(main):
    shade = s.turned([(0.1, 1.1), (0.62, 0.0), (0.66, 0.0), (0.15, 1.14), (0, 1.15)], main)
    bulb = s.turned([(0, 0), (0.16, 0.05), (0.2, 0.2), (0.12, 0.34), (0, 0.4)], m.glow("Ivory", 10))
    bulb.location.z = 0.08
    return _moved([shade, bulb, _cable(1.12)], z=2.4)


def _flame(x: float, y: float, z: float):
    wick = s.rod(0.08, 0.012, m.matte("Black"))
    wick.location = (x, y, z)
    flame = s.turned(
        [(0, 0), (0.05, 0.06), (0.035, 0.14), (0, 0.24)], m.glow("Ivory", 22), steps=24
    )
    flame.location = (x, y, z + 0.06)
    return [wick, flame]


def taper_holder(main):
    foot = s.turned(
        [
            (0, 0),
            (0.4, 0),
            (0.42, 0.04),
            (0.14, 0.12),
            (0.09, 0.3),
            (0.16, 0.5),
            (0.15, 0.6),
            (0, 0.6),
        ],
        main,
    )
    taper = s.turned([(0, 0), (0.1, 0), (0.09, 0.9), (0.05, 1.75), (0, 1.78)], m.wax("Ivory"))
    taper.location.z = 0.58
    return [foot, taper, *_flame(0, 0, 2.35)]


def pillar_candles(main):
    things = []
    for x, y, r, h in ((-0.5, 0.1, 0.34, 1.5), (0.2, 0.28, 0.34, 1.0), (0.3, -0.45, 0.34, 0.62)):
        body = s.turned(
            [
                (0, 0),
                (r, 0),
                (r, 0.04),
                (r, h - 0.03),
                (r - 0.03, h),
                (0.12, h - 0.03),
                (0, h - 0.03),
            ],
            main,
        )
        body.location = (x, y, 0)
        things += [body, *_flame(x, y, h - 0.03)]
    return things


def jar_candle(main):
    jar = s.vessel([(0.4, 0), (0.44, 0.03), (0.46, 0.5), (0.46, 1.0)], main, 0.045)
    fill = s.turned([(0, 0), (0.4, 0), (0.4, 0.72), (0, 0.71)], m.wax("Ivory"))
    fill.location.z = 0.05
    return [jar, fill, *_flame(0, 0, 0.76)]


def lantern(main):
    foot = s.turned([(0, 0), (0.56, 0), (0.58, 0.06), (0.5, 0.12), (0, 0.12)], main)
    chimney = s.vessel([(0.46, 0), (0.48, 0.02), (0.48, 1.0), (0.44, 1.5)], m.glass("Clear"), 0.02)
    chimney.location.z = 0.12
    top = s.turned([(0.3, 0), (0.5, 0), (0.5, 0.06), (0.2, 0.22), (0.14, 0.3), (0.1, 0.3)], main)
    top.location.z = 1.6
    grip = s.ring(0.34, 0.03, main, arc=math.pi, start=0)
    grip.location.z = 1.85
    light = s.turned([(0, 0), (0.24, 0), (0.24, 0.6), (0, 0.58)], m.wax("Ivory"))
    light.location.z = 0.12
    return [foot, chimney, top, grip, light, *_flame(0, 0, 0.72)]


def tealight(main):
    cup = s.vessel(
        [(0.3, 0), (0.36, 0.04), (0.42, 0.24), (0.36, 0.5)], main, 0.05, ribs=18, depth=0.02
    )
    light = s.turned([(0, 0), (0.22, 0), (0.22, 0.14), (0, 0.13)], m.wax("Ivory"))
    light.location.z = 0.18
    return [cup, light, *_flame(0, 0, 0.31)]


def board(main):
    body = s.box(2.6, 1.6, 0.16, main, 0.07)
    grip = s.box(0.9, 0.42, 0.15, main, 0.07)
    grip.location.x = 1.5
    return _moved([body, grip], turn=-24)


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
        things += _moved([cup, egg], x, y)
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
    return _moved([base, lid, knob], turn=-28)


def pillow(main):
    return _moved(s.cushion(1.9, 1.9, 0.75, main, 3), turn=-16)


def long_pillow(main):
    return _moved(s.cushion(2.5, 1.5, 0.7, main, 8), turn=-16)


def throw(main):
    return _moved(s.folded(2.3, 1.7, 5, 0.16, main, seed=4, fringe=True), turn=-26)


def blanket(main):
    return _moved(s.folded(2.3, 1.8, 6, 0.17, main, seed=9), turn=-26)


def towels(main):
    return [*_moved(s.folded(1.9, 1.3, 4, 0.15, main, seed=2), turn=-26),
            *_moved(s.folded(1.8, 1.25, 4, 0.15, main, seed=5), z=0.7, turn=-22)]  # fmt: skip


def hand_towel(main):
    return _moved(s.folded(1.7, 1.1, 4, 0.13, main, seed=6), turn=-26)


def napkins(main):
    things = []
    for k in range(4):
        things += _moved(
            s.folded(1.4, 1.4, 2, 0.07, main, seed=k), x=0.03 * k, z=0.165 * k, turn=-30 + 5 * k
        )
    return things


def tea_towels(main):
    return [*_moved(s.folded(1.3, 1.9, 3, 0.07, main, seed=11), turn=-30),
            *_moved(s.folded(1.25, 1.85, 3, 0.07, m.cloth("Chalk"), seed=12), z=0.27, turn=-24)]  # fmt: skip


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


def soap(main):
    return [
        *_moved(s.box(1.1, 0.72, 0.36, main, 0.13, 8), turn=-24),
        *_moved(s.box(1.1, 0.72, 0.36, main, 0.13, 8), x=0.12, y=0.1, z=0.36, turn=14),
    ]


def soap_dish(main):
    dish = s.turned(
        [(0, 0), (0.5, 0), (0.62, 0.08), (0.7, 0.2), (0.66, 0.2), (0.55, 0.1), (0, 0.07)], main
    )
    dish.scale = (1.25, 0.85, 1)
    bar = s.box(0.95, 0.62, 0.3, m.wax("Ivory"), 0.12, 8)
    bar.location.z = 0.1
    return _moved([dish, bar], turn=-20)


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
    return _moved([body, label, *_pump(1.32)], turn=-30)


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
    return _moved(
        [
            slab,
            *_moved(oil_flask(m.glass("Amber")), -0.5, 0.1, 0.16),
            *_moved(s.box(0.7, 0.46, 0.24, m.wax("Sage"), 0.1, 8), 0.45, -0.05, 0.16, 15),
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


def build(name: str, main) -> list[bpy.types.Object]:
    """The objects of a thing by its name."""
    made = globals()[name](main)
    return made if isinstance(made, list) else [made]
