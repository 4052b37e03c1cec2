"""A Bot API server on the loopback, which behaves like Telegram's as far as a community's bot meets it."""

from tests.simulators.faults import Fault
from tests.simulators.telegram.invites import TurnedAwayError
from tests.simulators.telegram.server import BotApi
from tests.simulators.telegram.world import Group, Message, User

__all__ = ["BotApi", "Fault", "Group", "Message", "TurnedAwayError", "User"]
