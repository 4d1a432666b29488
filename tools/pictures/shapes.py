"""Things of the demo store as meshes: turned on a lathe, cut from boards, folded or stuffed.

Sizes are in decimetres. Every function returns the objects it made, standing on z = 0.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import bpy

Point = tuple[float, float]


def _mesh(name: str, vertices: list, faces: list, material, smooth: bool = True):
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(vertices, [], faces)
    mesh.update()
    for polygon in mesh.polygons:
        polygon.use_smooth = smooth
    thing = bpy.data.objects.new(name, mesh)
    bpy.context.collection.objects.link(thing)
    mesh.materials.append(material)
    return thing


def rounded(points: Sequence[Point], rounds: int = 3) -> list[Point]:
    """Cut corners (Chaikin): a smooth line through the neighbourhood of the points."""
    line = list(points)
    for _ in range(rounds):
        cut = [line[0]]
        for (x0, y0), (x1, y1) in zip(line, line[1:], strict=False):
            cut.append((0.75 * x0 + 0.25 * x1, 0.75 * y0 + 0.25 * y1))
            cut.append((0.25 * x0 + 0.75 * x1, 0.25 * y0 + 0.75 * y1))
        cut.append(line[-1])
        line = cut
    return line


def turned(
    profile: Sequence[Point], material, *, ribs: int = 0, depth: float = 0.0, steps: int = 128
):
    """A profile of (radius, height) turned round the axis; ``ribs`` flutes the surface."""
    line = rounded(profile)
    vertices, faces = [], []
    for radius, height in line:
        for step in range(steps):
            angle = 2 * math.pi * step / steps
            r = radius * (1 + depth * math.cos(ribs * angle)) if ribs else radius
            vertices.append((r * math.cos(angle), r * math.sin(angle), height))
    for ring in range(len(line) - 1):
        for step in range(steps):
            after = (step + 1) % steps
            a, b = ring * steps, (ring + 1) * steps
            faces.append((a + step, a + after, b + after, b + step))
    return _mesh("turned", vertices, faces, material)


def vessel(outer: Sequence[Point], material, wall: float = 0.035, **more):
    """A hollow pot: the outer profile from the middle of the foot to the rim, and back inside."""
    top = outer[-1][1]
    inner = [(max(r - wall, 0.0), max(z, wall)) for r, z in reversed(outer) if z < top - wall]
    rim = [
        (outer[-1][0], top),
        (outer[-1][0] - wall / 2, top + wall / 3),
        (outer[-1][0] - wall, top),
    ]
    return turned([(0, 0), *outer[:-1], *rim, *inner, (0, wall)], material, **more)


def ring(
    radius: float,
    thick: float,
    material,
    *,
    squash: float = 1.0,
    arc: float = 2 * math.pi,
    start: float = 0.0,
):
    """A bent rod in the x-z plane: handles."""
    steps, around = 48, 16
    vertices, faces = [], []
    for i in range(steps + 1):
        t = start + arc * i / steps
        cx, cz = radius * math.cos(t), radius * squash * math.sin(t)
        for j in range(around):
            u = 2 * math.pi * j / around
            offset = thick * math.cos(u)
            vertices.append(
                (cx + offset * math.cos(t), thick * 1.25 * math.sin(u), cz + offset * math.sin(t))
            )
    for i in range(steps):
        for j in range(around):
            k = (j + 1) % around
            faces.append(
                (i * around + j, i * around + k, (i + 1) * around + k, (i + 1) * around + j)
            )
    return _mesh("ring", vertices, faces, material)


def box(x: float, y: float, z: float, material, bevel: float = 0.05, segments: int = 5):
    """A board or block with soft edges."""
    half = [(sx * x / 2, sy * y / 2, sz) for sx in (-1, 1) for sy in (-1, 1) for sz in (0, z)]
    faces = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (1, 5, 7, 3), (0, 2, 6, 4)]
    thing = _mesh("box", half, faces, material)
    soft = thing.modifiers.new("bevel", "BEVEL")
    soft.width, soft.segments = bevel, segments
    return thing


def cushion(width: float, height: float, depth: float, material, seed: int = 1):
    """A stuffed square, standing and leaning back a little."""
    rng = random.Random(seed)
    bumps = [
        (rng.uniform(-1, 1), rng.uniform(-1, 1), rng.uniform(-0.035, 0.035)) for _ in range(14)
    ]
    n, vertices, faces = 64, [], []
    for side in (1, -1):
        for i in range(n + 1):
            for j in range(n + 1):
                u, v = 2 * i / n - 1, 2 * j / n - 1
                pinch = 1 - 0.07 * (1 - abs(u * v)) * max(abs(u), abs(v)) ** 4
                swell = ((1 - abs(u) ** 2.4) * (1 - abs(v) ** 2.4)) ** 0.55
                dent = sum(a * math.exp(-((u - x) ** 2 + (v - y) ** 2) * 9) for x, y, a in bumps)
                y = side * (depth / 2 * swell + dent * swell)
                vertices.append((u * width / 2 * pinch, y, (v * pinch + 1) * height / 2))
    for side in (0, 1):
        base = side * (n + 1) ** 2
        for i in range(n):
            for j in range(n):
                a = base + i * (n + 1) + j
                quad = (a, a + n + 1, a + n + 2, a + 1)
                faces.append(quad if side == 0 else quad[::-1])
    thing = _mesh("cushion", vertices, faces, material)
    thing.rotation_euler = (math.radians(-14), 0, 0)
    return thing


def folded(
    width: float,
    depth: float,
    layers: int,
    thick: float,
    material,
    *,
    seed: int = 1,
    fringe: bool = False,
):
    """A cloth folded to and fro: its cross-section drawn out along y."""
    rng = random.Random(seed)
    path: list[Point] = []
    gap = thick * 1.12
    for layer in range(layers):
        z = thick / 2 + layer * gap
        xs = [-width / 2 + width * k / 14 for k in range(15)]
        if layer % 2:
            xs.reverse()
        path += [(x + rng.uniform(-0.01, 0.01), z + 0.012 * math.sin(3 * x + layer)) for x in xs]
        if layer < layers - 1:
            side = 1 if layer % 2 == 0 else -1
            for k in range(1, 6):
                t = -math.pi / 2 + math.pi * k / 6
                path.append(
                    (
                        side * (width / 2 + gap * 0.55 * math.cos(t)),
                        z + gap / 2 + gap / 2 * math.sin(t),
                    )
                )
    n, vertices, faces = 40, [], []
    for x, z in path:
        for k in range(n + 1):
            y = -depth / 2 + depth * k / n
            vertices.append(
                (x + 0.012 * math.sin(7 * y + z * 5), y, z + 0.008 * math.sin(5 * y + x * 2))
            )
    for i in range(len(path) - 1):
        for k in range(n):
            a = i * (n + 1) + k
            faces.append((a, a + 1, a + n + 2, a + n + 1))
    thing = _mesh("folded", vertices, faces, material)
    body = thing.modifiers.new("body", "SOLIDIFY")
    body.thickness, body.offset = thick * 0.82, 0
    soft = thing.modifiers.new("soft", "SUBSURF")
    soft.levels = soft.render_levels = 1
    things = [thing]
    if fringe:
        for k in range(46):
            x = -width / 2 + width * (k + 0.5) / 46
            strand = turned([(0, 0), (0.018, 0), (0.014, 0.32), (0, 0.32)], material, steps=8)
            strand.rotation_euler = (
                math.radians(100 + rng.uniform(-8, 8)),
                0,
                math.radians(rng.uniform(-10, 10)),
            )
            strand.location = (x, -depth / 2, thick * layers * 1.02)
            things.append(strand)
    return things


def rod(length: float, radius: float, material):
    """A thin straight stick."""
    return turned([(0, 0), (radius, 0), (radius, length), (0, length)], material, steps=24)
