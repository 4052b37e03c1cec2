"""What claims are measured against: the same payloads and the same rows, written by hand.

Each works on a copy of our own database, so it begins with the same people, the same envelope and the same split.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import aiosqlite
import msgspec
from tests.bench.crowd import CHATS, ROOM, Platform, Press
from tests.bench.day_telegram import BOT
from tests.bench.rivals import GROUP, UNMARKED

from xiaoer import Bold, Button, Content, Picture
from xiaoer.actions import AnswerPerson, ShowMessage, encode_action
from xiaoer.ledger import ADD
from xiaoer.transaction import REQUEST, SHOW, UNSCHEDULE
from xiaoer.units import REMEMBER
from xiaoer_red_envelope.statements import CLAIMED, COUNT, TAKE

Rows: TypeAlias = list[Any]
Claim: TypeAlias = Generator[tuple[str, dict[str, Any]], Rows, None]

ABOUT = "SELECT points, greeting, digest FROM red_envelope_envelope WHERE id = :of"
MEMBER = "SELECT 1 FROM xr_member WHERE space = :space AND account = :who AND left IS NULL"
SHARE = "SELECT points FROM red_envelope_share WHERE envelope = :of AND number = :number"
HANDS = "SELECT name, points FROM red_envelope_share WHERE envelope = :of AND account IS NOT NULL ORDER BY number"
LEFT = "SELECT points FROM xr_balance WHERE community = 'town' AND holder = :of"


class Asked(NamedTuple):
    """What a payload says: who wants a share, and where to answer."""

    key: str
    account: str
    name: str
    chat: str
    handle: str


def read(platform: Platform, body: bytes) -> Asked:
    """Return what a payload says."""
    told: Any = msgspec.json.decode(body)
    chat = CHATS[platform]
    if platform == "telegram":
        query = told["callback_query"]
        who = query["from"]
        name = f"{who['first_name']} {who['last_name']}" if "last_name" in who else who["first_name"]
        handle = f"q{query['id']}/{query['message']['message_id']}"
        return Asked(f"telegram:{BOT}:{told['update_id']}", f"telegram:{who['id']}", name, chat, handle)
    if platform == "discord":
        data = told["d"]
        who = data["member"]["user"]
        key, handle = f"discord:interaction:{data['id']}", f"b{data['id']}/{data['token']}"
        return Asked(key, f"discord:{who['id']}", who["global_name"], chat, handle)
    key = f"web:{told['key']}"
    return Asked(key, f"{ROOM.partition(':')[0]}:{told['me']}", told["me"], chat, key)


def claim(asked: Asked, envelope: int, button: str, now: datetime) -> Claim:
    """Yield the statements of a claim, each getting its rows back."""
    yield REMEMBER.sql, {"key": asked.key, "at": int(now.timestamp()) // 3600}
    wanted = CLAIMED.bind({"here": "town", "number": envelope, "who": asked.account})
    [(_, _, state, _, sender, shares, taken, _, _, ends, mine)] = yield CLAIMED.sql, wanted
    if mine is not None:
        yield _answer(asked, (f"这个红包你已经领过了：{mine} 积分。",), now)
        return
    if state != "open" or ends <= now.timestamp() * 1e6:
        yield _answer(asked, (f"手慢了，№{envelope} 已经领完。下次快一点！",), now)
        return
    if not (yield MEMBER, {"space": asked.chat.partition("/")[0], "who": asked.account}):
        yield _answer(asked, ("进群才能领。",), now)
        return
    last = taken + 1 == shares
    moment = {"taker": asked.account, "called": asked.name, "moment": now}
    yield TAKE.sql, TAKE.bind({"of": envelope, "nr": taken, **moment})
    yield COUNT.sql, COUNT.bind({"of": envelope, "became": "empty" if last else "open", "kept": ""})
    [(share,)] = yield SHARE, {"of": envelope, "number": taken}
    yield from _pay(asked, envelope, taken, share, now)
    if last:
        yield UNSCHEDULE.sql, UNSCHEDULE.bind({"of": "town", "by": "red_envelope", "name": f"expire.{envelope}"})
    hands = yield HANDS, {"of": envelope}
    [(points, greeting, digest)] = yield ABOUT, {"of": envelope}
    card = _card(envelope, button, points, shares, sender, greeting, digest, hands)
    for chat in CHATS.values():
        yield SHOW.sql, _shown(envelope, chat, card)
    yield _answer(asked, (f"你领到了 {sender} 的红包：", Bold(str(share)), " 积分"), now)


def _answer(asked: Asked, text: tuple[str | Bold, ...], now: datetime) -> tuple[str, dict[str, Any]]:
    answer = AnswerPerson(chat=asked.chat, handle=asked.handle, content=Content(text), private=True, to=asked.account)
    named = {"community": "town", "plugin": "red_envelope", "chat": asked.chat}
    return REQUEST.sql, REQUEST.bind({**named, "action": encode_action(answer), "urgency": 2, **UNMARKED, "at": now})


def _pay(asked: Asked, envelope: int, number: int, share: int, now: datetime) -> Claim:
    source = f"red_envelope/{envelope}"
    [(left,)] = yield LEFT, {"of": source}
    if left < share:
        raise SystemExit("the envelope has not enough: the figures are worth nothing")
    entry = {
        "community": "town",
        "key": f"red_envelope/claim:{envelope}:{number}",
        "leg": 0,
        "source": source,
        "target": asked.account,
        "points": share,
        "reason": "red_envelope.reason.claim",
        "note": f"№{envelope}",
        "by": asked.account,
        "at": now,
        "reverses": None,
    }
    yield ADD.sql, ADD.bind(entry)


def _card(
    envelope: int, button: str, points: int, shares: int, sender: str, greeting: str, digest: str, hands: Rows
) -> Content:
    text: list[str | Bold] = [Bold(f"🧧 {sender} 的红包"), f"\n{greeting}\n{points} 积分，拼手气 {shares} 份\n"]
    text.append(f"已领 {len(hands)}/{shares}")
    text += [f"\n{name}　{part}" for name, part in hands[-10:]]
    text.append(f"\n№{envelope} · SHA-256 {digest}")
    data = {"sender": sender, "greeting": greeting, "points": points, "shares": shares, "locale": "zh"}
    rows = ((Button("开", "open", str(envelope), button),),) if len(hands) < shares else ()
    return Content(tuple(text), rows, Picture("cover", data, greeting))


def _shown(envelope: int, chat: str, card: Content) -> dict[str, Any]:
    key = f"envelope:{envelope}"
    action = encode_action(ShowMessage(chat=chat, key=key, content=card))
    return SHOW.bind(
        {"community": "town", "plugin": "red_envelope", "key": key, "chat": chat, "action": action, "unprompted": 0}
    )


def raw(file: Path, presses: Sequence[Press], envelope: int, button: str) -> float:
    """Return the seconds of plain sqlite3 in groups of 100, a savepoint each: the limit."""
    told = [(press.account.platform, press.body) for press in presses]
    with closing(sqlite3.connect(file, isolation_level=None, cached_statements=512)) as connection:
        _prepare(connection)
        begin = time.perf_counter()
        for start in range(0, len(told), GROUP):
            connection.execute("BEGIN IMMEDIATE")
            for platform, body in told[start : start + GROUP]:
                connection.execute("SAVEPOINT claim")
                _do(connection, claim(read(platform, body), envelope, button, datetime.now(UTC)))
                connection.execute("RELEASE claim")
            connection.execute("COMMIT")
        return time.perf_counter() - begin


def _do(connection: sqlite3.Connection, work: Iterator[Any] | Claim) -> None:
    assert isinstance(work, Generator)
    try:
        sql, values = next(work)
        while True:
            sql, values = work.send(connection.execute(sql, values).fetchall())
    except StopIteration:
        return


async def usual(file: Path, presses: Sequence[Press], envelope: int, button: str) -> float:
    """Return the seconds of the usual recipe: aiosqlite, a transaction and a commit a claim."""
    async with aiosqlite.connect(file) as connection:
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            await connection.execute(f"PRAGMA {pragma}")
        begin = time.perf_counter()
        for press in presses:
            work = claim(read(press.account.platform, press.body), envelope, button, datetime.now(UTC))
            rows: Rows | None = None
            try:
                while True:
                    sql, values = next(work) if rows is None else work.send(rows)
                    async with connection.execute(sql, values) as cursor:
                        rows = list(await cursor.fetchall()) if sql.startswith("SELECT") else []
            except StopIteration:
                await connection.commit()
        return time.perf_counter() - begin


def _prepare(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")


def copy(file: Path, to: Path) -> Path:
    """Copy a database that may be in use."""
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(to)) as target:
        source.backup(target)
    return to


def shrink(file: Path, envelope: int, shares: int) -> None:
    """Let an envelope have fewer shares, for fewer people."""
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("DELETE FROM red_envelope_share WHERE envelope = ? AND number >= ?", (envelope, shares))
        connection.execute("UPDATE red_envelope_envelope SET shares = ? WHERE id = ?", (shares, envelope))
