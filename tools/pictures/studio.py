"""The photographer's studio: a paper sweep, a big window of light, a camera that frames by itself."""

from __future__ import annotations

import math
from pathlib import Path

import bpy
from mathutils import Vector

from tools.pictures.materials import rgba

_DIRECTION = {"level": 9, "normal": 17, "high": 38}


def clear() -> None:
    """An empty studio."""
    bpy.ops.wm.read_factory_settings(use_empty=True)


def set_up(width: int, height: int, samples: int, threads: int) -> None:
    """The renderer: path tracing, few samples, denoised."""
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    scene.cycles.samples = samples
    scene.cycles.use_adaptive_sampling = True
    scene.cycles.adaptive_threshold = 0.04
    scene.cycles.use_denoising = True
    scene.cycles.denoiser = "OPENIMAGEDENOISE"
    scene.cycles.max_bounces = 7
    scene.cycles.caustics_reflective = scene.cycles.caustics_refractive = False
    scene.render.resolution_x, scene.render.resolution_y = width, height
    scene.render.threads_mode, scene.render.threads = "FIXED", threads
    scene.render.image_settings.file_format = "PNG"
    scene.view_settings.view_transform = "AgX"
    scene.view_settings.look = "AgX - Medium High Contrast"
    scene.view_settings.exposure = 0.35


def backdrop(colour: str) -> None:
    """Paper that runs from the table up the wall without an edge."""
    profile = [(-60.0, 0.0), (3.2, 0.0)]
    profile += [
        (3.2 + 2.6 * math.sin(t), 2.6 - 2.6 * math.cos(t))
        for t in (i * math.pi / 40 for i in range(1, 20))
    ]
    profile += [(5.8, 2.6), (5.8, 16.0)]
    vertices = [(x, y, z) for x in (-40, 40) for y, z in profile]
    n = len(profile)
    faces = [(i, i + 1, n + i + 1, n + i) for i in range(n - 1)]
    mesh = bpy.data.meshes.new("sweep")
    mesh.from_pydata(vertices, [], faces)
    for polygon in mesh.polygons:
        polygon.use_smooth = True
    sweep = bpy.data.objects.new("sweep", mesh)
    bpy.context.collection.objects.link(sweep)
    paper = bpy.data.materials.new("paper")
    paper.use_nodes = True
    shader = paper.node_tree.nodes["Principled BSDF"]
    shader.inputs["Base Color"].default_value = rgba(colour)
    shader.inputs["Roughness"].default_value = 0.95
    mesh.materials.append(paper)


def _window(
    name: str, where: tuple[float, float, float], size: float, watts: float, colour
) -> None:
    light = bpy.data.lights.new(name, "AREA")
    light.shape, light.size = "SQUARE", size
    light.energy, light.color = watts, colour
    lamp = bpy.data.objects.new(name, light)
    lamp.location = where
    lamp.rotation_euler = (Vector((0, 0, 0.6)) - Vector(where)).to_track_quat("-Z", "Y").to_euler()
    bpy.context.collection.objects.link(lamp)


def daylight(scale: float = 1.0) -> None:
    """A large window at the left, a weak one at the right, a bright room."""
    k = scale * scale
    _window(
        "window", (-5.0 * scale, -2.2 * scale, 5.2 * scale), 4.2 * scale, 620 * k, (1.0, 0.96, 0.9)
    )
    _window("fill", (5.5 * scale, -3.0 * scale, 2.6 * scale), 4.0 * scale, 90 * k, (0.9, 0.95, 1.0))
    world = bpy.data.worlds.new("room")
    world.use_nodes = True
    world.node_tree.nodes["Background"].inputs["Color"].default_value = (0.92, 0.94, 1.0, 1)
    world.node_tree.nodes["Background"].inputs["Strength"].default_value = 0.42
    bpy.context.scene.world = world


def _corners(things) -> list[Vector]:
    bpy.context.view_layer.update()
    return [
        thing.matrix_world @ Vector(corner)
        for thing in things
        if not thing.get("outside")
        for corner in thing.bound_box
    ]


def frame(
    things, view: str = "normal", fill: float = 0.62, shift: tuple[float, float] = (0.0, 0.0)
) -> None:
    """Put the camera where the things fill ``fill`` of the narrower side of the picture."""
    corners = _corners(things)
    low = Vector(min(c[i] for c in corners) for i in range(3))
    high = Vector(max(c[i] for c in corners) for i in range(3))
    centre = (low + high) / 2
    scene = bpy.context.scene
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    camera.data.lens, camera.data.sensor_width = 80, 36
    camera.data.sensor_fit = "AUTO"
    scene.collection.objects.link(camera)
    scene.camera = camera
    tilt = math.radians(_DIRECTION[view])
    towards = Vector((0, -math.cos(tilt), math.sin(tilt)))
    camera.rotation_euler = (-towards).to_track_quat("-Z", "Y").to_euler()
    bpy.context.view_layer.update()
    turn = camera.rotation_euler.to_matrix().inverted()
    flat = [turn @ (c - centre) for c in corners]
    aspect = scene.render.resolution_x / scene.render.resolution_y
    half = 18 / 80  # half the sensor over the focal length, along the longer side
    wide, tall = (half, half / aspect) if aspect > 1 else (half * aspect, half)
    distance = max(max(abs(p.x) / (wide * fill), abs(p.y) / (tall * fill)) + p.z for p in flat)
    camera.location = centre + towards * distance
    camera.data.shift_x, camera.data.shift_y = shift


def shoot(path: Path) -> None:
    """Take the picture."""
    bpy.context.scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)
