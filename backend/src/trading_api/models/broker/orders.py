"""Orders."""

from enum import IntEnum

from pydantic import BaseModel, ConfigDict, Field

from trading_api.models.common import AccountId, DecimalString, SymbolName


class Side(IntEnum):
    """1 buys, -1 sells."""

    BUY = 1
    SELL = -1


class OrderType(IntEnum):
    """1 limit, 2 market, 3 stop, 4 stop-limit (stops are not accepted yet)."""

    LIMIT = 1
    MARKET = 2
    STOP = 3
    STOP_LIMIT = 4


class OrderStatus(IntEnum):
    """1 canceled, 2 filled, 3 inactive, 4 placing, 5 rejected, 6 working (in part filled too)."""

    CANCELED = 1
    FILLED = 2
    INACTIVE = 3
    PLACING = 4
    REJECTED = 5
    WORKING = 6


class OrderSubscriptionRequest(BaseModel):
    """Whose orders to follow."""

    account_id: AccountId = "demo"


class PlaceOrder(BaseModel):
    """An order as it is asked for."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"symbol": "AAPL", "side": 1, "type": 1, "qty": "10", "limit_price": "180.50"},
                {"symbol": "AAPL", "side": -1, "type": 2, "qty": "10"},
            ]
        },
    )

    account_id: AccountId = "demo"
    symbol: SymbolName
    side: Side
    type: OrderType
    qty: DecimalString = Field(description="Shares: a whole positive number", examples=["10"])
    limit_price: DecimalString | None = Field(
        default=None, description="For limit orders alone, a multiple of the tick"
    )
    client_order_id: str | None = Field(
        default=None,
        min_length=1,
        max_length=64,
        description="Yours: the same order asked for again under it is placed once",
    )


class Order(BaseModel):
    """An order as it stands. Of two with the same `id` the higher `version` is the newer."""

    id: str
    version: int
    account_id: str
    client_order_id: str | None
    symbol: str
    side: Side
    type: OrderType
    status: OrderStatus
    qty: DecimalString
    limit_price: DecimalString | None
    filled_qty: DecimalString
    leaves_qty: DecimalString = Field(
        description="What may still be filled: 0 once the order has ended"
    )
    avg_price: DecimalString | None = Field(
        description="Of what was filled, to four decimals; null before the first fill"
    )
    reason: str | None = Field(description="Why it was rejected or canceled")
    placed_time: int = Field(description="ms since the Unix epoch")
    updated_time: int = Field(description="ms since the Unix epoch")
