from pydantic import BaseModel


class Trade(BaseModel):
    volume: float
