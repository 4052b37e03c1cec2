"""What the people of a made-up day are called and say."""

from __future__ import annotations

_EN = (
    "Ada Lindqvist", "Ben", "Carla Reyes", "Dmitri", "Elif Kaya", "Farah", "Grace Okafor", "Hugo", "Ines Martins",
    "Jun", "Kofi Mensah", "Lena", "Marek Nowak", "Nadia", "Owen Hughes", "Priya", "Quinn", "Rosa Bianchi", "Sam",
    "Tomas", "Uma Rao", "Vera", "Will Turner", "Yara", "Zoe Martin",
)  # fmt: skip
_ZH = (
    "陈晓", "林 小雨", "王大明", "李 静", "张伟", "刘洋", "黄 阿姨", "周周", "吴 桐", "徐来", "孙悦", "马 超", "朱朱",
    "胡同学", "郭 师傅", "何必", "高 兴", "罗兰", "郑 好", "梁 山", "谢谢", "宋 词", "唐糖", "许愿", "邓 老师",
)  # fmt: skip


def _names() -> list[tuple[str, tuple[str, str]]]:
    found: list[tuple[str, tuple[str, str]]] = []
    for locale, names in (("en", _EN), ("zh-hans", _ZH)):
        for name in names:
            first, _, last = name.partition(" ")
            found.append((locale, (first, last)))
    return found


NAMES = _names()
"""Locale and name, first and last."""

EMOJI = ("👍", "❤", "🔥", "🎉", "😁", "🤔", "😢", "👏", "🙏", "🤣")
"""Reactions that both platforms know."""

LINES: dict[str, tuple[str, ...]] = {
    "en": (
        "good morning everybody",
        "the market opens at {n} past nine today",
        "has anyone seen {who}, we wanted to meet at the bridge",
        "I am on the train, {n} minutes late",
        "lunch in the park, bring something to drink",
        "thanks, that helped a lot",
        "there are {n} of us already, the table is for {n}",
        "lol",
        "can somebody send me the pictures from yesterday please",
        "I tried it with {n} g of flour and it was too dry, next time with more water and a longer rest",
        "same here",
        "ok, see you at {n} past",
        "no idea, ask {who}",
        "it rains again; we stay inside and play cards, whoever wants to come is welcome",
        "that is what {who} said on Monday too",
        "who takes the keys back",
    ),
    "zh": (
        "早上好",
        "今天菜市场几点开门，{n} 分还是半点",
        "有人看到{who}了吗，我们约好在桥边见",
        "我在地铁上，大概晚到 {n} 分钟",
        "中午去公园吃饭，自己带喝的",
        "谢谢，帮大忙了",
        "已经有 {n} 个人报名了，桌子只够坐 {n} 个人",
        "哈哈哈哈",
        "昨天的照片谁能发我一份，手机没电了什么都没拍到",
        "我用了 {n} 克面粉还是太干，下次多放点水，再多醒一会儿面，应该就好了",
        "我也是",
        "好的，一会儿见",
        "不清楚，问问{who}吧",
        "又下雨了，我们就在屋里打牌，想来的都欢迎，带上点心更好",
        "周一{who}也是这么说的",
        "钥匙谁去还一下",
    ),
}
"""What people write, with a number and somebody's name in it."""

QUESTIONS: dict[str, tuple[str, ...]] = {"en": ("", "", "", "?", ".", " :)"), "zh": ("", "", "", "？", "。", "～")}
"""How a text ends."""
