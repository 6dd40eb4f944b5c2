"""The broker by REST."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response, status

from trading_api.models import AccountPosition, Order, PlaceOrder
from trading_api.modules.broker.service import BrokerService
from trading_api.shared.errors import problem_responses

AccountQuery = Annotated[str, Query(max_length=40)]


def api_router(service: BrokerService) -> APIRouter:
    """The routes of the broker, served by `service`, on the event loop where its orders live."""
    router = APIRouter(tags=["broker"], responses=problem_responses(404, 422))

    @router.post(
        "/orders",
        status_code=status.HTTP_201_CREATED,
        responses={
            **problem_responses(409),
            200: {
                "model": Order,
                "description": "This client_order_id was used for this order before",
            },
        },
    )
    async def place_order(order: PlaceOrder, response: Response) -> Order:
        """Place an order. It comes back rejected (with a reason), working or filled."""
        placed, is_new = service.place(order)
        if not is_new:
            response.status_code = status.HTTP_200_OK
        return placed

    @router.get("/orders")
    async def list_orders(account_id: AccountQuery = "demo") -> list[Order]:
        """The account's orders, oldest first."""
        return service.orders(account_id)

    @router.delete("/orders/{order_id}", responses=problem_responses(409))
    async def cancel_order(order_id: Annotated[str, Path(max_length=40)]) -> Order:
        """Cancel a working order; what was filled stays."""
        return service.cancel(order_id)

    @router.get("/positions")
    async def list_positions(account_id: AccountQuery = "demo") -> list[AccountPosition]:
        """What the account holds, and has held since the server started, at present marks."""
        return service.positions(account_id)

    return router
