"""What an account holds of one symbol. Pure.

Prices are in ticks, quantities in shares, money in their product.
"""

from typing import NamedTuple

from trading_api.models import Side
from trading_api.shared.decimals import half_even


class Holding(NamedTuple):
    """A net position: `qty` is negative when short; `cost` is what it was opened for, signed alike.

    Guarantee: after any fills `realized - cost` is exactly minus the sum of side, quantity and
    price of each: money is neither made nor lost by rounding.
    """

    qty: int = 0
    cost: int = 0
    realized: int = 0

    def after(self, side: Side, qty: int, price: int) -> "Holding":
        """The holding after a fill of `qty` (positive) at `price`. A flip closes, then opens."""
        if self.qty * side >= 0:
            return Holding(self.qty + side * qty, self.cost + side * qty * price, self.realized)
        closed = min(qty, abs(self.qty))
        released = -side * half_even(abs(self.cost) * closed, abs(self.qty))
        rest = Holding(
            qty=self.qty + side * closed,
            cost=self.cost - released,
            realized=self.realized - side * closed * price - released,
        )
        return rest if closed == qty else rest.after(side, qty - closed, price)

    def unrealized(self, mark: int) -> int:
        """The profit of what is held, at a price."""
        return self.qty * mark - self.cost
