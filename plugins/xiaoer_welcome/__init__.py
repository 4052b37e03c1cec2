"""Welcome and rules: newcomers are greeted once, with the rules and a button to accept them."""

from xiaoer_welcome.config import WelcomeConfig
from xiaoer_welcome.plugin import Welcome

__all__ = ["Welcome", "WelcomeConfig"]
