"""300 items of a grocery and household wholesaler, with believable names, costs, prices, packs and shelf lives.

Brands are invented. Nothing here is drawn from a real price list.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

StorageClass = Literal["ambient", "chilled", "frozen"]


@dataclass(frozen=True)
class Range:
    """A category: what its items have in common. `season` is the month of its peak, `swing` how strong it is."""

    name: str
    storage: StorageClass
    shelf_life: int | None
    cost: tuple[float, float]
    markup: float
    litres: float
    case: int
    season: int
    swing: float
    brands: tuple[str, str]
    products: tuple[str, ...]


@dataclass(frozen=True)
class DemoItem:
    """One item; money in EUR a piece, `volume` in m³, `rate` in pieces a day at a store."""

    sku: str
    name: str
    alias: str
    range: Range
    cost: float
    price: float
    volume: float
    rate: float
    intermittent: bool
    trend: float  # share a year


RANGES = (
    Range("Dairy", "chilled", 35, (0.5, 1.8), 0.38, 1.0, 12, 6, 0.08, ("Almhof", "Nordweide"), (
        "whole milk 1 l", "skimmed milk 1 l", "natural yoghurt 500 g", "strawberry yoghurt 150 g", "butter 250 g",
        "whipping cream 200 ml", "sour cream 200 g", "curd 500 g", "buttermilk 500 ml", "vanilla pudding 4 × 125 g")),
    Range("Cheese", "chilled", 60, (1.6, 5.5), 0.45, 0.4, 10, 12, 0.15, ("Bergkeller", "Polderkaas"), (
        "gouda sliced 400 g", "emmental block 300 g", "brie 200 g", "feta 200 g", "mozzarella 125 g", "parmesan 150 g",
        "cream cheese 200 g", "goat cheese log 180 g", "raclette slices 400 g", "grated cheese 250 g")),
    Range("Delicatessen", "chilled", 40, (1.2, 4.8), 0.5, 0.5, 8, 7, 0.1, ("Feinwerk", "Tavola"), (
        "cooked ham 150 g", "salami 100 g", "smoked salmon 100 g", "hummus 200 g", "fresh ravioli 250 g",
        "pesto fresh 150 g", "potato salad 500 g", "tofu 400 g", "marinated olives 250 g", "fresh gnocchi 500 g")),
    Range("Frozen", "frozen", 400, (1.1, 4.5), 0.42, 1.1, 10, 7, 0.2, ("Polarkiste", "Gelo"), (
        "peas 750 g", "spinach 600 g", "fish fingers 15 pcs", "pizza margherita 350 g", "vanilla ice cream 1 l",
        "mixed berries 500 g", "french fries 1 kg", "salmon fillet 250 g", "bread rolls 10 pcs", "vegetable mix 1 kg")),
    Range("Coffee and tea", "ambient", 540, (2.2, 9.5), 0.75, 1.2, 8, 12, 0.2, ("Morgenrot", "Caravela"), (
        "ground coffee 500 g", "espresso beans 1 kg", "coffee capsules 30 pcs", "decaf coffee 500 g",
        "earl grey 50 bags", "green tea 50 bags", "fruit tea 40 bags", "cocoa powder 400 g",
        "instant coffee 200 g", "chai 30 bags")),
    Range("Pasta and rice", "ambient", 720, (0.5, 2.6), 0.5, 1.0, 16, 11, 0.05, ("Granello", "Riva"), (
        "spaghetti 500 g", "penne 500 g", "fusilli 500 g", "basmati rice 1 kg", "risotto rice 1 kg", "couscous 500 g",
        "lasagne sheets 500 g", "wholegrain pasta 500 g", "bulgur 500 g", "rice noodles 250 g")),
    Range("Canned food", "ambient", 900, (0.4, 2.2), 0.48, 0.6, 24, 1, 0.08, ("Konserva", "Horta"), (
        "peeled tomatoes 400 g", "chickpeas 400 g", "kidney beans 400 g", "sweetcorn 340 g", "tuna in oil 160 g",
        "coconut milk 400 ml", "lentil soup 800 g", "peach halves 480 g", "gherkins 670 g", "sauerkraut 500 g")),
    Range("Oils and sauces", "ambient", 540, (0.9, 6.8), 0.52, 0.9, 12, 7, 0.1, ("Oleaster", "Ficino"), (
        "olive oil 750 ml", "rapeseed oil 1 l", "balsamic vinegar 500 ml", "tomato ketchup 500 ml", "mustard 200 ml",
        "mayonnaise 500 ml", "soy sauce 250 ml", "pesto 190 g", "barbecue sauce 400 ml", "sunflower oil 1 l")),
    Range("Sweets and snacks", "ambient", 240, (0.6, 3.4), 0.6, 0.7, 20, 12, 0.3, ("Zuckerwerk", "Krokant"), (
        "milk chocolate 100 g", "dark chocolate 100 g", "gummy bears 300 g", "butter biscuits 250 g",
        "salted crisps 175 g", "peanuts 250 g", "muesli bar 6 pcs", "liquorice 200 g", "wafers 300 g",
        "cashews 200 g")),
    Range("Soft drinks", "ambient", 270, (0.4, 1.9), 0.45, 1.6, 12, 7, 0.35, ("Quellgrund", "Limonaia"), (
        "mineral water 1.5 l", "orange juice 1 l", "apple juice 1 l", "lemonade 1 l", "cola 1.5 l", "iced tea 1.5 l",
        "tonic water 1 l", "elderflower drink 750 ml", "tomato juice 1 l", "sports drink 750 ml")),
    Range("Beer and wine", "ambient", None, (2.4, 11.0), 0.55, 1.1, 6, 8, 0.2, ("Hopfenau", "Vignola"), (
        "pilsner 6 × 0.5 l", "wheat beer 6 × 0.5 l", "alcohol-free beer 6 × 0.33 l", "riesling 0.75 l",
        "pinot noir 0.75 l", "rosé 0.75 l", "prosecco 0.75 l", "chianti 0.75 l", "cider 4 × 0.33 l", "vermouth 1 l")),
    Range("Laundry", "ambient", None, (2.1, 8.5), 0.6, 2.6, 6, 3, 0.05, ("Weissfluss", "Lavanda"), (
        "colour detergent 1.5 l", "heavy duty powder 2 kg", "detergent caps 30 pcs", "fabric softener 1 l",
        "stain remover 500 ml", "wool detergent 1 l", "bleach 1 l", "laundry freshener 300 g", "starch spray 500 ml",
        "detergent refill 2 l")),
    Range("Cleaning", "ambient", None, (0.9, 4.2), 0.62, 1.3, 10, 4, 0.08, ("Blankhaus", "Nitor"), (
        "washing-up liquid 500 ml", "dishwasher tabs 40 pcs", "glass cleaner 500 ml", "bathroom cleaner 750 ml",
        "floor cleaner 1 l", "scouring milk 500 ml", "sponges 6 pcs", "microfibre cloths 4 pcs", "bin bags 35 l",
        "limescale remover 1 l")),
    Range("Paper", "ambient", None, (1.2, 5.2), 0.4, 9.0, 4, 2, 0.06, ("Papyra", "Softra"), (
        "toilet paper 8 rolls", "kitchen towel 4 rolls", "tissues 15 packs", "napkins 50 pcs", "baking paper 20 m",
        "facial tissues box 100 pcs", "paper plates 20 pcs", "coffee filters 100 pcs", "freezer bags 40 pcs",
        "aluminium foil 30 m")),
    Range("Body care", "ambient", None, (1.4, 8.8), 1.1, 0.4, 12, 5, 0.05, ("Meeresbrise", "Salvia"), (
        "shower gel 250 ml", "shampoo 300 ml", "razor blades 8 pcs", "face cream 50 ml", "deodorant 150 ml",
        "toothpaste 75 ml", "hand cream 100 ml", "sun lotion 200 ml", "hair conditioner 250 ml", "body lotion 400 ml")),
)  # fmt: skip


def make_items(rng: np.random.Generator) -> list[DemoItem]:
    """All items, in the order of their SKU; perishable ones sell briskly, a fifth of the others only now and then."""
    items: list[DemoItem] = []
    for each in RANGES:
        for brand in each.brands:
            for product in each.products:
                items.append(_item(rng, len(items) + 1, each, brand, product))
    return items


def _item(rng: np.random.Generator, number: int, kind: Range, brand: str, product: str) -> DemoItem:
    low, high = kind.cost
    cost = round(float(np.exp(rng.uniform(np.log(low), np.log(high)))), 2)
    price = round(cost * (1 + kind.markup * rng.uniform(0.8, 1.25)), 2)
    fresh = kind.storage == "chilled"
    intermittent = not fresh and bool(rng.random() < 0.25)
    rate = (
        rng.uniform(0.2, 0.6) if intermittent else float(np.clip(rng.lognormal(1.7, 0.6), 3.0 if fresh else 1.2, 30.0))
    )
    volume = round(kind.litres / 1000 * rng.uniform(0.7, 1.4), 5)
    return DemoItem(
        f"QM-{number:04d}", f"{brand} {product}", product, kind, cost, price, volume, rate, intermittent,
        float(rng.normal(0.03, 0.08)),
    )  # fmt: skip
