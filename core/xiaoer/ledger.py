"""The ledger: points go from one holder to another, the sum over all is zero, and history is only ever added to.

A holder is an account (``telegram:123``), the community's :data:`TREASURY`, or what a plugin keeps aside
(:meth:`Ledger.escrow`). Only the treasury may owe: its debt is what all others have together. The database itself
carries transfers into balances and refuses to change one, so no code can do the one without the other.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, String, bindparam, func, insert, or_, select

from xiaoer.errors import LedgerError, Refusal
from xiaoer.people import accounts_of, person_of
from xiaoer.statements import Statement
from xiaoer.tables import accounts, balances, transfers
from xiaoer.transaction import Transaction

TREASURY = "treasury"
"""Where points come from and go back to."""

MOST = 1_000_000_000
"""Points that one transfer moves at most."""

_here = bindparam("here", type_=String)
_transfer = insert(transfers).values(
    community=bindparam("community"),
    key=bindparam("key"),
    leg=bindparam("leg"),
    source=bindparam("source"),
    target=bindparam("target"),
    points=bindparam("points"),
    reason=bindparam("reason"),
    note=bindparam("note"),
    by=bindparam("by"),
    at=bindparam("at"),
    reverses=bindparam("reverses"),
)
ADD = Statement(_transfer)
BY_KEY = Statement(
    select(transfers)
    .where(transfers.c.community == _here, transfers.c.key == bindparam("name"))
    .order_by(transfers.c.leg)
)
BALANCE = Statement(
    select(balances.c.points).where(balances.c.community == _here, balances.c.holder == bindparam("of"))
)
REVERSED = Statement(select(transfers.c.id).where(transfers.c.reverses == bindparam("transfer")))


def _named(account: ColumnElement[str]) -> ColumnElement[str]:
    return func.coalesce(select(accounts.c.name).where(accounts.c.account == account).scalar_subquery(), "")


_person = person_of(balances.c.holder)
POINTS_TOP = Statement(
    select(
        _person.label("person"),
        func.coalesce(func.nullif(_named(_person), ""), _person).label("name"),
        func.sum(balances.c.points).label("points"),
    )
    .where(balances.c.community == _here, balances.c.holder.contains(":"), balances.c.points > 0)
    .group_by(_person)
    .order_by(func.sum(balances.c.points).desc(), _person)
    .limit(bindparam("most"))
)
"""The persons of community ``here`` who have most, at most ``most``: ``person``, ``name``, ``points``; a report."""

_mine = accounts_of(person_of(bindparam("who", type_=String)))
POINTS_HISTORY = Statement(
    select(
        transfers.c.id,
        transfers.c.source,
        transfers.c.target,
        transfers.c.points,
        transfers.c.reason,
        transfers.c.note,
        transfers.c.by,
        transfers.c.at,
        transfers.c.target.in_(_mine).label("came"),
        transfers.c.source.in_(_mine).label("went"),
        _named(transfers.c.source).label("source_name"),
        _named(transfers.c.target).label("target_name"),
    )
    .where(transfers.c.community == _here, or_(transfers.c.source.in_(_mine), transfers.c.target.in_(_mine)))
    .order_by(transfers.c.id.desc())
    .limit(bindparam("most"))
)
"""The last ``most`` transfers of the person behind account ``who``, newest first."""


class Ledger:
    """The community's ledger, inside the transaction of one part.

    Args:
        tx: the transaction; who calls is known from it.
    """

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._here = tx.community.id

    def escrow(self, name: object) -> str:
        """Return the holder that the calling plugin keeps points in under a name; no other plugin can take them."""
        return f"{self._tx.scene.plugin}/{name}"

    def balance(self, holder: str) -> int:
        """Return what one holder has; the treasury's is negative or zero."""
        row = self._tx.one(BALANCE, here=self._here, of=holder)
        return 0 if row is None else row.points

    def purse(self, account: str) -> int:
        """Return what the person behind an account has, in all their accounts."""
        return sum(self.balance(one) for one in self._tx.accounts_of(account))

    def move(
        self, source: str, target: str, points: int, *, key: str, reason: str, by: str = "", note: str = ""
    ) -> bool:
        """Let points go from one holder to another.

        Args:
            source: who gives.
            target: who gets.
            points: how many, at least 1.
            key: names this transfer for ever among the calling plugin's; the same one again does nothing.
            reason: a text's key that says what it was for, for instance ``red_envelope.reason.claim``.
            by: the account that caused it.
            note: what that account said about it.

        Returns:
            Whether it was done; False when the key has been there already.

        Raises:
            LedgerError: there cannot be such a transfer.
            Refusal: the source has not enough.
        """
        self._check(source, target, points)
        if not self._is_new(key, target, points):
            return False
        self._afford(source, points)
        self._add(source, target, points, self._whole(key), 0, reason, by, note)
        return True

    def spend(
        self, account: str, target: str, points: int, *, key: str, reason: str, by: str = "", note: str = ""
    ) -> bool:
        """Let a person pay: from the account that acted first, then from those linked with it; see :meth:`move`."""
        self._check(account, target, points)
        if not self._is_new(key, target, points):
            return False
        purse = {one: self.balance(one) for one in (account, *self._tx.accounts_of(account)) if one != target}
        if (has := sum(purse.values())) < points:
            raise Refusal("xiaoer.ledger.short", has=has, points=points)
        left, leg = points, 0
        for one, balance in purse.items():
            if part := min(left, balance):
                self._add(one, target, part, self._whole(key), leg, reason, by, note)
                left, leg = left - part, leg + 1
        return True

    def reverse(self, key: str, *, reason: str, by: str = "", note: str = "") -> bool:
        """Give back what went under a key of the calling plugin, all of it to whoever it came from.

        Returns:
            Whether it was done; False when it had been reversed before.

        Raises:
            LedgerError: nothing went under that key.
            Refusal: whoever got it has not enough any more.
        """
        legs = self._tx.all(BY_KEY, here=self._here, name=self._whole(key))
        if not legs:
            raise LedgerError(f"there is no transfer {self._whole(key)} to reverse")
        if self._tx.one(REVERSED, transfer=legs[0].id) is not None:
            return False
        self._afford(legs[0].target, sum(leg.points for leg in legs))
        for leg in legs:
            back = f"{leg.key}/reversed"
            self._add(leg.target, leg.source, leg.points, back, leg.leg, reason, by, note, reverses=leg.id)
        return True

    def _whole(self, key: str) -> str:
        return f"{self._tx.scene.plugin}/{key}"

    def _is_new(self, key: str, target: str, points: int) -> bool:
        legs = self._tx.all(BY_KEY, here=self._here, name=self._whole(key))
        if legs and (legs[0].target, sum(leg.points for leg in legs)) != (target, points):
            raise LedgerError(f"transfer {self._whole(key)} has been something else before")
        return not legs

    def _check(self, source: str, target: str, points: int) -> None:
        if not 1 <= points <= MOST:
            raise LedgerError(f"a transfer moves 1 to {MOST} points, not {points}")
        if source == target:
            raise LedgerError(f"{source} cannot give to itself")
        for holder in (source, target):
            plugin, slash, _ = holder.partition("/")
            if holder != TREASURY and ":" not in plugin and (not slash or plugin != self._tx.scene.plugin):
                raise LedgerError(f"{holder} is no account, not the treasury and not kept by {self._tx.scene.plugin}")

    def _afford(self, holder: str, points: int) -> None:
        has = self.balance(holder)
        if holder != TREASURY and has < points:
            raise Refusal("xiaoer.ledger.short", has=has, points=points)

    def _add(
        self,
        source: str,
        target: str,
        points: int,
        key: str,
        leg: int,
        reason: str,
        by: str,
        note: str,
        reverses: int | None = None,
    ) -> None:
        self._tx.run(
            ADD,
            community=self._here,
            key=key,
            leg=leg,
            source=source,
            target=target,
            points=points,
            reason=reason,
            note=note,
            by=by,
            at=self._tx.now,
            reverses=reverses,
        )
