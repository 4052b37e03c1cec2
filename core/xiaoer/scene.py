"""Whose words are spoken to whom: a community, a plugin, and the person who asked, if one did."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias

from xiaoer.actions import AnswerPerson, AnyAction, DeleteMessage, Guarantee, SendMessage, ShowMessage, Then
from xiaoer.communities import Community
from xiaoer.content import Button, Content, Picture, Text
from xiaoer.errors import ContextClosed
from xiaoer.events import Who

Addressee: TypeAlias = Who | Literal["all"] | None


class Words(Protocol):
    """The translations."""

    def text(self, locale: str | None, community: Community, key: str, values: dict[str, Any]) -> Text:
        """Return a text in a language, or in the community's when that language is not there."""
        ...


class Signer(Protocol):
    """Gives buttons their ids."""

    def sign(self, community: str, plugin: str, content: Content) -> Content:
        """Return the content with all its buttons signed."""
        ...


class Asker(NamedTuple):
    """Who asked, where, and how they are answered."""

    who: Who
    chat: str
    handle: str
    private: bool


class Scene:
    """One plugin's part of one event.

    Args:
        community: where.
        plugin: whose part.
        words: the translations.
        signer: signs buttons.
        asker: who used a command or pressed a button that this plugin declared; None otherwise.
        prompted: whether a person caused it.
    """

    __slots__ = ("asker", "community", "plugin", "prompted", "signer", "words")

    def __init__(
        self,
        community: Community,
        plugin: str,
        words: Words,
        signer: Signer,
        asker: Asker | None = None,
        *,
        prompted: bool = True,
    ) -> None:
        self.community = community
        self.plugin = plugin
        self.words = words
        self.signer = signer
        self.asker = asker
        self.prompted = prompted

    def signed(self, content: Content) -> Content:
        """Return a content whose buttons can be pressed."""
        if not content.buttons:
            return content
        return self.signer.sign(self.community.id, self.plugin, content)


def addressed(community: Community, content: Content) -> list[SendMessage]:
    """Return the messages that bring a content to a community's admins."""
    admins = community.chats.get("admins", ())
    if admins:
        return [SendMessage(chat=chat, content=content) for chat in admins]
    main = {chat.partition(":")[0]: chat for chat in reversed(community.chats.get("main", ()))}
    return [
        SendMessage(chat=main[platform], content=content, only_to=owner)
        for owner in community.owners
        if (platform := owner.partition(":")[0]) in main
    ]


class Voice(ABC):
    """What contexts and transactions can both do: find words in the right language, and request actions."""

    __slots__ = ()
    scene: Scene

    @abstractmethod
    def request(self, action: AnyAction) -> None:
        """Ask for an action; it is performed after the commit."""

    @property
    def community(self) -> Community:
        """The community it happens in."""
        return self.scene.community

    def text(self, key: str, /, *, to: Addressee = None, **values: Any) -> Text:
        """Return a text.

        Args:
            key: its key, for instance ``welcome.greeting``.
            to: whose language is used: one person's; ``all`` for the community's; None for that of the person who
                asked when they are answered privately, else the community's.
            values: what its placeholders stand for: strings, numbers, moments, or parts such as a mention.
        """
        scene = self.scene
        if to is None and scene.asker is not None and scene.asker.private:
            to = scene.asker.who
        locale = to.locale if isinstance(to, Who) else None
        return scene.words.text(locale, scene.community, key, values)

    def content(
        self,
        key: str,
        /,
        *,
        to: Addressee = None,
        buttons: tuple[tuple[Button, ...], ...] = (),
        picture: Picture | None = None,
        **values: Any,
    ) -> Content:
        """Return a content that says a text, has buttons and shows a picture; see :meth:`text`."""
        return Content(self.text(key, to=to, **values), buttons, picture)

    def send(
        self,
        chat: str,
        content: Content,
        *,
        reply_to: str | None = None,
        only_to: str | None = None,
        public_instead: bool = False,
        guarantee: Guarantee = "at_least_once",
        then: Then | None = None,
        deadline: datetime | None = None,
        key: str | None = None,
        batch: str | None = None,
    ) -> None:
        """Ask for a message; see :class:`~xiaoer.SendMessage`."""
        self.request(
            SendMessage(
                chat=chat,
                content=self.scene.signed(content),
                reply_to=reply_to,
                only_to=only_to,
                public_instead=public_instead,
                guarantee=guarantee,
                then=then,
                deadline=deadline,
                key=key,
                batch=batch,
            )
        )

    def show(self, key: str, chat: str, content: Content | None, *, pinned: bool = False) -> None:
        """Say what a message should look like now; see :class:`~xiaoer.ShowMessage`."""
        wanted = None if content is None else self.scene.signed(content)
        self.request(ShowMessage(chat=chat, key=key, content=wanted, pinned=pinned))

    def delete(self, chat: str, message: str) -> None:
        """Ask for the deletion of a message."""
        self.request(DeleteMessage(chat=chat, message=message))

    def tell(self, account: str, content: Content) -> None:
        """Ask for a message to one person alone: in a chat of their platform, or in private."""
        places = self.places_for(account)
        if places:
            self.send(places[0], content, only_to=account)

    def places_for(self, account: str) -> list[str]:
        """Return the chats of an account's platform in which somebody can be told something, the best one first."""
        platform = account.partition(":")[0]
        places = (*self.community.chats.get("main", ()), *self.community.spaces)
        return [place for place in places if place.startswith(f"{platform}:")]

    def tell_admins(self, content: Content) -> None:
        """Ask for a message to the community's admins: in their chat, else to the owners alone."""
        for message in addressed(self.community, content):
            self.request(message)

    def answer(self, content: Content) -> None:
        """Answer the person who used the command or pressed the button, in the way it declared.

        Raises:
            ContextClosed: nobody asked.
        """
        asker = self.scene.asker
        if asker is None:
            raise ContextClosed(f"plugin {self.scene.plugin} answers, but nobody asked: use send or show")
        self.request(
            AnswerPerson(
                chat=asker.chat,
                handle=asker.handle,
                content=self.scene.signed(content),
                private=asker.private,
                to=asker.who.account,
            )
        )
