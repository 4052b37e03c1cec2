"""Red envelopes: points that people earn, give, and share out by luck, in a ledger in which none is lost."""

from xiaoer_red_envelope.config import RedEnvelopeConfig
from xiaoer_red_envelope.plugin import RedEnvelope

__all__ = ["RedEnvelope", "RedEnvelopeConfig"]
