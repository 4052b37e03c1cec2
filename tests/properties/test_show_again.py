"""A shown message stands as was wanted last: after it was taken away, and after nobody knew whether it was sent."""

from hypothesis import example, given
from hypothesis import strategies as st
from tests.properties.stage import Stage, bounded
from tests.properties.test_show_machine import CHATS, KEYS, Board, Forgetful, Way

from xiaoer import Limits
from xiaoer.testing import rest

PLACE = KEYS[0], CHATS[0]
texts = st.sampled_from(["one", "two", None])
unclear: st.SearchStrategy[Way] = st.sampled_from(["unclear", "lost", "broken", "later"])


def standing(wanted: list[str | None], moods: list[Way], *, knows_repeats: bool) -> list[str]:
    """Let one thing after another be wanted, in a chat that fails at the first of them; return what stands there."""
    platform = Forgetful(Limits(), knows_repeats=knows_repeats)
    stage = Stage(Board, platforms={"fake": platform})

    async def want(text: str | None) -> None:
        Board.wants = [(PLACE, (text, False))]
        await stage.app.pipeline.submit(stage.message("ann", "go"))
        for _ in range(len(moods) + 1):
            await rest()
            await stage.app.settled()
            await stage.clock.advance(400.0)
        await stage.app.settled()

    try:
        platform.moods[PLACE[1]] = list(moods)
        for text in wanted:
            stage.run(want(text))
        return [message.text for message in stage.town.messages(PLACE[1])]
    finally:
        stage.close()


@given(before=st.lists(texts, max_size=4), last=st.sampled_from(["one", "two"]))
@example(before=["one", None], last="one")
@bounded(5, 1)
def test_what_was_taken_away_is_shown_anew_where_the_platform_knows_repeats(
    before: list[str | None], last: str
) -> None:
    assert standing([*before, last], [], knows_repeats=True) == [f"board: {last}"]


@given(moods=st.lists(unclear, min_size=1, max_size=4), last=st.sampled_from(["one", "two"]))
@example(moods=["unclear"], last="one")
@bounded(5, 1)
def test_what_may_not_have_been_sent_is_shown_in_the_end(moods: list[Way], last: str) -> None:
    assert standing([last], moods, knows_repeats=True) == [f"board: {last}"]
