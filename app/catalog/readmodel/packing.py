"""The read model as bytes, and back: columns and bitmaps as they are, compressed together."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from pyroaring import BitMap

from app.catalog import search
from app.catalog.readmodel.market import MarketModel
from app.catalog.readmodel.model import CatalogModel
from app.catalog.readmodel.orders import Order
from app.catalog.readmodel.shelves import Shelves

_FORMAT = 1
_ARRAYS = (
    "published", "sales", "revision", "first", "count", "room", "shown", "text_print",
    "keywords", "row_of_variant", "skus",
)  # fmt: skip
_SETS = ("present", "featured", "bundles", "in_stock", "buyable")
_MAPS = ("vendors", "types", "tags", "in_category")
_PAIR_MAPS = ("option_rows", "option_variants")
_ORDERS = ("newest", "bestselling")
_CODE = Path(__file__).resolve().parents[1]
Parts = dict[str, bytes]


def version() -> str:
    """Names the format and the code that decides what is in the model: other code, other pack."""
    digest = blake2b(str(_FORMAT).encode(), digest_size=8)
    sources = [_CODE / "text.py", _CODE / "pack_repository.py", *_CODE.glob("readmodel/*.py")]
    for path in sorted([*sources, *_CODE.glob("search/*.*")]):
        digest.update(path.read_bytes() if path.is_file() else path.name.encode())
    return digest.hexdigest()


def dump(model: CatalogModel) -> bytes:
    """The model without its categories and collections."""
    parts: Parts = {name: _array(getattr(model, name)) for name in _ARRAYS}
    parts |= {name: getattr(model, name).serialize() for name in _SETS}
    parts |= {name: _sets(getattr(model, name)) for name in (*_MAPS, *_PAIR_MAPS)}
    parts |= {name: _array(getattr(model, name).rows) for name in _ORDERS}
    parts["ids"], parts["slugs"] = _json(model.ids), _json(model.slugs)
    parts["search"] = search.dump(model.search)
    parts["markets"] = _json(list(model.markets))
    for code, market in model.markets.items():
        parts |= {f"{code}/{name}": part for name, part in _market_parts(market).items()}
    return zlib.compress(_joined(parts), 1)


def load(packed: bytes) -> CatalogModel:
    """The model that was dumped."""
    parts = _split(zlib.decompress(packed))
    ids = json.loads(parts["ids"])
    present = BitMap.deserialize(parts["present"])
    fields: dict[str, Any] = {name: _read_array(parts[name]) for name in _ARRAYS}
    fields |= {name: BitMap.deserialize(parts[name]) for name in _SETS}
    fields |= {name: _read_sets(parts[name], str) for name in _MAPS}
    fields |= {name: _read_sets(parts[name], tuple) for name in _PAIR_MAPS}
    fields |= {name: Order(_read_array(parts[name])) for name in _ORDERS}
    return CatalogModel(
        **fields,
        ids=ids,
        slugs=json.loads(parts["slugs"]),
        row_of={ids[row]: row for row in present},
        shelves=Shelves(),
        search=search.load(parts["search"]),
        markets={code: _read_market(parts, code) for code in json.loads(parts["markets"])},
    )


def _market_parts(market: MarketModel) -> Parts:
    return {
        "prices": _array(market.prices),
        "lowest": _array(market.lowest),
        "highest": _array(market.highest),
        "variants": market.variants.serialize(),
        "rows": market.rows.serialize(),
        "partly": market.partly.serialize(),
        "cheapest": _array(market.cheapest.rows),
        "dearest": _array(market.dearest.rows),
    }


def _read_market(parts: Mapping[str, bytes], code: str) -> MarketModel:
    def part(name: str) -> bytes:
        return parts[f"{code}/{name}"]

    return MarketModel(
        prices=_read_array(part("prices")),
        lowest=_read_array(part("lowest")),
        highest=_read_array(part("highest")),
        variants=BitMap.deserialize(part("variants")),
        rows=BitMap.deserialize(part("rows")),
        partly=BitMap.deserialize(part("partly")),
        cheapest=Order(_read_array(part("cheapest"))),
        dearest=Order(_read_array(part("dearest"))),
    )


# --- bytes ------------------------------------------------------------------------------------


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _joined(parts: Parts) -> bytes:
    """A line of JSON that says what follows it and how long each part is."""
    head = _json([[name, len(part)] for name, part in parts.items()])
    return b"".join((head, b"\n", *parts.values()))


def _split(joined: bytes) -> Parts:
    end = joined.index(b"\n")
    place = end + 1
    parts: Parts = {}
    for name, length in json.loads(joined[:end]):
        parts[name] = joined[place : place + length]
        place += length
    return parts


def _array(values: np.ndarray[Any, Any]) -> bytes:
    head = _json([values.dtype.str, values.shape])
    return b"".join((head, b"\n", np.ascontiguousarray(values).tobytes()))


def _read_array(part: bytes) -> Any:
    """The array, which cannot be written to: edits copy it first."""
    end = part.index(b"\n")
    kind, shape = json.loads(part[:end])
    return np.frombuffer(part, kind, offset=end + 1).reshape(shape)


def _sets(sets: Mapping[Any, BitMap]) -> bytes:
    serialized = [each.serialize() for each in sets.values()]
    pairs = zip(sets, serialized, strict=True)
    head = _json([[key, len(part)] for key, part in pairs])
    return b"".join((head, b"\n", *serialized))


def _read_sets(part: bytes, make_key: Callable[[Any], Any]) -> dict[Any, BitMap]:
    end = part.index(b"\n")
    place = end + 1
    sets = {}
    for key, length in json.loads(part[:end]):
        sets[make_key(key)] = BitMap.deserialize(part[place : place + length])
        place += length
    return sets
