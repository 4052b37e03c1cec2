"""The broadcaster: a library of scripts that people write together, and the right one of them at each daily peak."""

from xiaoer_broadcaster.config import BroadcasterConfig
from xiaoer_broadcaster.plugin import Broadcaster

__all__ = ["Broadcaster", "BroadcasterConfig"]
