"""Ten sites in real cities, the roads between them, and twelve suppliers. All but the cities is made up."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

SiteKind = Literal["dc", "warehouse", "store", "3pl"]


@dataclass(frozen=True)
class DemoSite:
    """A site; `scale` is its demand against a store's, `fed_by` the DC that feeds it (None: suppliers do)."""

    site: str
    name: str
    kind: SiteKind
    country: str
    timezone: str
    where: tuple[float, float]  # latitude, longitude
    scale: float
    listed: int
    cold: bool
    fed_by: str | None = None


@dataclass(frozen=True)
class DemoLane:
    """A road between two sites; money in EUR."""

    source: str
    destination: str
    days: int
    truck: int
    per_m3: float
    chilled: bool


@dataclass(frozen=True)
class DemoSupplier:
    """A supplier: mean lead time and its spread as agreed, and how late it really is (mean and spread in days)."""

    supplier: str
    name: str
    country: str
    minimum: int
    lead: int
    spread: float
    late: float
    late_spread: float
    ranges: tuple[str, ...]


HAM, LYO = "HAM-DC", "LYO-DC"
SITES = (
    DemoSite(HAM, "Distribution centre Hamburg", "dc", "DE", "Europe/Berlin", (53.55, 9.99), 3.0, 300, True),
    DemoSite(LYO, "Distribution centre Lyon", "dc", "FR", "Europe/Paris", (45.76, 4.84), 2.2, 160, True),
    DemoSite("BER-W", "Warehouse Berlin", "warehouse", "DE", "Europe/Berlin", (52.52, 13.40), 2.0, 125, True, HAM),
    DemoSite("RTM-W", "Warehouse Rotterdam", "warehouse", "NL", "Europe/Amsterdam", (51.92, 4.48), 1.8, 125, True, HAM),
    DemoSite("MUC-W", "Warehouse Munich", "warehouse", "DE", "Europe/Berlin", (48.14, 11.58), 1.9, 125, True, LYO),
    DemoSite("CGN-S", "Store Cologne", "store", "DE", "Europe/Berlin", (50.94, 6.96), 1.0, 95, True, HAM),
    DemoSite("AMS-S", "Store Amsterdam", "store", "NL", "Europe/Amsterdam", (52.37, 4.90), 1.1, 95, True, HAM),
    DemoSite("VIE-S", "Store Vienna", "store", "AT", "Europe/Vienna", (48.21, 16.37), 0.9, 95, True, LYO),
    DemoSite("MIL-S", "Store Milan", "store", "IT", "Europe/Rome", (45.46, 9.19), 1.0, 95, True, LYO),
    DemoSite("ANR-3", "Logistics partner Antwerp", "3pl", "BE", "Europe/Brussels", (51.22, 4.40), 1.3, 85, False, HAM),
)  # fmt: skip

SUPPLIERS = (
    DemoSupplier("S-01", "Almland Molkerei", "DE", 300, 3, 0.5, 0.1, 0.5, ("Dairy",)),
    DemoSupplier("S-02", "Kaasmeesters", "NL", 400, 4, 0.7, 0.2, 0.6, ("Cheese",)),
    DemoSupplier("S-03", "Feinkost Verbund", "DE", 350, 4, 0.8, 0.4, 0.8, ("Delicatessen",)),
    DemoSupplier("S-04", "Nordfrost", "DK", 800, 6, 1.0, 0.2, 0.7, ("Frozen",)),
    DemoSupplier("S-05", "Porto Torrefação", "PT", 1200, 12, 2.5, 3.5, 3.0, ("Coffee and tea",)),
    DemoSupplier("S-06", "Molini Riuniti", "IT", 900, 8, 1.5, 0.3, 0.9, ("Pasta and rice", "Oils and sauces")),
    DemoSupplier("S-07", "Conservas del Sur", "ES", 1000, 10, 2.0, 2.6, 2.4, ("Canned food",)),
    DemoSupplier("S-08", "Confiserie Lemaire", "BE", 500, 6, 1.0, 0.2, 0.8, ("Sweets and snacks",)),
    DemoSupplier("S-09", "Getränke Union", "DE", 600, 4, 0.8, 0.1, 0.5, ("Soft drinks",)),
    DemoSupplier("S-10", "Cave Coopérative du Rhône", "FR", 1500, 9, 1.5, 0.5, 1.0, ("Beer and wine",)),
    DemoSupplier("S-11", "Silesia Home Care", "PL", 1000, 7, 1.5, 4.2, 3.5, ("Laundry", "Cleaning")),
    DemoSupplier("S-12", "Rhein Hygiene", "DE", 700, 5, 1.0, 0.2, 0.6, ("Paper", "Body care")),
)

# Between neighbours goods can be moved as well; everything else comes from a distribution centre.
NEIGHBOURS = (
    ("RTM-W", "AMS-S"), ("RTM-W", "ANR-3"), ("RTM-W", "CGN-S"), ("AMS-S", "CGN-S"), ("AMS-S", "ANR-3"),
    ("ANR-3", "CGN-S"), ("MUC-W", "VIE-S"), ("MUC-W", "MIL-S"), ("MIL-S", "VIE-S"), ("BER-W", "MUC-W"),
    ("BER-W", "RTM-W"), ("BER-W", "CGN-S"), ("HAM-DC", "LYO-DC"),
)  # fmt: skip
COLD_NEIGHBOURS = frozenset({("RTM-W", "AMS-S"), ("MUC-W", "MIL-S"), ("MUC-W", "VIE-S"), ("HAM-DC", "LYO-DC")})


def make_lanes() -> list[DemoLane]:
    """From both DCs everywhere (chilled where there is a cold room), and between neighbours both ways."""
    centres = [site.site for site in SITES if site.kind == "dc"]
    pairs = [(centre, site.site) for centre in centres for site in SITES if site.kind != "dc"]
    lanes = [_lane(source, destination, _site(destination).cold) for source, destination in pairs]
    for one, other in NEIGHBOURS:
        cold = (one, other) in COLD_NEIGHBOURS
        lanes += [_lane(one, other, cold), _lane(other, one, cold)]
    return lanes


def kilometres(one: DemoSite, other: DemoSite) -> float:
    """By road: a quarter longer than the great circle."""
    (a, b), (c, d) = (tuple(map(math.radians, site.where)) for site in (one, other))
    half = math.sin((c - a) / 2) ** 2 + math.cos(a) * math.cos(c) * math.sin((d - b) / 2) ** 2
    return 1.25 * 2 * 6371 * math.asin(math.sqrt(half))


def _lane(source: str, destination: str, chilled: bool) -> DemoLane:
    distance = kilometres(_site(source), _site(destination))
    truck = round((18 + 0.42 * distance) * (1.2 if chilled else 1.0))
    return DemoLane(source, destination, 1 + int(distance // 650), truck, round(2 + distance / 150, 1), chilled)


def _site(name: str) -> DemoSite:
    return next(site for site in SITES if site.site == name)


def supplier_of(category: str) -> DemoSupplier:
    """Who delivers a category."""
    return next(supplier for supplier in SUPPLIERS if category in supplier.ranges)
