"""Discord on the loopback: a gateway and a REST API that behave as a community's bot meets them."""

from tests.simulators.discord.invites import TurnedAwayError
from tests.simulators.discord.server import DiscordServer
from tests.simulators.discord.world import Channel, Guild, Interaction, Message, User
from tests.simulators.faults import Fault

__all__ = ["Channel", "DiscordServer", "Fault", "Guild", "Interaction", "Message", "TurnedAwayError", "User"]
