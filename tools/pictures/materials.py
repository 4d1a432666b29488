"""Surfaces: glazes, glass, wood, metal, cloth, wax."""

from __future__ import annotations

import bpy

COLOURS = {
    "Oat": "#d9cbb2", "Chalk": "#ece7dc", "Moss": "#5f7350", "Sage": "#a3b095", "Ink": "#2b3340",
    "Fog": "#b4bcc0", "Clay": "#b4694a", "Blush": "#d9aa97", "Terracotta": "#b5603f",
    "Charcoal": "#3a3a38", "Ochre": "#c58f3c", "Sea": "#5d8590", "Plum": "#6b4453", "Rust": "#9c4a2a",
    "Sand": "#cdb48c", "Snow": "#f2efe9", "Olive": "#767a45", "Sky": "#9db6c6", "Rose": "#c98d86",
    "Honey": "#d2a35c", "Amber": "#b8742a", "Smoke": "#777c7e", "Clear": "#f4f8f6", "Leaf": "#88ac8f",
    "Oak": "#b98a55", "Walnut": "#5d3d28", "Ash": "#d5b98f", "Brass": "#c79a45", "Black": "#232322",
    "Stone": "#a9a59b", "Marble": "#e5e2dc", "Cedar": "#9a5f3f", "Lavender": "#a59bb8", "Ivory": "#efe6d2",
    "Natural": "#cfbf9f", "Indigo": "#37476b", "Copper": "#b56d4c", "Steel": "#b9bcbc",
}  # fmt: skip


def rgba(name: str) -> tuple[float, float, float, float]:
    """A named colour in linear light."""
    text = COLOURS[name].lstrip("#")
    parts = (int(text[i : i + 2], 16) / 255 for i in (0, 2, 4))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return (*linear, 1.0)


def _shader(name: str):
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    return material, material.node_tree, material.node_tree.nodes["Principled BSDF"]


def _bump(tree, shader, source, strength: float, distance: float = 0.02) -> None:
    bump = tree.nodes.new("ShaderNodeBump")
    bump.inputs["Strength"].default_value = strength
    bump.inputs["Distance"].default_value = distance
    tree.links.new(source, bump.inputs["Height"])
    tree.links.new(bump.outputs["Normal"], shader.inputs["Normal"])


def _coordinates(tree, scale: tuple[float, float, float] = (1, 1, 1)):
    where = tree.nodes.new("ShaderNodeTexCoord")
    mapping = tree.nodes.new("ShaderNodeMapping")
    mapping.inputs["Scale"].default_value = scale
    tree.links.new(where.outputs["Object"], mapping.inputs["Vector"])
    return mapping.outputs["Vector"]


def _noise(tree, scale: float, detail: float = 4, vector=None):
    noise = tree.nodes.new("ShaderNodeTexNoise")
    noise.inputs["Scale"].default_value = scale
    noise.inputs["Detail"].default_value = detail
    tree.links.new(vector or _coordinates(tree), noise.inputs["Vector"])
    return noise.outputs["Fac"]


def _ramp(tree, source, stops):
    ramp = tree.nodes.new("ShaderNodeValToRGB")
    ramp.color_ramp.elements[0].position, ramp.color_ramp.elements[0].color = stops[0]
    ramp.color_ramp.elements[1].position, ramp.color_ramp.elements[1].color = stops[1]
    tree.links.new(source, ramp.inputs["Fac"])
    return ramp.outputs["Color"]


def _shade(colour, factor: float):
    return (*(min(c * factor, 1.0) for c in colour[:3]), 1.0)


def stoneware(colour: str):
    """Satin glaze with iron speckles and a little unevenness of the hand."""
    material, tree, shader = _shader(colour)
    base = rgba(colour)
    dots = _ramp(tree, _noise(tree, 46, 2), ((0.69, base), (0.735, _shade(base, 0.32))))
    tree.links.new(dots, shader.inputs["Base Color"])
    shader.inputs["Roughness"].default_value = 0.38
    shader.inputs["Coat Weight"].default_value = 0.25
    shader.inputs["Coat Roughness"].default_value = 0.25
    _bump(tree, shader, _noise(tree, 3.2, 2), 0.25, 0.03)
    return material


def matte(colour: str):
    """Unglazed clay, plaster or stone."""
    material, tree, shader = _shader(colour)
    base = rgba(colour)
    grain = _ramp(tree, _noise(tree, 9, 8), ((0.3, _shade(base, 0.84)), (0.7, _shade(base, 1.1))))
    tree.links.new(grain, shader.inputs["Base Color"])
    shader.inputs["Roughness"].default_value = 0.85
    _bump(tree, shader, _noise(tree, 60, 6), 0.18, 0.01)
    return material


def glass(colour: str):
    """Coloured glass. Its shadow lets light through, so what stands inside is not dark."""
    material, tree, shader = _shader(colour)
    shader.inputs["Base Color"].default_value = _shade(rgba(colour), 1.15)
    shader.inputs["Transmission Weight"].default_value = 1.0
    shader.inputs["Roughness"].default_value = 0.03
    shader.inputs["IOR"].default_value = 1.45
    path = tree.nodes.new("ShaderNodeLightPath")
    clear = tree.nodes.new("ShaderNodeBsdfTransparent")
    clear.inputs["Color"].default_value = _shade(rgba(colour), 0.9)
    mix = tree.nodes.new("ShaderNodeMixShader")
    tree.links.new(path.outputs["Is Shadow Ray"], mix.inputs[0])
    tree.links.new(shader.outputs[0], mix.inputs[1])
    tree.links.new(clear.outputs[0], mix.inputs[2])
    tree.links.new(mix.outputs[0], tree.nodes["Material Output"].inputs["Surface"])
    return material


def wood(colour: str):
    """Oiled wood with its grain along x."""
    material, tree, shader = _shader(colour)
    base = rgba(colour)
    vector = _coordinates(tree, (0.35, 3.2, 3.2))
    fibres = _noise(tree, 2.6, 9, vector)
    grain = _ramp(tree, fibres, ((0.34, _shade(base, 0.55)), (0.62, _shade(base, 1.18))))
    tree.links.new(grain, shader.inputs["Base Color"])
    shader.inputs["Roughness"].default_value = 0.5
    _bump(tree, shader, fibres, 0.12, 0.02)
    return material


def metal(colour: str):
    """Brushed metal."""
    material, _, shader = _shader(colour)
    shader.inputs["Base Color"].default_value = rgba(colour)
    shader.inputs["Metallic"].default_value = 1.0
    shader.inputs["Roughness"].default_value = 0.28
    return material


def cloth(colour: str, weave: float = 90.0, strength: float = 0.5):
    """Woven linen, cotton or wool."""
    material, tree, shader = _shader(colour)
    base = rgba(colour)
    fleck = _ramp(
        tree, _noise(tree, 30, 8), ((0.32, _shade(base, 0.8)), (0.68, _shade(base, 1.12)))
    )
    tree.links.new(fleck, shader.inputs["Base Color"])
    shader.inputs["Roughness"].default_value = 0.95
    shader.inputs["Sheen Weight"].default_value = 0.35
    threads = []
    for direction in ("X", "Z"):
        wave = tree.nodes.new("ShaderNodeTexWave")
        wave.bands_direction = direction
        wave.inputs["Scale"].default_value = weave / 6.0
        wave.inputs["Distortion"].default_value = 1.2
        tree.links.new(_coordinates(tree), wave.inputs["Vector"])
        threads.append(wave.outputs["Fac"])
    both = tree.nodes.new("ShaderNodeMath")
    both.operation = "ADD"
    tree.links.new(threads[0], both.inputs[0])
    tree.links.new(threads[1], both.inputs[1])
    _bump(tree, shader, both.outputs["Value"], strength, 0.015)
    return material


def wax(colour: str):
    """Candle wax and soap: light goes in a little way."""
    material, tree, shader = _shader(colour)
    shader.inputs["Base Color"].default_value = rgba(colour)
    shader.inputs["Subsurface Weight"].default_value = 0.35
    shader.inputs["Subsurface Radius"].default_value = (0.25, 0.18, 0.12)
    shader.inputs["Roughness"].default_value = 0.45
    _bump(tree, shader, _noise(tree, 7, 3), 0.08, 0.02)
    return material


def glow(colour: str, strength: float):
    """A lit surface."""
    material, _, shader = _shader(colour)
    shader.inputs["Base Color"].default_value = rgba(colour)
    shader.inputs["Emission Color"].default_value = rgba("Honey")
    shader.inputs["Emission Strength"].default_value = strength
    shader.inputs["Roughness"].default_value = 0.6
    return material


KINDS = {
    "stoneware": stoneware, "matte": matte, "glass": glass, "wood": wood, "metal": metal,
    "cloth": cloth, "wax": wax,
}  # fmt: skip
