"""What a post and a teaser say."""

from __future__ import annotations

from datetime import datetime

from xiaoer import Addressee, Bold, Button, Content, Part, Stored, Transaction, plain
from xiaoer_broadcaster.config import BroadcasterConfig
from xiaoer_broadcaster.item import Item

HOURS_FROM = 120
"""From so many minutes on a teaser counts hours."""


def post(tx: Transaction, item: Item, number: int, config: BroadcasterConfig, to: Addressee = "all") -> Content:
    """Return what goes out.

    Args:
        tx: the transaction.
        item: with its whole text.
        number: the id of the post, for its button; 0 for a preview, which has none.
        config: the community's.
        to: in whose language what is ours is said.
    """
    parts: list[Part] = [Bold(item.title), "\n\n"] if item.title else []
    parts.append(item.text)
    if item.author_name:
        parts += ["\n\n" if item.text else "", *tx.text("broadcaster.credit", to=to, name=item.author_name)]
    buttons: tuple[tuple[Button, ...], ...] = ()
    if config.useful and number:
        buttons = ((Button(plain(tx.text("broadcaster.useful", to=to)), "useful", str(number)),),)
    file = Stored(item.digest, item.file_name, item.mime, item.headline) if item.digest else None
    return Content(tuple(parts), buttons, file=file)


def teaser(tx: Transaction, item: Item, due: datetime) -> Content:
    """Return what announces a post."""
    minutes = max(1, round((due - tx.now).total_seconds() / 60))
    if minutes >= HOURS_FROM:
        return tx.content("broadcaster.teaser.hours", to="all", count=round(minutes / 60), title=item.headline)
    return tx.content("broadcaster.teaser.minutes", to="all", count=minutes, title=item.headline)
