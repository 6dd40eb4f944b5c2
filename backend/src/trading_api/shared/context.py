"""What one app gives each of its modules."""

from dataclasses import dataclass, field
from functools import cached_property

from trading_api.shared.clock import Clock, SystemClock
from trading_api.shared.config import Settings
from trading_api.shared.market import Market


@dataclass
class AppContext:
    """Settings, clock and market, shared by the modules of one app and by nobody else.

    Making one opens nothing; the market reads its daily bars when it is first asked for a price.
    """

    settings: Settings = field(default_factory=Settings.from_environment)
    clock: Clock = field(default_factory=SystemClock)

    def __post_init__(self) -> None:
        self._opened_ms = self.clock.now_ms()

    @cached_property
    def market(self) -> Market:
        """The one market that every module of the app sees, opened when the app was made."""
        return Market(self.settings.market_seed, self._opened_ms)
