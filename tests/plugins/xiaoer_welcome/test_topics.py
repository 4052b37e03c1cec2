from hypothesis import given
from hypothesis import strategies as st

from xiaoer_welcome.topics import touched

TOPICS = {"ads": ("buy now", "加微信"), "politics": ()}


def test_a_topic_is_known_by_its_words_and_its_name_in_any_case() -> None:
    assert touched("BUY NOW!", TOPICS) == ["ads"]
    assert touched("请加微信聊 Politics", TOPICS) == ["ads", "politics"]
    assert touched("good morning", TOPICS) == []


@given(st.text(), st.dictionaries(st.text(min_size=1), st.lists(st.text())))
def test_what_is_touched_is_among_the_topics_in_their_order(text: str, topics: dict[str, list[str]]) -> None:
    found = touched(text, topics)
    assert found == [topic for topic in topics if topic in found]
