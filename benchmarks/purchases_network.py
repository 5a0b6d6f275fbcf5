"""Made-up purchase problems of a chosen size: prices, minima, breaks, capacities and days as a buyer meets them.

A seed makes the same problem again; nothing here is taken from a real company.
"""

from __future__ import annotations

from decimal import Decimal
from random import Random

from planning.purchasing.demands import Commitment, Demand
from planning.purchasing.limits import Budget, Exclusion, VolumeLimit
from planning.purchasing.problem import PurchaseProblem
from planning.purchasing.suppliers import BreakKind, Offer, OrderDiscount, PriceBreak, Supplier

SUPPLIERS = 20
OFFERS_PER_ITEM = 6
DEMANDS_PER_ITEM = 4
# The budget is this share of what everything would cost at list prices, so that it has to be spent where it pays.
BUDGET_SHARE = Decimal("0.8")


def generate(demands: int, seed: int) -> PurchaseProblem:
    """A problem with so many demands, about four for each item, and twenty suppliers."""
    random = Random(seed)
    bases = [random.uniform(2, 60) for _ in range(max(4, demands // DEMANDS_PER_ITEM))]
    suppliers = tuple(_supplier(random, number) for number in range(SUPPLIERS))
    offers = tuple(
        _offer(random, number, item, base)
        for item, base in enumerate(bases)
        for number in sorted(random.sample(range(SUPPLIERS), OFFERS_PER_ITEM))
    )
    wanted = tuple(_demand(random, number, bases) for number in range(demands))
    units = sum(one.quantity for one in wanted)
    worth = sum(one.quantity * bases[int(one.item[1:])] for one in wanted)
    return PurchaseProblem(
        wanted,
        suppliers,
        offers,
        volume_limits=tuple(
            VolumeLimit(f"capacity of S{one:02}", max(200, units // 10), suppliers=(f"S{one:02}",))
            for one in range(0, SUPPLIERS, 3)
        ),
        budgets=(Budget("purchases", _cents(worth) * BUDGET_SHARE),),
        exclusions=(Exclusion("reliable suppliers only", below_reliability=Decimal("0.82")),),
    )


def _cents(amount: float) -> Decimal:
    return Decimal(round(amount * 100)).scaleb(-2)


def _supplier(random: Random, number: int) -> Supplier:
    threshold, rate = random.choice([2000, 5000]), random.choice(["0.02", "0.03"])
    discount = OrderDiscount(Decimal(threshold), rate=Decimal(rate))
    return Supplier(
        f"S{number:02}",
        order_days=(0, 7) if random.random() < 0.5 else (0,),
        order_cost=Decimal(random.choice([40, 80, 150])),
        minimum_order_value=Decimal(random.choice([0, 0, 300, 800])),
        discounts=(discount,) if random.random() < 0.3 else (),
        reliability=Decimal(random.randint(80, 99)).scaleb(-2),
    )


def _offer(random: Random, supplier: int, item: int, base: float) -> Offer:
    price = base * random.uniform(0.85, 1.25)
    breaks = [PriceBreak(0, _cents(price))]
    if random.random() < 0.7:
        first = random.choice([50, 100, 200])
        breaks.append(PriceBreak(first, _cents(price * 0.94)))
        if random.random() < 0.6:
            breaks.append(PriceBreak(first * 4, _cents(price * 0.88)))
    return Offer(
        f"S{supplier:02}",
        f"I{item:03}",
        tuple(breaks),
        lead_time_days=random.choice([3, 5, 7, 10, 14, 21]),
        minimum_quantity=random.choice([0, 10, 25, 50]),
        order_multiple=random.choice([1, 1, 5, 10]),
        capacity=random.choice([None, 200, 400, 800]),
        breaks=BreakKind.INCREMENTAL if random.random() < 0.2 else BreakKind.ALL_UNITS,
    )


def _demand(random: Random, number: int, bases: list[float]) -> Demand:
    """Only demands with time enough are required, so that what cannot be met is an exception, as in life."""
    item = random.randrange(len(bases))
    quantity = random.choice([random.randint(5, 40), random.randint(20, 150)])
    due = random.randint(4, 28)
    required = due >= 21 and random.random() < 0.4
    least = None if required or random.random() < 0.7 else max(1, quantity // 2)
    return Demand(
        f"D{number:04}",
        f"I{item:03}",
        quantity,
        due,
        customer=f"C{random.randrange(30):02}",
        commitment=Commitment.REQUIRED if required else Commitment.OPTIONAL,
        minimum_quantity=least,
        unit_value=_cents(bases[item] * random.uniform(1.1, 1.8)),
        latest_day=due + random.choice([0, 3, 7, 14]),
        lateness_penalty=_cents(bases[item] * random.uniform(0.01, 0.05)),
        splittable=random.random() < 0.7,
        maximum_suppliers=random.choice([None, None, 2]),
    )
