"""The errors of Xiaoer, one tree.

::

    XiaoerError
    ├── ConfigError          the operator's plugins.toml cannot be used; ends the start with exit code 2
    ├── PluginError          a plugin cannot be taken in (import, registration, migration)
    ├── StoreError           the database cannot do what it was asked
    │   └── ValueRefused     a value does not fit the column it is meant for
    ├── ContextClosed        a hook used its context after its event was over
    ├── LedgerError          a plugin asks for a transfer that there cannot be
    ├── ContentError         a message asks for what cannot be shown together
    ├── Refusal              a person cannot have what they asked for; they are told why
    ├── AdapterError         an adapter cannot serve its platform
    └── DeliveryError        a platform did not perform an action
        ├── TryLater         the platform asks to wait
        │   └── Unreachable  it cannot be asked now; nothing was sent
        ├── Hopeless         trying again cannot help
        │   ├── Gone         the message or file that it is about is not there any more
        │   ├── FileRefused  a file is too large or of a kind that is not kept
        │   ├── NotPermitted the bot lacks a right, and admins know which
        │   └── NotPrivately it cannot be shown to that person alone
        └── Unclear          it may or may not have happened
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


class XiaoerError(Exception):
    """The root of every error that Xiaoer raises on purpose."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong in a configuration file.

    Args:
        message: what was found and what is allowed, one sentence.
        key: the dotted key, for instance ``communities.town.locale``; empty when there is none.
        line: the line in the file, counted from 1; 0 when no line can be named.
    """

    message: str
    key: str = ""
    line: int = 0


class ConfigError(XiaoerError):
    """The operator's configuration cannot be used.

    Args:
        file: the file that was read.
        problems: everything that is wrong in it, in the order of its lines.
    """

    def __init__(self, file: Path, problems: list[Problem]) -> None:
        self.file = file
        self.problems = problems
        super().__init__("\n".join(self.lines()))

    def lines(self) -> list[str]:
        """Return one ``file:line: key: message`` line a problem."""
        return [self._line(problem) for problem in self.problems]

    def _line(self, problem: Problem) -> str:
        place = f"{self.file}:{problem.line}" if problem.line else str(self.file)
        return ": ".join(part for part in (place, problem.key, problem.message) if part)


class PluginError(XiaoerError):
    """A plugin cannot be taken in.

    Args:
        plugin: its name.
        message: what is wrong with it and what to change.
    """

    def __init__(self, plugin: str, message: str) -> None:
        self.plugin = plugin
        self.message = message
        super().__init__(f"plugin {plugin}: {message}")


class StoreError(XiaoerError):
    """The database cannot do what it was asked; the message says what to do about it."""


class ValueRefused(StoreError):
    """A value does not fit the column it is meant for.

    Args:
        name: the statement's parameter.
        value: what was given; only its type is shown, because it may be private.
        allowed: the types that the parameter takes.
    """

    def __init__(self, name: str, value: object, allowed: str) -> None:
        self.name = name
        super().__init__(f"parameter {name!r} takes {allowed}, not {type(value).__name__}")


class ContextClosed(XiaoerError):
    """A hook used its context after its event was over."""


class Refusal(XiaoerError):
    """A person cannot have what they asked for; the plugin's part of the event is undone and they are told why.

    Args:
        key: the text that tells them, for instance ``welcome.rules.no_such_version``.
        values: what the text names.
    """

    def __init__(self, key: str, **values: object) -> None:
        self.key = key
        self.values = values
        super().__init__(key)


class LedgerError(XiaoerError):
    """A plugin asks for a transfer that there cannot be: its own fault, not a person's."""


class ContentError(XiaoerError):
    """A message asks for what cannot be shown together; the message says what to leave out."""


class AdapterError(XiaoerError):
    """An adapter cannot serve its platform; the message says what to do about it."""


class DeliveryError(XiaoerError):
    """A platform did not perform an action.

    Args:
        reason: the platform's words, for the log and the admins.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class TryLater(DeliveryError):
    """The platform asks to wait.

    Args:
        after: seconds to wait at least.
        reason: the platform's words.
    """

    def __init__(self, after: float, reason: str) -> None:
        self.after = after
        super().__init__(reason)


class Unreachable(TryLater):
    """The platform cannot be asked now: there is no connection, and nothing was sent."""


class Hopeless(DeliveryError):
    """Trying again cannot help: the chat is gone, the right is missing, the request is malformed.

    Args:
        reason: the platform's words, for the log and the admins.
        key: the text that tells people why; empty where there is none.
        values: what the text names.
    """

    def __init__(self, reason: str, key: str = "", **values: object) -> None:
        self.key = key
        self.values = values
        super().__init__(reason)


class Gone(Hopeless):
    """The message that should be changed or pinned, or the file that should be fetched, is not there any more.

    What is shown is sent anew.
    """


class FileRefused(Hopeless):
    """A file is not kept; an adapter raises it of one that is larger than was asked for.

    Args:
        reason: why, for the log.
        key: the text that tells people why; empty for a file that is larger than was asked for.
        values: what the text names.
    """

    def __init__(self, reason: str = "the file is too large", key: str = "", **values: object) -> None:
        super().__init__(reason, key, **values)


class NotPermitted(Hopeless):
    """The bot lacks a right; the adapter has told the admins which, once, so they are not told again."""


class NotPrivately(Hopeless):
    """It cannot be shown to that person alone; what was declared instead is done."""


class Unclear(DeliveryError):
    """The action may or may not have happened: the connection broke after the request was sent."""
