"""A text of more than a megabyte with everything that tokenizers stumble over, the same on every machine."""

from __future__ import annotations

import random

WORDS = (
    "the of and Hello World don't I'll we've THEY'RE print( return def class x==1 http://a.b/c?d=e&f <|endoftext|> </s> "
    "<s> [MASK] [CLS] <mask> CamelCase snake_case HTML5 3.14 1,000,000 naïve café Straße İstanbul ŉ ﬁ ﬀ Ⅷ ㎏ ｆｕｌｌ ẛ̣ ǆ Ά "
    "ơ̂ é ộ 한국어 각 각 中文分词 日本語テキスト العربية עברית हिन्दी ไทย 👨‍👩‍👧 🇫🇷 👍🏽 ½ ² … — “quoted” ¿qué? 'ſ #include <vector> "
    "for(int i=0;i<n;i++){ }"
).split(" ")
POOLS = [
    [chr(c) for c in range(32, 127)] * 3,
    list(" \t\n\r  \u00a0\u3000\u2028\x0b\x0c\x85\u200b"),
    [chr(c) for c in range(0xA0, 0x250)],
    [chr(c) for c in range(0x300, 0x36F)] + list("aeiouAEIOU"),
    [chr(c) for c in range(0x4E00, 0x4F00)] + list("、。「」ひらがなカタカナ가각한글"),
    [chr(c) for r in ((0x600, 0x6FF), (0x900, 0x97F), (0xE00, 0xE5F)) for c in range(*r)],
    [chr(c) for c in range(0x1F300, 0x1F6FF)] + ["\u200d", "\ufe0f", "\U0001f3fb"],
    [chr(c) for c in range(0x1100, 0x1200)] + [chr(c) for c in range(0xAC00, 0xAC80)],
    list("0123456789０１２²½①Ⅳ٣"),
    list("'sStTrReEvVmMlLdDſ’ "),
    [chr(c) for c in range(1, 32)] + ["\x7f", "\x80", "\x9f", "\ufeff", "\ufffd", "\ue000", "\U000e0001", "\U0010ffff"],
    list(".,;:!?()[]{}<>/\\|-_=+*&^%$#@~`\"'"),
]


def words(r: random.Random) -> str:
    gaps = [" ", " ", "  ", "\n", "\n\n", "", "\t"]
    return "".join(r.choice(WORDS) + r.choice(gaps) for _ in range(r.randrange(1, 60)))


def mixture(r: random.Random) -> str:
    out = []
    for _ in range(r.randrange(1, 40)):
        pool = r.choice(POOLS)
        out.append("".join(r.choice(pool) for _ in range(r.randrange(1, 6))))
    return "".join(out)


def any_characters(r: random.Random) -> str:
    limits = [0x110000, 0x20000, 0x3000, 0x800]
    points = (r.randrange(r.choice(limits)) for _ in range(r.randrange(1, 60)))
    return "".join(chr(32 if 0xD800 <= c < 0xE000 else c) for c in points)


def corpus(seed: int = 0, count: int = 7000) -> list[str]:
    """`count` short texts; the default makes 1.2 MB of UTF-8."""
    r = random.Random(seed)
    return [r.choice([words, words, mixture, any_characters])(r) for _ in range(count)]


def assigned(count: int = 1000) -> list[str]:
    """Only texts without unassigned characters, which llama.cpp treats in a way of its own."""
    r = random.Random(1)
    return [r.choice([words, mixture])(r) for _ in range(count)]
