"""Numbers as English words: what CLVP and SpeechT5 do to a text before they read it."""

from __future__ import annotations

import re

_ONES = ("", *"one two three four five six seven eight nine".split())
_TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
_TENS = ("", "ten", *"twenty thirty forty fifty sixty seventy eighty ninety".split())
_POWERS = ("", *("thousand million billion trillion quadrillion quintillion sextillion septillion octillion nonillion "
                 "decillion").split())  # fmt: skip
_ABBREVIATIONS = {
    "mrs": "misess", "mr": "mister", "dr": "doctor", "st": "saint", "co": "company", "jr": "junior", "maj": "major",
    "gen": "general", "drs": "doctors", "rev": "reverend", "lt": "lieutenant", "hon": "honorable", "sgt": "sergeant",
    "capt": "captain", "esq": "esquire", "ltd": "limited", "col": "colonel", "ft": "fort",
}  # fmt: skip
_CURRENCIES = {
    "$": "dollars", "€": "euros", "£": "pounds", "¢": "cents", "¥": "japanese yen", "﷼": "saudi riyal",
    "₹": "indian rupees", "₽": "russian rubles", "฿": "thai baht", "₺": "turkish liras", "₴": "ukrainian hryvnia",
    "₣": "swiss francs", "₡": "costa rican colon", "₱": "philippine peso", "₪": "israeli shekels",
    "₮": "mongolian tögrög", "₩": "south korean won", "₦": "nigerian naira", "₫": "vietnamese Đồng",
}  # fmt: skip
_SIGNS = "".join(f"{sign}?" if sign != "$" else r"\$?" for sign in "$€£¢¥₹₽฿₺₴₣₡₱₪₮₩₦₫﷼")
_AMOUNT = re.compile(rf"(?<!\w)(-?{_SIGNS}\d+(?:\.\d{{1,2}})?%?)(?!\w)")


class EnglishNormalizer:
    """CLVP's: ASCII, small letters, numbers and abbreviations in words.

    >>> EnglishNormalizer()("Dr. Who paid $3.50 in 1963")
    'doctor who paid three dollars, fifty cents in one thousand, nine hundred sixty-three'
    """

    def number_to_words(self, num: int) -> str:
        """A number in words.

        >>> EnglishNormalizer().number_to_words(2021)
        'two thousand, twenty-one'
        """
        if num < 0:
            return "minus " + self.number_to_words(-num)
        if num < 20:
            return "zero" if num == 0 else _ONES[num] if num < 10 else _TEENS[num - 10]
        if num < 100:
            return _TENS[num // 10] + (f"-{self.number_to_words(num % 10)}" if num % 10 else "")
        if num < 1000:
            return _ONES[num // 100] + " hundred" + (f" {self.number_to_words(num % 100)}" if num % 100 else "")
        for power in range(1, 6):
            size = 1000**power
            if num < size * 1000:
                rest = f", {self.number_to_words(num % size)}" if num % size else ""
                return f"{self.number_to_words(num // size)} {_POWERS[power]}{rest}"
        return "number out of range"

    def convert_to_ascii(self, text: str) -> str:
        """The text without other characters."""
        return text.encode("ascii", "ignore").decode()

    def _dollars(self, match: re.Match) -> str:
        parts = match[1].split(".")
        if len(parts) > 2:
            return match[1] + " dollars"
        dollars = int(parts[0].replace(",", "") or 0)
        cents = int(parts[1]) if len(parts) > 1 and parts[1] else 0
        named = []
        if dollars:
            named.append(f"{dollars} {'dollar' if dollars == 1 else 'dollars'}")
        if cents:
            named.append(f"{cents} {'cent' if cents == 1 else 'cents'}")
        return ", ".join(named) or "zero dollars"

    def _ordinal(self, match: re.Match) -> str:
        number = int(match[0][:-2])
        suffix = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
        return self.number_to_words(number) + suffix

    def _number(self, match: re.Match) -> str:
        number = int(match[0])
        if 1000 < number < 3000 and number != 2000:
            if 2000 < number < 2010:
                return "two thousand " + self.number_to_words(number % 100)
            if number % 100 == 0:
                return self.number_to_words(number // 100) + " hundred"
        return self.number_to_words(number)

    def normalize_numbers(self, text: str) -> str:
        """Amounts, decimals, ordinals and numbers in words."""
        text = re.sub(r"([0-9][0-9,]+[0-9])", lambda match: match[1].replace(",", ""), text)
        text = re.sub(r"£([0-9,]*[0-9])", r"\1 pounds", text)
        text = re.sub(r"\$([0-9.,]*[0-9])", self._dollars, text)
        text = re.sub(r"(?<![0-9])([0-9]+\.[0-9]+)", lambda match: match[1].replace(".", " point "), text)
        text = re.sub(r"(?<![0-9])[0-9]+(st|nd|rd|th)", self._ordinal, text)
        return re.sub(r"[0-9]+", self._number, text)

    def expand_abbreviations(self, text: str) -> str:
        """Titles and the like in full."""
        for short, full in _ABBREVIATIONS.items():
            text = re.sub(rf"\b{short}\.", full, text, flags=re.IGNORECASE)
        return text

    def collapse_whitespace(self, text: str) -> str:
        """One blank between words."""
        return re.sub(r"\s+", " ", text)

    def __call__(self, text: str) -> str:
        text = self.normalize_numbers(self.convert_to_ascii(text).lower())
        return self.collapse_whitespace(self.expand_abbreviations(text)).replace('"', "")


class EnglishNumberNormalizer:
    """SpeechT5's: numbers, amounts of money and per cent in words.

    >>> EnglishNumberNormalizer()("It costs $12.5, or 7%")
    'It costs twelve point five dollars, or seven percent'
    """

    def spell_number(self, num: int) -> str:
        """A number in words.

        >>> EnglishNumberNormalizer().spell_number(342)
        'three hundred and forty two'
        """
        if num == 0:
            return "zero"
        parts = []
        while num and len(parts) < len(_POWERS):
            num, group = divmod(num, 1000)
            if group:
                hundreds, rest = divmod(group, 100)
                words = [f"{_ONES[hundreds]} hundred"] if hundreds else []
                if hundreds and rest:
                    words.append("and")
                below = [_TEENS[rest - 10]] if 10 < rest < 20 else [_TENS[rest // 10], _ONES[rest % 10]]
                parts.append(" ".join(words + [word for word in below if word]))
        return " ".join(reversed(parts))

    def convert(self, number: str) -> str:
        """A number with its signs in words."""
        whole, _, decimals = number.partition(".")
        decimals = decimals if "." in number else "00"
        minus, currency = "", ""
        body = whole[1:] if whole.startswith("-") else whole
        if body[:1] in _CURRENCIES:
            currency = f" {_CURRENCIES[body[0]]}"
            whole = ("-" if whole.startswith("-") else "") + body[1:]
        for sign in ("-", "minus"):
            if whole.startswith(sign):
                minus, whole = "minus ", whole[len(sign) :]
                break
        percent = " percent" if "%" in whole + decimals else ""
        whole, decimals = whole.replace("%", ""), decimals.replace("%", "")
        whole = whole.zfill(3 * ((len(whole) - 1) // 3 + 1))
        groups = [int(whole[start : start + 3]) for start in range(0, len(whole), 3)]
        words = []
        for place, group in zip(range(len(groups) - 1, -1, -1), groups):
            if group:
                words.append(" ".join(filter(None, (self.spell_number(group), _POWERS[place]))))
        spelled = " ".join(words)
        if decimals != "00":
            spelled += " point " + " ".join(self.spell_number(int(digit)) for digit in decimals)
        return f"{minus}{spelled}{percent}{currency}"

    def __call__(self, text: str) -> str:
        text = re.sub(r"(\d+,\d+)", lambda match: match[1].replace(",", ""), text)
        return re.sub(" +", " ", _AMOUNT.sub(lambda match: self.convert(match[1]), text))
