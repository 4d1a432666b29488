"""The demo store's range: what it sells, in which colours and sizes, at which prices."""

from __future__ import annotations

from dataclasses import dataclass, field

MAKERS = {
    "Halden Pottery": "Halden is a two-wheel pottery in an old boat shed. Every piece is thrown by hand, so sizes differ by a few millimetres, which we like.",
    "Kiln & Fell": "Kiln & Fell fire once a month, in a gas kiln they built themselves, with glazes mixed from local ash and stone.",
    "Norrsken Glas": "Norrsken blow and cut their glass in batches of forty, from at least a third recycled cullet.",
    "Bram & Daughter": "Bram and his daughter Ilse turn and plane offcuts from a furniture workshop into things for the kitchen.",
    "Tula Weavers": "Tula is a weaving cooperative of eleven people who are paid by the day, not by the piece.",
    "Lumen Works": "Lumen Works spin, fold and wire every lamp in one room. All of them can be opened and repaired.",
    "Sorrel Apothecary": "Sorrel cook small kettles of soap and oil with plants from their own garden, and nothing you could not pronounce.",
    "Ostra Studio": "Ostra is a design studio of three that draws slowly and makes in small runs with workshops nearby.",
}

CATEGORIES = (
    ("tableware", "Tableware", "Plates, bowls and cups that stack well and forgive daily use."),
    (
        "vases-planters",
        "Vases & Planters",
        "For a single twig, a market bunch, or a plant that stays.",
    ),
    ("lighting", "Lighting", "Warm lamps and slow candles for the end of the day."),
    ("kitchen", "Kitchen", "Boards, jars and tools that get better with use."),
    ("textiles", "Textiles", "Linen, wool and cotton with a good weight to them."),
    ("bath-body", "Bath & Body", "Soap, oil and small comforts for the bathroom shelf."),
)


@dataclass(frozen=True, kw_only=True)
class Item:
    """A product: ``thing`` and ``surface`` are how it is built and made, ``usd`` whole dollars.

    ``sizes`` are (name, price factor); ``colours`` name both the variants and their pictures,
    unless it is ``shown_as`` something that has pictures already.
    """

    title: str
    maker: str
    category: str
    kind: str
    thing: str
    surface: str
    paper: str
    colours: tuple[str, ...]
    usd: int
    text: str
    material: str
    dimensions: str
    care: str
    tags: tuple[str, ...]
    sizes: tuple[tuple[str, float], ...] = ()
    option: str = "Colour"
    view: str = "normal"
    grams: int = 400
    sale: int = 0  # the former price in whole dollars
    featured: bool = False
    seed: int = field(default=0)
    tax_class: str = "standard"
    shown_as: tuple[str, ...] = ()  # pictures of another item, one for each colour


_GLAZE = "Dishwasher and microwave safe"
_GLASS = "Wash by hand, or on a gentle cycle"
_WOOD = "Wipe clean, oil now and then, never soak"
_CLOTH = "Machine wash at 30 °C, dry in the shade"
_WIPE = "Wipe with a dry cloth"
_STONE = "Speckled stoneware, food-safe glaze"

_TABLE = "tableware"
_VASES = "vases-planters"
_LIGHT = "lighting"
_KITCHEN = "kitchen"
_TEXTILE = "textiles"
_BATH = "bath-body"


def _i(
    title,
    maker,
    category,
    kind,
    thing,
    surface,
    paper,
    colours,
    usd,
    text,
    material,
    dimensions,
    care,
    tags,
    **more,
) -> Item:
    return Item(
        title=title, maker=maker, category=category, kind=kind, thing=thing, surface=surface,
        paper=paper, colours=tuple(colours.split()), usd=usd, text=text, material=material,
        dimensions=dimensions, care=care, tags=tuple(tags.split()), **more,
    )  # fmt: skip


_CUP_SIZES = (("Small 250 ml", 1.0), ("Large 350 ml", 1.2))
_SETS = (("Single", 1.0), ("Set of 4", 3.6))
_VASE_SIZES = (("Small 18 cm", 1.0), ("Tall 26 cm", 1.5))
_POT_SIZES = (("12 cm", 1.0), ("16 cm", 1.4), ("21 cm", 1.9))

# fmt: off
ITEMS: tuple[Item, ...] = (
    _i("Dune Mug", "Halden Pottery", _TABLE, "Mug", "mug", "stoneware", "Oat", "Moss Oat Fog Clay", 28, "A mug with a straight wall, a thin lip and room for three fingers in the handle. It keeps coffee hot for about as long as a chapter.", _STONE, "9 cm high, 8.5 cm across", _GLAZE, "mug coffee tea stoneware", sizes=_CUP_SIZES, grams=340, featured=True),
    _i("Dune Espresso Cup", "Halden Pottery", _TABLE, "Cup", "espresso", "stoneware", "Chalk", "Ink Blush Oat", 18, "Small, heavy at the foot and thin at the rim, so the crema stays where it should. It fits under every home machine we tried.", _STONE, "6 cm high, 80 ml", _GLAZE, "cup espresso coffee stoneware", sizes=_SETS, grams=160),
    _i("Fjord Breakfast Bowl", "Kiln & Fell", _TABLE, "Bowl", "bowl", "stoneware", "Fog", "Sea Chalk Sage", 26, "Deep enough for porridge, wide enough for noodles. The footring is glazed smooth, so it will not scratch the table.", _STONE, "6.5 cm high, 16 cm across", _GLAZE, "bowl breakfast stoneware", sizes=_SETS, grams=480, featured=True),
    _i("Fjord Serving Bowl", "Kiln & Fell", _TABLE, "Bowl", "serving_bowl", "stoneware", "Sand", "Oat Ink", 64, "The bowl that ends up in the middle of the table every time. Salad for six, or bread for two and the cat.", _STONE, "8 cm high, 28 cm across", _GLAZE, "bowl serving salad stoneware", grams=1500, view="normal"),
    _i("Shore Dinner Plate", "Kiln & Fell", _TABLE, "Plate", "plate", "stoneware", "Chalk", "Fog Moss Clay", 32, "A flat plate with a low, quiet rim. It stacks tightly and shows off whatever is on it, even toast.", _STONE, "27 cm across", _GLAZE, "plate dinner stoneware", sizes=_SETS, view="high", grams=820, featured=True),
    _i("Shore Side Plate", "Kiln & Fell", _TABLE, "Plate", "side_plate", "stoneware", "Oat", "Fog Moss Clay", 22, "For cake, for cheese, for the piece of bread that is only there for the sauce.", _STONE, "20 cm across", _GLAZE, "plate side stoneware", sizes=_SETS, view="high", grams=460),
    _i("Shore Pasta Plate", "Kiln & Fell", _TABLE, "Plate", "pasta_plate", "stoneware", "Blush", "Chalk Sea", 36, "A wide brim to rest the fork on and a deep middle that keeps the last bite warm.", _STONE, "26 cm across, 4 cm deep", _GLAZE, "plate pasta stoneware", sizes=_SETS, view="high", grams=760),
    _i("Heron Teapot", "Halden Pottery", _TABLE, "Teapot", "teapot", "stoneware", "Sage", "Charcoal Oat Plum", 92, "It pours in one clean line and stops without a drip; we tested eleven spouts. The brass handle folds flat for washing.", "Stoneware, brass handle", "17 cm high, 900 ml", "Wash by hand", "teapot tea stoneware brass", grams=980, sale=108),
    _i("Reed Tumbler", "Norrsken Glas", _TABLE, "Glass", "tumbler", "glass", "Fog", "Leaf Clear Amber Smoke", 16, "A plain tumbler with a heavy base, for water in the morning and wine at night. The colour is in the glass, not on it.", "Recycled soda-lime glass", "9 cm high, 280 ml", _GLASS, "glass tumbler water wine", sizes=_SETS, grams=240),
    _i("Reed Carafe", "Norrsken Glas", _TABLE, "Carafe", "carafe", "glass", "Chalk", "Clear Leaf Smoke", 48, "The neck is just wide enough for ice and a sprig of mint. A Reed tumbler fits over the top as a lid.", "Recycled soda-lime glass", "24 cm high, 1 litre", _GLASS, "glass carafe water wine", grams=620),
    _i("Alder Pitcher", "Halden Pottery", _TABLE, "Pitcher", "pitcher", "stoneware", "Clay", "Chalk Sea Ochre", 58, "A jug for the table that has spent half its life as a vase. The handle is pulled, not cast, and sits well in either hand.", _STONE, "20 cm high, 1.2 litres", _GLAZE, "pitcher jug water stoneware", grams=1100),
    _i("Pebble Sugar Jar", "Halden Pottery", _TABLE, "Jar", "lidded", "stoneware", "Oat", "Blush Moss Chalk", 34, "A round little jar with a lid that closes with a soft click. For sugar, salt, garlic, rings.", _STONE, "11 cm high, 300 ml", _GLAZE, "jar sugar stoneware", grams=420),
    _i("Pinch Bowl", "Kiln & Fell", _TABLE, "Bowl", "pinch", "stoneware", "Sand", "Ochre Ink Fog Rust", 12, "Made from what is left on the wheel at the end of the day. Salt beside the stove, olives on the table.", _STONE, "3 cm high, 9 cm across", _GLAZE, "bowl salt small stoneware", sizes=_SETS, grams=120),
    _i("Ember Ramekin", "Kiln & Fell", _TABLE, "Ramekin", "ramekin", "stoneware", "Fog", "Clay Chalk", 19, "Fluted walls that go from oven to table. The classic size, so every recipe works.", _STONE, "5 cm high, 9.5 cm across", "Oven safe to 240 °C, dishwasher safe", "ramekin baking oven stoneware", sizes=_SETS, grams=230),
    _i("Moon Vase", "Halden Pottery", _VASES, "Vase", "moon_vase", "stoneware", "Blush", "Chalk Ink Sage", 84, "After the Korean moon jars: two bowls joined at the belly, never quite round. One branch is enough.", "Stoneware, satin glaze", "Height as chosen", "Rinse with warm water", "vase stoneware moon", sizes=_VASE_SIZES, grams=1300, featured=True),
    _i("Column Vase", "Ostra Studio", _VASES, "Vase", "column_vase", "matte", "Sage", "Terracotta Chalk Charcoal", 56, "Fluted like a piece of something very old, and heavy enough to hold tall stems upright.", "Unglazed clay, glazed inside", "22 cm high, 9 cm across", "Wipe outside, rinse inside", "vase fluted clay", sizes=_VASE_SIZES, grams=1100),
    _i("Bottle Vase", "Halden Pottery", _VASES, "Vase", "bottle_vase", "stoneware", "Oat", "Sea Clay Moss", 38, "A narrow neck that makes one stem look deliberate. It looks best in twos and threes.", "Stoneware, satin glaze", "17 cm high", "Rinse with warm water", "vase bottle stem stoneware", grams=520),
    _i("Wave Vase", "Ostra Studio", _VASES, "Vase", "wave_vase", "matte", "Fog", "Rose Ivory Olive", 72, "Three soft waves, one on the other, cast from a plaster form and sanded by hand.", "Matt porcelain", "18 cm high", "Rinse with warm water", "vase wave porcelain", grams=780, sale=88),
    _i("Gourd Vase", "Kiln & Fell", _VASES, "Vase", "gourd_vase", "stoneware", "Sand", "Ochre Charcoal", 68, "Shaped like the gourds that grow behind the kiln, and glazed with their ash.", "Stoneware, ash glaze", "18 cm high", "Rinse with warm water", "vase gourd stoneware ash", grams=900),
    _i("Harbour Urn", "Kiln & Fell", _VASES, "Vase", "urn_vase", "matte", "Chalk", "Terracotta Stone", 96, "Two ears, a small foot and a wide shoulder: a shape potters have liked for three thousand years.", "Unglazed clay, glazed inside", "19 cm high, 17 cm across", "Wipe outside, rinse inside", "vase urn clay", grams=1600),
    _i("Stem Vase", "Norrsken Glas", _VASES, "Vase", "stem_vase", "glass", "Sage", "Amber Leaf Smoke", 29, "A drop of glass with a straw for a neck. Put it where the morning sun can find it.", "Recycled glass", "11 cm high", _GLASS, "vase glass stem small", grams=210),
    _i("Bud Vase Trio", "Halden Pottery", _VASES, "Vase set", "bud_trio", "stoneware", "Fog", "Blush Fog Ink", 66, "Three small vases that were thrown in the same hour and like to stay together.", "Stoneware, satin glaze", "8, 11 and 17 cm high", "Rinse with warm water", "vase set bud stoneware", grams=820, featured=True),
    _i("Terra Planter", "Ostra Studio", _VASES, "Planter", "planter", "matte", "Sand", "Terracotta Charcoal Chalk", 34, "A proper terracotta pot with its own saucer, a drain hole and a rim you can lift it by.", "Terracotta", "Diameter as chosen", "Frost-proof to −10 °C", "planter pot terracotta plant", sizes=_POT_SIZES, grams=900),
    _i("Slant Planter", "Ostra Studio", _VASES, "Planter", "cone_planter", "matte", "Chalk", "Sage Stone Rose", 30, "Narrow at the foot and generous at the top, so that even a small plant looks well fed.", "Stone composite", "Diameter as chosen", "Indoors", "planter pot plant", sizes=_POT_SIZES, grams=800),
    _i("Meadow Bowl Planter", "Ostra Studio", _VASES, "Planter", "bowl_planter", "stoneware", "Oat", "Olive Chalk", 52, "Low and wide, for succulents, moss and herbs that like company.", "Glazed stoneware", "12 cm high, 25 cm across", "Wipe clean", "planter bowl plant succulent", grams=1900),
    _i("Stilt Planter", "Bram & Daughter", _VASES, "Planter", "footed_planter", "matte", "Fog", "Chalk Charcoal", 78, "A pot that stands above the floor on three oak legs, where the light is better.", "Stone composite, oiled oak", "34 cm high, 17 cm across", "Indoors", "planter pot oak plant", grams=2600),
    _i("Mushroom Lamp", "Lumen Works", _LIGHT, "Table lamp", "mushroom_lamp", "matte", "Blush", "Rust Chalk Olive", 148, "A hood of spun steel that throws a calm circle on the table and leaves your eyes in the shade. It dims by touch.", "Powder-coated steel, E14 bulb included", "30 cm high, 25 cm across", _WIPE, "lamp table light", view="level", grams=1800, featured=True),
    _i("Globe Lamp", "Lumen Works", _LIGHT, "Table lamp", "globe_lamp", "metal", "Sand", "Brass Steel", 126, "A ball of opal glass on a solid foot. It looks like the moon behind thin cloud.", "Opal glass, metal foot", "26 cm high", _WIPE, "lamp table light glass brass", option="Metal", view="level", grams=2100),
    _i("Ridge Lamp", "Lumen Works", _LIGHT, "Table lamp", "cone_lamp", "stoneware", "Sage", "Clay Ink Oat", 168, "A thrown foot and a linen shade, both made within two streets of each other.", "Stoneware, linen shade", "42 cm high", _WIPE, "lamp table light linen stoneware", view="level", grams=2400, sale=195),
    _i("Dome Pendant", "Lumen Works", _LIGHT, "Pendant lamp", "dome_pendant", "metal", "Sage", "Brass Copper Steel", 189, "A deep dome that lights the table and nothing else. Two metres of cloth cable come with it.", "Spun metal, cloth cable", "32 cm across", _WIPE, "lamp pendant light brass copper", option="Metal", view="level", grams=1900),
    _i("Funnel Pendant", "Lumen Works", _LIGHT, "Pendant lamp", "cone_pendant", "matte", "Clay", "Chalk Moss Charcoal", 119, "A slim cone for hanging in rows: above a counter, a bench or a bedside.", "Powder-coated steel, cloth cable", "21 cm across", _WIPE, "lamp pendant light", view="level", grams=1200),
    _i("Taper Holder", "Ostra Studio", _LIGHT, "Candle holder", "taper_holder", "metal", "Fog", "Brass Black Copper", 36, "Turned from one bar of metal, so it does not tip. For standard tapers of 2.2 cm.", "Solid metal", "6 cm high without candle", "Polish with a soft cloth", "candle holder brass", option="Metal", view="level", grams=380),
    _i("Pillar Candles", "Sorrel Apothecary", _LIGHT, "Candle", "pillar_candles", "wax", "Oat", "Ivory Rose Sage", 42, "Three pillars of rapeseed wax that burn for 40, 30 and 20 hours, and smell of nothing at all.", "Rapeseed wax, cotton wick", "15, 10 and 6 cm high", "Trim the wick to 5 mm", "candle pillar wax set", grams=1200),
    _i("Scented Jar Candle", "Sorrel Apothecary", _LIGHT, "Candle", "jar_candle", "stoneware", "Chalk", "Ink Blush Moss", 39, "Fig leaf, cedar or wild mint, poured into a cup you will keep when the wax is gone.", "Soy wax, stoneware jar", "10 cm high, 45 hours", "Trim the wick to 5 mm", "candle scented jar", grams=520, featured=True),
    _i("Storm Lantern", "Lumen Works", _LIGHT, "Lantern", "lantern", "metal", "Sand", "Black Brass", 88, "For the table in the garden, when a breeze comes up and nobody wants to go in.", "Metal, glass chimney", "24 cm high", _WIPE, "lantern candle garden", option="Metal", view="level", grams=1300),
    _i("Tealight Cup", "Norrsken Glas", _LIGHT, "Candle holder", "tealight", "glass", "Fog", "Amber Rose Leaf", 14, "Ribbed glass that breaks one small flame into many.", "Recycled glass", "5 cm high", _GLASS, "candle tealight glass", sizes=_SETS, grams=150),
    _i("Bram's Board", "Bram & Daughter", _KITCHEN, "Cutting board", "board", "wood", "Oat", "Oak Walnut Ash", 54, "End to end from one plank, with a handle to carry the onions to the pan.", "Solid wood, linseed oil", "38 × 18 × 2 cm", _WOOD, "board cutting wood oak walnut", option="Wood", view="high", grams=1100, featured=True),
    _i("Round Cheese Board", "Bram & Daughter", _KITCHEN, "Cutting board", "round_board", "wood", "Sage", "Walnut Oak", 48, "For cheese and pears, or turned over, for bread. The rim is soft in the hand.", "Solid wood, linseed oil", "30 cm across", _WOOD, "board cheese wood serving", option="Wood", view="high", grams=1200),
    _i("Evening Tray", "Bram & Daughter", _KITCHEN, "Tray", "tray", "wood", "Fog", "Ash Walnut", 62, "Two cups, a pot and something sweet: that is how the size was found.", "Turned wood", "32 cm across", _WOOD, "tray serving wood", option="Wood", view="high", grams=900),
    _i("Orchard Salad Bowl", "Bram & Daughter", _KITCHEN, "Bowl", "wood_bowl", "wood", "Chalk", "Cedar Walnut Oak", 98, "Turned while the wood is green, so it dries a little oval and is never the same twice.", "Solid wood, linseed oil", "12 cm high, 26 cm across", _WOOD, "bowl salad wood", option="Wood", grams=1300, sale=115),
    _i("Pepper Mill", "Bram & Daughter", _KITCHEN, "Mill", "mill", "wood", "Oat", "Walnut Oak Black", 46, "A steel grinder that is guaranteed for 25 years, in a body that feels like a chess piece.", "Solid wood, steel grinder", "20 cm high", _WOOD, "mill pepper wood", option="Wood", grams=420, featured=True),
    _i("Rolling Pin", "Bram & Daughter", _KITCHEN, "Rolling pin", "rolling_pin", "wood", "Blush", "Ash Oak", 34, "Long, smooth and of one piece. Pie crust gives up quickly.", "Solid wood, linseed oil", "42 cm long", _WOOD, "baking rolling wood", option="Wood", view="high", grams=600),
    _i("Pantry Jar", "Norrsken Glas", _KITCHEN, "Jar", "pantry_jar", "matte", "Fog", "Ochre Charcoal Rust", 26, "Glass walls, an oak lid and a seal that keeps lentils, beans or biscuits dry. Shown filled; it comes empty.", "Glass, oak, silicone seal", "15 cm high, 1 litre", "Glass in the dishwasher, lid by hand", "jar storage glass oak", option="Shown with", grams=720),
    _i("Utensil Crock", "Halden Pottery", _KITCHEN, "Crock", "crock", "stoneware", "Sand", "Moss Chalk Ink", 52, "Heavy enough not to tip when you pull out the whisk. The spoons are sold by Bram.", _STONE, "14 cm high, 13 cm across", _GLAZE, "crock utensils stoneware", grams=1300),
    _i("Mortar and Pestle", "Ostra Studio", _KITCHEN, "Mortar", "mortar", "matte", "Sage", "Stone Marble Charcoal", 74, "Cut from one block and left rough inside, where it matters.", "Natural stone", "9 cm high, 15 cm across", "Rinse with water, no soap", "mortar spices stone", option="Stone", grams=3200),
    _i("Egg Cups", "Kiln & Fell", _KITCHEN, "Egg cup", "egg_cups", "stoneware", "Oat", "Sky Chalk Ochre", 24, "A pair. The egg sits low, the spoon goes deep, the morning is saved.", _STONE, "6 cm high", _GLAZE, "egg breakfast stoneware", grams=220),
    _i("Oil Bottle", "Halden Pottery", _KITCHEN, "Bottle", "oil_bottle", "stoneware", "Chalk", "Olive Charcoal Chalk", 42, "Keeps oil in the dark, where it lasts. The steel spout pours a thread or a splash.", "Stoneware, steel spout", "20 cm high, 400 ml", "Wash by hand", "bottle oil stoneware", grams=560),
    _i("Butter Dish", "Kiln & Fell", _KITCHEN, "Butter dish", "butter_dish", "stoneware", "Fog", "Chalk Sea Blush", 49, "Butter that spreads at breakfast, because it spent the night on the table.", "Stoneware, oiled oak", "17 × 11 × 9 cm", "Lid in the dishwasher, board by hand", "butter breakfast stoneware oak", grams=820),
    _i("Linen Cushion", "Tula Weavers", _TEXTILE, "Cushion", "pillow", "cloth", "Chalk", "Sage Clay Ink Oat", 58, "Washed linen with a feather inside that can be plumped for years. The zip is hidden.", "European linen, feather filling", "Size as chosen", _CLOTH, "cushion linen", sizes=(("45 × 45 cm", 1.0), ("60 × 60 cm", 1.45)), grams=650, featured=True),
    _i("Lumbar Cushion", "Tula Weavers", _TEXTILE, "Cushion", "long_pillow", "cloth", "Blush", "Rust Olive Natural", 52, "For the small of the back, on a chair that is almost comfortable.", "Cotton and linen, feather filling", "60 × 35 cm", _CLOTH, "cushion linen cotton", grams=560),
    _i("Fringed Throw", "Tula Weavers", _TEXTILE, "Throw", "throw", "cloth", "Sand", "Ochre Fog Plum", 128, "Lambswool, woven loosely and brushed once. Light on the knees, warm in a draught.", "100 % lambswool", "140 × 190 cm", "Air often, wash seldom by hand", "throw blanket wool", view="high", grams=1100, featured=True),
    _i("Harbour Blanket", "Tula Weavers", _TEXTILE, "Blanket", "blanket", "cloth", "Fog", "Indigo Oat", 164, "A heavy cotton blanket with the weight of a good coat.", "Organic cotton", "Size as chosen", _CLOTH, "blanket cotton bed", sizes=(("150 × 200 cm", 1.0), ("220 × 240 cm", 1.5)), view="high", grams=1900),
    _i("Bath Towels", "Tula Weavers", _TEXTILE, "Towel", "towels", "cloth", "Sage", "Snow Sky Sand", 68, "A pair of towels with long loops that dry you at once and themselves by evening.", "Organic cotton, 600 g/m²", "70 × 140 cm, two pieces", _CLOTH, "towel bath cotton set", view="high", grams=1300),
    _i("Waffle Hand Towel", "Tula Weavers", _TEXTILE, "Towel", "hand_towel", "cloth", "Oat", "Rose Sage Charcoal", 22, "Thin, thirsty and quick to dry, with a loop to hang it by.", "Linen and cotton", "50 × 80 cm", _CLOTH, "towel hand waffle linen", view="high", grams=180),
    _i("Linen Napkins", "Tula Weavers", _TEXTILE, "Napkin", "napkins", "cloth", "Clay", "Natural Moss Indigo", 44, "Four napkins with a mitred hem. They need no iron, only a shake.", "European linen", "45 × 45 cm, four pieces", _CLOTH, "napkin linen table set", view="high", grams=300),
    _i("Tea Towels", "Tula Weavers", _TEXTILE, "Tea towel", "tea_towels", "cloth", "Chalk", "Sea Ochre", 26, "One in colour, one in chalk. Linen polishes glass without lint.", "Linen", "50 × 70 cm, two pieces", _CLOTH, "towel kitchen linen set", view="high", grams=220),
    _i("Table Runner", "Tula Weavers", _TEXTILE, "Table runner", "rolled_runner", "cloth", "Sage", "Natural Plum Olive", 56, "A length of heavy linen for the middle of the table, or, folded, the end of a bench.", "European linen", "45 × 180 cm", _CLOTH, "runner table linen", view="high", grams=420),
    _i("Knitted Pouf", "Ostra Studio", _TEXTILE, "Pouf", "pouf", "cloth", "Sand", "Oat Moss Rust", 139, "A seat, a footrest, a table for the tea. Filled with wool ends from the weaving shed.", "Wool cover, wool filling", "35 cm high, 50 cm across", "Vacuum, spot clean", "pouf seat wool", grams=4500, sale=159),
    _i("Garden Soap", "Sorrel Apothecary", _BATH, "Soap", "soap", "wax", "Oat", "Sage Honey Lavender", 9, "Olive oil soap, six weeks on the shelf before it is sold. One bar lasts about a month.", "Olive oil, plant extracts", "100 g", "Keep dry between uses", "soap bar olive", sizes=(("One bar", 1.0), ("Three bars", 2.7)), option="Scent", grams=110, featured=True),
    _i("Soap Dish", "Halden Pottery", _BATH, "Soap dish", "soap_dish", "stoneware", "Fog", "Charcoal Chalk Sea", 24, "A shallow dish with a raised middle, so the soap can breathe.", _STONE, "14 × 10 cm", _GLAZE, "soap dish stoneware", view="high", grams=260),
    _i("Hand Wash", "Sorrel Apothecary", _BATH, "Hand wash", "pump_bottle", "glass", "Sage", "Amber Smoke Leaf", 28, "Rosemary, orange or plain. Gentle enough for hands that are washed often.", "Plant tensides, glass bottle", "500 ml", "Refill it: we sell litres too", "soap hand wash bottle", option="Bottle", grams=780),
    _i("Body Oil", "Sorrel Apothecary", _BATH, "Body oil", "oil_flask", "glass", "Blush", "Amber Clear", 36, "Almond and jojoba with a little bergamot. Warm a few drops between the palms after a bath.", "Almond oil, jojoba, bergamot", "100 ml", "Keep out of the sun", "oil body skin", option="Bottle", grams=260),
    _i("Bath Salts", "Sorrel Apothecary", _BATH, "Bath salts", "salts_jar", "matte", "Chalk", "Rose Snow Lavender", 32, "Coarse sea salt with dried petals, for one long bath a week until spring.", "Sea salt, dried flowers", "400 g", "Keep closed and dry", "bath salt", option="Blend", grams=560),
    _i("Bathroom Tray", "Ostra Studio", _BATH, "Tray", "stone_tray", "matte", "Sand", "Marble Stone Charcoal", 44, "A slab with soft corners that turns three bottles into a still life. Bottle and soap are not included.", "Natural stone", "22 × 12 cm", "Wipe clean, avoid acids", "tray bath stone", option="Stone", view="high", grams=1400),
    _i("Toothbrush Tumbler", "Kiln & Fell", _BATH, "Tumbler", "espresso", "stoneware", "Fog", "Sage Chalk Ink", 18, "A small cup with a wide foot, for brushes, pencils or a single flower.", _STONE, "10 cm high", _GLAZE, "tumbler bath stoneware", grams=220),
    _i("Bath Stool", "Bram & Daughter", _BATH, "Stool", "stool", "wood", "Chalk", "Oak Walnut", 145, "Somewhere to sit, to put the towel, to stand a plant. It does not mind getting wet.", "Solid wood, hard oil", "42 cm high, 32 cm across", _WOOD, "stool seat wood bath", option="Wood", view="level", grams=3600),
    _i("Hillside Tea", "Sorrel Apothecary", _KITCHEN, "Tea", "pantry_jar", "matte", "Fog", "Chamomile Assam Rooibos", 14, "Whole leaves, dried slowly on the hill where they grew. The jar it is shown in is sold by Norrsken.", "Whole leaf tea", "120 g, about fifty cups", "Keep dry and in the dark", "tea leaf breakfast", option="Blend", grams=160, tax_class="reduced", shown_as=("pantry-jar-ochre", "pantry-jar-charcoal", "pantry-jar-rust")),
)
# fmt: on

COLLECTIONS = (
    ("slow-mornings", "Slow mornings", "Everything for the first hour of the day.", ("Dune Mug", "Fjord Breakfast Bowl", "Egg Cups", "Butter Dish", "Heron Teapot", "Dune Espresso Cup", "Bram's Board", "Linen Napkins", "Pebble Sugar Jar")),
    ("table-for-friends", "A table for friends", "Plates that match without being the same.", ("Shore Dinner Plate", "Shore Pasta Plate", "Fjord Serving Bowl", "Reed Carafe", "Reed Tumbler", "Taper Holder", "Orchard Salad Bowl", "Table Runner", "Pinch Bowl")),
    ("evening-light", "Evening light", "Lamps and candles for when the day is done.", ("Mushroom Lamp", "Globe Lamp", "Scented Jar Candle", "Storm Lantern", "Fringed Throw", "Pillar Candles", "Ridge Lamp", "Linen Cushion")),
    ("green-thumb", "Green thumb", "Pots and vases for those who talk to plants.", ("Terra Planter", "Stilt Planter", "Slant Planter", "Moon Vase", "Bud Vase Trio", "Column Vase", "Meadow Bowl Planter", "Stem Vase")),
)  # fmt: skip

# name, title, text, picture, rule, order, first and last day
RULED = (
    ("small-gifts", "Small gifts", "Things to bring along, each for less than a dinner out.", "garden-soap-sage.webp", {"any_of": False, "conditions": [{"field": "price", "most": {"US": 3000, "IN": 150000, "DE": 3000}}, {"field": "stock"}, {"field": "tag", "values": ["tableware"], "negated": True}]}, "price_asc", None, None),
    ("warm-house", "The warm house", "Wool, candles and low light, for as long as the evenings are long.", "fringed-throw-ochre.webp", {"any_of": True, "conditions": [{"field": "tag", "values": ["wool", "candle", "blanket", "cushion"]}, {"field": "type", "values": ["Lantern"]}]}, "bestselling", "2026-10-25", "2027-03-28"),
)  # fmt: skip

BUNDLES = (
    ("The Breakfast Set", "tableware", "Kiln & Fell", "Two mugs, two bowls and a board: breakfast for two, from the first cup to the last crumb.", (("Dune Mug", 2, "exchangeable"), ("Fjord Breakfast Bowl", 2), ("Bram's Board", 1, "exchangeable")), 1200),
    ("The Window Sill", "vases-planters", "Ostra Studio", "Three vases and a planter that look good in a row, in the order you like.", (("Moon Vase", 1), ("Bottle Vase", 1), ("Terra Planter", 1)), {"US": 13200, "IN": 599900, "DE": 13500}),
    ("The Long Bath", "bath-body", "Sorrel Apothecary", "Salts, oil, soap and a pair of towels. Run the water, close the door.", (("Bath Salts", 1), ("Body Oil", 1, "optional"), ("Garden Soap", 2), ("Bath Towels", 1)), 1000),
)  # fmt: skip
