"""Positions."""

from pydantic import BaseModel, Field

from trading_api.models.broker.orders import Side
from trading_api.models.common import AccountId, DecimalString


class PositionSubscriptionRequest(BaseModel):
    """Whose positions to follow."""

    account_id: AccountId = "demo"


class AccountPosition(BaseModel):
    """What an account holds of one symbol. `qty` 0 tells that it was closed."""

    id: str
    account_id: str
    symbol: str
    side: Side = Field(description="Of what is held, or was held last")
    qty: DecimalString
    avg_price: DecimalString | None = Field(
        description="What is held cost this much a share; null when flat"
    )
    mark: DecimalString = Field(description="The price it is valued at: the market's last")
    realized: DecimalString = Field(description="Profit of what was closed")
    unrealized: DecimalString = Field(description="Profit of what is held, at the mark")
    updated_time: int = Field(description="ms since the Unix epoch")
