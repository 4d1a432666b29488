"""Lamps, pendants and candles."""

from __future__ import annotations

import math

from tools.pictures import materials as m
from tools.pictures import shapes as s
from tools.pictures.things.placing import moved


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
    return moved([shade, bulb, cap, _cable(1.1)], z=2.4)


def cone_pendant(main):
    shade = s.turned([(0.1, 1.1), (0.62, 0.0), (0.66, 0.0), (0.15, 1.14), (0, 1.15)], main)
    bulb = s.turned([(0, 0), (0.16, 0.05), (0.2, 0.2), (0.12, 0.34), (0, 0.4)], m.glow("Ivory", 10))
    bulb.location.z = 0.08
    return moved([shade, bulb, _cable(1.12)], z=2.4)


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
