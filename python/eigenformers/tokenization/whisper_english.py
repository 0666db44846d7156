"""Whisper's rules for English (Radford et al. 2022, "Robust Speech Recognition via Large-Scale Weak Supervision", appendix C):
texts written in one way, so that transcriptions can be compared.

>>> EnglishTextNormalizer({"colour": "color"})("Mr. Brown's got twenty-one colours; the COLOUR cost two dollars fifty.")
'mister brown has got 21 colours the color cost $2 50'
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from fractions import Fraction

# Letters that no decomposition takes apart.
_PLAIN = {"œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "æ": "ae", "Æ": "AE", "ß": "ss", "ẞ": "SS", "đ": "d", "Đ": "D",
          "ð": "d", "Ð": "D", "þ": "th", "Þ": "th", "ł": "l", "Ł": "L"}  # fmt: skip

_SMALL = ("one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
          "eighteen nineteen").split()  # fmt: skip
_ONES = {name: value for value, name in enumerate(_SMALL, 1)}
_TENS = {
    name: 10 * value for value, name in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)
}
_LARGE = ("thousand million billion trillion quadrillion quintillion sextillion septillion octillion nonillion "
          "decillion").split()  # fmt: skip
_MULTIPLIERS = {"hundred": 100, **{name: 1000**power for power, name in enumerate(_LARGE, 1)}}
_ZEROS = ("o", "oh", "zero")
_ODD_ORDINALS = {"first": (1, "st"), "second": (2, "nd"), "third": (3, "rd"), "fifth": (5, "th"), "twelfth": (12, "th")}
_SIGNS = {"minus": "-", "negative": "-", "plus": "+", "positive": "+"}
_CURRENCIES = {"pound": "£", "pounds": "£", "euro": "€", "euros": "€", "dollar": "$", "dollars": "$", "cent": "¢",
               "cents": "¢"}  # fmt: skip
_DIGITS_BEFORE = _ZEROS + (*_ONES, *_TENS)  # words that a decimal point may stand before

# Word: its kind, its value, and the ending that a number gets.
_WORDS: dict[str, tuple[str, int, str]] = {
    **{word: ("zero", 0, "") for word in _ZEROS},
    **{word: ("one", value, "") for word, value in _ONES.items()},
    **{("sixes" if word == "six" else f"{word}s"): ("one", value, "s") for word, value in _ONES.items()},
    **{f"{word}{'h' if word.endswith('t') else 'th'}": ("one", value, "th") for word, value in _ONES.items()
       if value > 3 and value not in (5, 12)},
    "zeroth": ("one", 0, "th"), **{word: ("one", *number) for word, number in _ODD_ORDINALS.items()},
    **{word: ("ten", value, "") for word, value in _TENS.items()},
    **{word[:-1] + "ies": ("ten", value, "s") for word, value in _TENS.items()},
    **{word[:-1] + "ieth": ("ten", value, "th") for word, value in _TENS.items()},
    **{word + end: ("multiplier", value, end) for word, value in _MULTIPLIERS.items() for end in ("", "s", "th")},
    **{word: ("sign", 0, "") for word in _SIGNS}, **{word: ("currency", 0, "") for word in _CURRENCIES},
    "per": ("percent", 0, ""), "percent": ("percent", 0, ""),
    **{word: ("special", 0, "") for word in ("and", "double", "triple", "point")},
}  # fmt: skip
_NUMBER = re.compile(r"^\d+(\.\d+)?$")
_PREFIXES = {*_SIGNS.values(), *_CURRENCIES.values()}

_FILLERS = re.compile(r"\b(hmm|mm|mhm|mmm|uh|um)\b")
_TITLES = {"mr": "mister", "mrs": "missus", "st": "saint", "dr": "doctor", "prof": "professor", "capt": "captain",
           "gov": "governor", "ald": "alderman", "gen": "general", "sen": "senator", "rep": "representative",
           "pres": "president", "rev": "reverend", "hon": "honorable", "asst": "assistant", "assoc": "associate",
           "lt": "lieutenant", "col": "colonel", "jr": "junior", "sr": "senior", "esq": "esquire"}  # fmt: skip
_SPOKEN = {"won't": "will not", "can't": "can not", "let's": "let us", "ain't": "aint", "y'all": "you all",
           "wanna": "want to", "gotta": "got to", "gonna": "going to", "i'ma": "i am going to", "imma": "i am going to",
           "woulda": "would have", "coulda": "could have", "shoulda": "should have", "ma'am": "madam"}  # fmt: skip
_ENDINGS = {"'d been": " had been", "'s been": " has been", "'d gone": " had gone", "'s gone": " has gone",
            "'d done": " had done", "'s got": " has got", "n't": " not", "'re": " are", "'s": " is", "'d": " would",
            "'ll": " will", "'t": " not", "'ve": " have", "'m": " am"}  # fmt: skip
_REPLACED = [
    *((re.compile(rf"\b{word}\b"), long) for word, long in _SPOKEN.items()),
    *((re.compile(rf"\b{word}\b"), f"{long} ") for word, long in _TITLES.items()),
    *((re.compile(rf"{end}\b"), long) for end, long in _ENDINGS.items()),
]


def without_brackets(text: str) -> str:
    """The text without what stands in brackets of any kind."""
    return re.sub(r"\(([^)]+?)\)", "", re.sub(r"[<\[][^>\]]*[>\]]", "", text))


def without_symbols(text: str, remove_diacritics: bool, keep: str = "") -> str:
    """Marks, symbols and punctuation as blanks, but for those to keep; diacritics go without a trace if wanted."""

    def clean(c: str) -> str:
        if c in keep:
            return c
        if remove_diacritics and c in _PLAIN:
            return _PLAIN[c]
        category = unicodedata.category(c)
        return "" if remove_diacritics and category == "Mn" else " " if category[0] in "MSP" else c

    return "".join(map(clean, unicodedata.normalize("NFKD" if remove_diacritics else "NFKC", text)))


class _Number:
    """The number that is being said: an int while digits may still be added to it, else its digits as they are written."""

    def __init__(self) -> None:
        self.value: int | str | None = None
        self.prefix = ""

    def finish(self, text: int | str | None = None) -> str:
        """The number, or this text, with the sign in front; the next number begins."""
        text = self.prefix + str(self.value if text is None else text)
        self.value, self.prefix = None, ""
        return text

    def append(self, number: int, is_ten: bool, previous: str | None) -> int | str:
        """The value with the number said behind it: added where there are zeros for it, else written behind."""
        value = self.value
        if value is None:
            return number
        if isinstance(value, str) or (not is_ten and previous in _ONES):
            if not is_ten and number < 10 and previous in _TENS:
                return f"{str(value)[:-1]}{number}"
            return f"{value}{number}"
        free = 100 if is_ten or number >= 10 else 10
        return value + number if value % free == 0 else f"{value}{number}"

    def times(self, multiplier: int) -> int | None:
        """The value times this, of a whole number its last three digits only; None where that is no whole number."""
        if isinstance(self.value, int):
            return self.value // 1000 * 1000 + self.value % 1000 * multiplier
        try:
            product = Fraction(self.value) * multiplier
        except ValueError:
            return None
        return product.numerator if product.denominator == 1 else None


class EnglishNumberNormalizer:
    """Numbers that are spelled out in digits: `twenty-first` -> `21st`, `two million dollars` -> `$2000000`,
    `one oh one` -> `101`; a lone `1` is `one`.

    >>> EnglishNumberNormalizer()("two hundred and five dollars and fifty cents")
    '$205.50'
    """

    def process_words(self, words: list[str]) -> Iterator[str]:
        """The words, with the numbers among them put together."""
        number, skip = _Number(), False
        for i, word in enumerate(words):
            if skip:
                skip = False
                continue
            before = words[i - 1] if i else None
            after = words[i + 1] if i + 1 < len(words) else None
            digits = word[1:] if word[0] in _PREFIXES else word
            if _NUMBER.match(digits):
                if isinstance(number.value, str) and number.value.endswith("."):
                    number.value += word  # decimals, parts of an address
                    continue
                if number.value is not None:
                    yield number.finish()
                number.prefix = word[0] if word[0] in _PREFIXES else number.prefix
                whole = Fraction(digits)
                number.value = whole.numerator if whole.denominator == 1 else digits
                continue
            kind, value, end = _WORDS.get(word, ("other", 0, ""))
            if kind in ("one", "ten"):
                number.value = number.append(value, kind == "ten", before)
                if end:
                    yield number.finish(f"{number.value}{end}")
            elif kind == "zero":
                number.value = f"{number.value or ''}0"
            elif kind == "multiplier":
                yield from self._multiply(number, value, end)
            elif kind == "sign":
                if number.value is not None:
                    yield number.finish()
                if after in _WORDS or (after and _NUMBER.match(after)):
                    number.prefix = _SIGNS[word]
                else:
                    yield number.finish(word)
            elif kind == "currency" and number.value is not None:
                number.prefix = _CURRENCIES[word]
                yield number.finish()
            elif kind == "percent" and number.value is not None and (word == "percent" or after == "cent"):
                skip = word == "per"
                yield number.finish(f"{number.value}%")
            elif kind == "special" and (after in _WORDS or (after and _NUMBER.match(after))):
                if word == "and" and before in _MULTIPLIERS:
                    continue
                if word in ("double", "triple") and (after in _ONES or after in _ZEROS):
                    number.value = f"{number.value or ''}{str(_ONES.get(after, 0)) * (2 if word == 'double' else 3)}"
                    skip = True
                elif word == "point":
                    if after in _DIGITS_BEFORE or _NUMBER.match(after):
                        number.value = f"{number.value or ''}."
                else:
                    if number.value is not None:
                        yield number.finish()
                    yield number.finish(word)
            else:
                if number.value is not None:
                    yield number.finish()
                yield number.finish(word)
        if number.value is not None:
            yield number.finish()

    @staticmethod
    def _multiply(number: _Number, multiplier: int, end: str) -> Iterator[str]:
        product = multiplier if number.value is None else number.times(multiplier)
        if number.value == 0 and not end:
            product = 0
        if product is None:
            yield number.finish()
            product = multiplier
        number.value = product
        if end:
            yield number.finish(f"{product}{end}")

    @staticmethod
    def preprocess(text: str) -> str:
        """Halves as decimals; blanks between digits and letters, but not before the ending of a number."""
        parts = [part for part in re.split(r"\band\s+a\s+half\b", text)]
        out = []
        for i, part in enumerate(parts):
            if not part.strip():
                continue
            out.append(part)
            if i + 1 < len(parts):
                last = part.split()[-1]
                out.append("point five" if last in _DIGITS_BEFORE or last in _MULTIPLIERS else "and a half")
        text = re.sub(r"([a-z])([0-9])", r"\1 \2", " ".join(out))
        text = re.sub(r"([0-9])([a-z])", r"\1 \2", text)
        return re.sub(r"([0-9])\s+(st|nd|rd|th|s)\b", r"\1\2", text)

    @staticmethod
    def postprocess(text: str) -> str:
        """Cents behind a currency as its decimals; `one` for a lone 1."""
        text = re.sub(r"([€£$])([0-9]+) (?:and )?¢([0-9]{1,2})\b", lambda m: f"{m[1]}{m[2]}.{int(m[3]):02d}", text)
        text = re.sub(r"[€£$]0.([0-9]{1,2})\b", lambda m: f"¢{int(m[1])}", text)
        return re.sub(r"\b1(s?)\b", r"one\1", text)

    def __call__(self, text: str) -> str:
        return self.postprocess(" ".join(self.process_words(self.preprocess(text).split())))


class EnglishTextNormalizer:
    """All rules together.

    Args:
        english_spelling_mapping: British spelling to American spelling, as `normalizer.json` of a Whisper tokenizer has it.
    """

    def __init__(self, english_spelling_mapping: Mapping[str, str] | None):
        self.spelling = english_spelling_mapping or {}
        self.standardize_numbers = EnglishNumberNormalizer()

    def __call__(self, text: str) -> str:
        text = _FILLERS.sub("", without_brackets(text.lower()))
        text = re.sub(r"\s+'", "'", text)
        for pattern, replacement in _REPLACED:
            text = pattern.sub(replacement, text)
        text = re.sub(r"(\d),(\d)", r"\1\2", text)
        text = re.sub(r"\.([^0-9]|$)", r" \1", text)
        text = self.standardize_numbers(without_symbols(text, True, keep=".%$¢€£"))
        text = " ".join(self.spelling.get(word, word) for word in text.split())
        text = re.sub(r"[.$¢€£]([^0-9])", r" \1", text)
        text = re.sub(r"([^0-9])%", r"\1 ", text)
        return re.sub(r"\s+", " ", text)
