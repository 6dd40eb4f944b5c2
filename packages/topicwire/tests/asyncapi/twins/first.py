from pydantic import BaseModel


class Trade(BaseModel):
    price: float
