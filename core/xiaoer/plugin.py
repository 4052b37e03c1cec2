"""What a plugin is: a class with a name, a configuration model, hooks, commands, buttons and pictures."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Concatenate, Generic, Literal, ParamSpec, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict

from xiaoer.events import ActionEnded, ButtonPressed, CommandUsed

if TYPE_CHECKING:
    from xiaoer.context import Context

Visibility: TypeAlias = Literal["private", "public", "none"]
Role: TypeAlias = Literal["owner", "secretary", "xiaoer", "member"]
ROLES: tuple[Role, ...] = ("owner", "secretary", "xiaoer", "member")
"""From the one who may do most to the one who may do least."""


class Settings(BaseModel):
    """A model of values in ``plugins.toml``: unknown keys are refused, values are not converted."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class NoConfig(Settings):
    """The configuration of a plugin that has none."""


ConfigT = TypeVar("ConfigT", bound=BaseModel)
C = TypeVar("C")
P = TypeVar("P")
A = ParamSpec("A")
Handler: TypeAlias = Callable[..., Coroutine[Any, Any, None]]


@dataclass(frozen=True)
class Misfire:
    """What becomes of a timer that could not fire in time.

    Args:
        policy: ``skip`` drops due times that are over by more than ``late``; ``late`` fires each of them while it is
            over by no more than ``late``; ``merge`` fires once for all of them, however late.
        late: how much over its time a due time may still fire.
    """

    policy: Literal["skip", "late", "merge"] = "skip"
    late: timedelta = timedelta(minutes=1)


SKIP = Misfire()
MERGE = Misfire("merge")


@dataclass(frozen=True)
class Cron:
    """A recurring timer.

    Args:
        job: the plugin's name for it.
        expression: five cron fields, in the community's time zone.
        misfire: what becomes of due times that could not fire in time.
    """

    job: str
    expression: str
    misfire: Misfire = SKIP


@dataclass(frozen=True)
class CommandSpec:
    """How a method is called by a slash command; see :func:`command`."""

    path: tuple[str, ...]
    default: bool
    answer: Visibility
    needs: str
    on_message: bool = False


@dataclass(frozen=True)
class ButtonSpec:
    """How a method is called by a button; see :func:`button`."""

    name: str
    answer: Visibility


@dataclass(frozen=True)
class ContinuationSpec:
    """How a method is called when an action has ended; see :func:`continuation`."""

    name: str


@dataclass(frozen=True)
class PictureSpec:
    """How a method draws a picture; see :func:`picture`."""

    name: str


Spec: TypeAlias = CommandSpec | ButtonSpec | ContinuationSpec | PictureSpec


class Plugin(Generic[ConfigT]):
    """A plugin: subclass it, name it, mark methods.

    It keeps no attributes about communities: what it must remember goes into its tables. One instance serves all
    communities of an :class:`~xiaoer.App`.

    Attributes:
        name: how ``plugins.toml`` calls it; its tables start with ``<name>_``, its texts with ``<name>.``.
        config: the model of its section ``[communities.<id>.<name>]``.
        capabilities: what roles may do with its commands: the least role that has each, where a community's own table
            does not say otherwise.
        fail_closed: whether an event is stopped when its ``screen`` raises.
        required: whether the start ends when the plugin cannot be taken in.
    """

    name: ClassVar[str]
    config: ClassVar[type[BaseModel]] = NoConfig
    capabilities: ClassVar[dict[str, Role]] = {}
    fail_closed: ClassVar[bool] = False
    required: ClassVar[bool] = False

    def timers(self, config: ConfigT) -> Iterable[Cron]:
        """Return the recurring timers of a community with this configuration."""
        del config
        return ()


def command(
    path: str, *, default: bool = False, answer: Visibility = "private", needs: str = "", on_message: bool = False
) -> Callable[
    [Callable[Concatenate[P, Context[C], CommandUsed, A], Coroutine[Any, Any, None]]],
    Callable[Concatenate[P, Context[C], CommandUsed, A], Coroutine[Any, Any, None]],
]:
    """Mark a method as a slash command; the parameters behind ``event`` are what people type.

    They may be ``str``, ``int``, ``bool``, ``Literal[...]`` or :class:`~xiaoer.Rest` (the remaining text), with
    ``| None`` and a default when they may be left out. Its help text is ``<plugin>.command.<path with dots>``.

    Args:
        path: one or two words, for instance ``rules show``.
        default: whether the first word alone means this one.
        answer: who sees the answer.
        needs: the capability that the person must have; empty for everybody.
        on_message: whether it is used on a message, which is then ``event.quoted``: by answering the message with it,
            and on Discord, where commands answer nothing, from the message's menu. There it stands as the text
            ``<plugin>.command.<path with dots>.title`` and nothing can be typed, so all its parameters have defaults.
    """

    def mark(
        function: Callable[Concatenate[P, Context[C], CommandUsed, A], Coroutine[Any, Any, None]],
    ) -> Callable[Concatenate[P, Context[C], CommandUsed, A], Coroutine[Any, Any, None]]:
        return _mark(function, CommandSpec(tuple(path.split()), default, answer, needs, on_message))

    return mark


def button(
    name: str, *, answer: Visibility = "private"
) -> Callable[
    [Callable[[P, Context[C], ButtonPressed, str], Coroutine[Any, Any, None]]],
    Callable[[P, Context[C], ButtonPressed, str], Coroutine[Any, Any, None]],
]:
    """Mark a method as what a button does: ``async def pressed(self, ctx, event, data)``.

    Args:
        name: the ``name`` of the :class:`~xiaoer.Button`; it must not change while old buttons are about.
        answer: who sees the answer.
    """

    def mark(
        function: Callable[[P, Context[C], ButtonPressed, str], Coroutine[Any, Any, None]],
    ) -> Callable[[P, Context[C], ButtonPressed, str], Coroutine[Any, Any, None]]:
        return _mark(function, ButtonSpec(name, answer))

    return mark


def continuation(
    name: str,
) -> Callable[
    [Callable[[P, Context[C], ActionEnded], Coroutine[Any, Any, None]]],
    Callable[[P, Context[C], ActionEnded], Coroutine[Any, Any, None]],
]:
    """Mark a method as what follows an action that was requested with ``then=Then(name, ...)``."""

    def mark(
        function: Callable[[P, Context[C], ActionEnded], Coroutine[Any, Any, None]],
    ) -> Callable[[P, Context[C], ActionEnded], Coroutine[Any, Any, None]]:
        return _mark(function, ContinuationSpec(name))

    return mark


def picture(name: str) -> Callable[[Callable[[P, dict[str, Any]], bytes]], Callable[[P, dict[str, Any]], bytes]]:
    """Mark a method as what draws a picture: ``def cover(self, data)`` returns a PNG.

    It is called in another thread, so it looks at nothing but ``data``, and again whenever the picture is needed, so it
    draws the same from the same.

    Args:
        name: the ``name`` of the :class:`~xiaoer.Picture`.
    """

    def mark(function: Callable[[P, dict[str, Any]], bytes]) -> Callable[[P, dict[str, Any]], bytes]:
        return _mark(function, PictureSpec(name))

    return mark


Marked = TypeVar("Marked", bound=Callable[..., Any])
_ATTRIBUTE = "_xiaoer_spec"


def _mark(function: Marked, spec: Spec) -> Marked:
    setattr(function, _ATTRIBUTE, spec)
    return function


def marked(plugin: Plugin[Any]) -> Iterable[tuple[Callable[..., Any], Spec]]:
    """Return the plugin's bound methods that a marker such as :func:`command` or :func:`button` marked."""
    for name in dir(type(plugin)):
        spec = getattr(getattr(type(plugin), name), _ATTRIBUTE, None)
        if spec is not None:
            yield getattr(plugin, name), spec
