"""Vases."""

from __future__ import annotations

from tools.pictures import shapes as s
from tools.pictures.things.placing import handle, moved


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
        handle(0.24, 0.05, 0.6, 1.38, main),
        *moved(handle(0.24, 0.05, -0.6, 1.38, main), turn=180),
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
        *moved(stem_vase(main), -0.52, 0.05),
        *moved(s.vessel([(0.2, 0), (0.24, 0.02), (0.28, 0.4), (0.14, 0.62), (0.15, 0.78)], main, 0.025), 0.1, -0.2),
        *moved(bottle_vase(main), 0.62, 0.15),
    ]  # fmt: skip
