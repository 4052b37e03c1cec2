"""What is decided inside the transaction: fetch, ask the rule, store, request."""

from __future__ import annotations

from datetime import datetime, timedelta

from xiaoer import (
    Addressee,
    Button,
    Content,
    MemberJoined,
    Mention,
    Part,
    Refusal,
    Text,
    Transaction,
    Who,
    one_line,
    plain,
)
from xiaoer_welcome.config import WelcomeConfig
from xiaoer_welcome.greeting import MINUTE, NAME_LIMIT, PLACEHOLDERS, filled, receive, unknown_placeholder
from xiaoer_welcome.statements import (
    ACCEPTS,
    ADD_JOIN,
    ADD_RULES,
    ASKED,
    CURRENT,
    GREETING,
    IN_BURST,
    LAST_WELCOME,
    NOTICE,
    OUTDATED,
    PURGE,
    RECEIPT,
    RECENT,
    SET_GREETING,
    SET_NOTICE,
)

KEEP_JOINS = timedelta(days=30)


def greet(tx: Transaction, event: MemberJoined, config: WelcomeConfig) -> None:
    """Receive somebody who joined: with a welcome of their own, a common one, or silently."""
    here, person = tx.community.id, tx.person(event.who.account)
    last = tx.one(LAST_WELCOME, here=here, who=person)
    recent = tx.all(RECENT, here=here, since=event.at - MINUTE)
    received = receive(
        event.at,
        last.at if last is not None else None,
        len(recent),
        burst=config.burst,
        again_after=timedelta(hours=config.again_after_hours),
    )
    burst: str | None = None
    if received == "together":
        burst = recent[-1].burst or f"burst:{event.key}"
    tx.run(ADD_JOIN, community=here, person=person, at=event.at, received=received, burst=burst)
    chat = door(tx, event)
    if received == "alone":
        tx.send(chat, welcome(tx, event.who, config), only_to=event.who.account, public_instead=True)
    elif burst is not None:
        counted = tx.one(IN_BURST, here=here, key=burst)
        number: int = counted.number if counted is not None else 1
        hello = tx.text("welcome.together", to="all", count=number, community=tx.community.name)
        tx.show(burst, chat, _with_rules(tx, hello, config, "all"))


def door(tx: Transaction, event: MemberJoined) -> str:
    """Return the chat in which newcomers of an event's space are received."""
    mains = tx.community.chats.get("main", ())
    near = [chat for chat in mains if chat == event.space or chat.startswith(f"{event.space}/")]
    return near[0] if near else event.chat or event.space


def welcome(tx: Transaction, who: Who, config: WelcomeConfig) -> Content:
    """Return what one newcomer sees."""
    name = Mention(who.account, one_line(who.name, NAME_LIMIT))
    own = tx.one(GREETING, here=tx.community.id)
    if own is not None:
        hello = filled(own.text, name, tx.community.name)
    else:
        hello = tx.text("welcome.greeting", to=who, name=name, community=tx.community.name)
    return _with_rules(tx, hello, config, who)


def notice(tx: Transaction, config: WelcomeConfig, who: Addressee, lead: str) -> Content:
    """Return the rules behind a leading sentence, with the button that accepts them."""
    return _with_rules(tx, tx.text(lead, to=who), config, who)


def _with_rules(tx: Transaction, hello: Text, config: WelcomeConfig, who: Addressee) -> Content:
    version, text = current(tx, config)
    title = tx.text("welcome.rules.title", to=who, version=version)
    parts: tuple[Part, ...] = (*hello, "\n\n", *title, "\n", text)
    label = plain(tx.text("welcome.accept", to=who))
    return Content(parts, ((Button(label, "accept", str(version)),),))


def current(tx: Transaction, config: WelcomeConfig) -> tuple[int, str]:
    """Return the newest version of the rules and their text; the first one is made from the configuration."""
    row = tx.one(CURRENT, here=tx.community.id)
    if row is not None:
        return row.version, row.text
    text = config.rules or plain(tx.text("welcome.rules.first", to="all"))
    tx.run(ADD_RULES, community=tx.community.id, version=1, text=text, by="", at=tx.now)
    return 1, text


def accept(tx: Transaction, who: Who, version: int, config: WelcomeConfig) -> None:
    """Take somebody's word that they accept the rules."""
    newest, _ = current(tx, config)
    if version != newest:
        tx.answer(notice(tx, config, who, "welcome.rules.replaced"))
        return
    here, person = tx.community.id, tx.person(who.account)
    if tx.one(ACCEPTS, here=here, who=person, number=version) is not None:
        tx.answer(tx.content("welcome.accepted_already", version=version))
        return
    tx.run(RECEIPT, community=here, person=person, version=version, at=tx.now)
    tx.answer(tx.content("welcome.accepted", name=one_line(who.name, NAME_LIMIT)))


def remind(tx: Transaction, who: Who, chat: str, config: WelcomeConfig) -> None:
    """Ask somebody again who accepted rules that have been replaced since; once for each new version."""
    here, person = tx.community.id, tx.person(who.account)
    row = tx.one(OUTDATED, here=here, who=person)
    if row is None:
        return
    tx.run(ASKED, community=here, person=person, version=row.version)
    tx.send(chat, notice(tx, config, who, "welcome.rules.changed"), only_to=who.account)


def set_rules(tx: Transaction, who: Who, text: str, config: WelcomeConfig) -> None:
    """Make a new version of the rules and tell everybody."""
    newest, before = current(tx, config)
    if text == before:
        raise Refusal("welcome.rules.same", version=newest)
    tx.run(ADD_RULES, community=tx.community.id, version=newest + 1, text=text, by=who.account, at=tx.now)
    for chat in tx.community.chats.get("main", ()):
        tx.send(chat, notice(tx, config, "all", "welcome.rules.changed"))
    tx.answer(tx.content("welcome.rules.set", version=newest + 1))


def set_greeting(tx: Transaction, who: Who, text: str, config: WelcomeConfig) -> None:
    """Take a greeting of the community's own."""
    unknown = unknown_placeholder(text)
    if unknown is not None:
        allowed = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        raise Refusal("welcome.greeting_unknown", found=unknown, allowed=allowed)
    tx.run(SET_GREETING, community=tx.community.id, text=text, by=who.account, at=tx.now)
    tx.answer(_preview(tx, who, config))


def preview(tx: Transaction, who: Who, config: WelcomeConfig) -> None:
    """Show somebody what newcomers see."""
    tx.answer(_preview(tx, who, config))


def _preview(tx: Transaction, who: Who, config: WelcomeConfig) -> Content:
    shown = welcome(tx, who, config)
    return Content((*tx.text("welcome.preview"), "\n\n", *shown.text), shown.buttons)


def show_rules(tx: Transaction, config: WelcomeConfig) -> None:
    """Show somebody the rules, and what may be talked about."""
    version, text = current(tx, config)
    parts: list[Part] = [*tx.text("welcome.rules.title", version=version), "\n", text]
    for key, topics in (("welcome.topics.allowed", config.allowed), ("welcome.topics.banned", config.banned)):
        if topics:
            parts += ["\n", *tx.text(key, topics=", ".join(topics))]
    label = plain(tx.text("welcome.accept"))
    tx.answer(Content(tuple(parts), ((Button(label, "accept", str(version)),),)))


def post_notice(tx: Transaction, due: datetime, config: WelcomeConfig) -> None:
    """Post the rules again at the bottom of the main chats, and take the last such post away."""
    here = tx.community.id
    last = tx.one(NOTICE, here=here)
    key = f"notice:{due:%Y%m%dT%H%M}"
    for chat in tx.community.chats.get("main", ()):
        tx.show(key, chat, notice(tx, config, "all", "welcome.rules.reminder"), pinned=config.pin)
        if last is not None and last.key != key:
            tx.show(last.key, chat, None)
    tx.run(SET_NOTICE, community=here, key=key)


def purge(tx: Transaction) -> None:
    """Forget joins that nothing depends on any more."""
    tx.run(PURGE, here=tx.community.id, before=tx.now - KEEP_JOINS)
