"""BertweetTokenizer: PhoBERT's pieces over tweets, whose users, addresses and emojis can be put in one form."""

from __future__ import annotations

import html.entities
import os
import re
from typing import Any

from ..tokenizers import Regex, pre_tokenizers
from ..utils import logging
from .rank_bpe import CountedTokenizer, write_counted
from .slow_vocab import is_folder

logger = logging.get_logger(__name__)

_EYES, _NOSE, _MOUTH = "[:;=8]", r"[\-o*']?", r"[)\](\[dDpP/:}{@|\\]"
_EMOTICON = f"(?:[<>]?{_EYES}{_NOSE}{_MOUTH}|{_MOUTH}{_NOSE}{_EYES}[<>]?|<3)"
_NESTED, _ROUND = r"\([^\s()]*?\([^\s()]+\)[^\s()]*?\)", r"\([^\s]+?\)"
_W = r"\w\u200c\u200d"  # in a class; joiners are parts of words
_TOKENS = (
    # An address: its beginning, characters and brackets, and no punctuation at its end; or a bare domain.
    r"(?:https?:(?:/{1,3}|[a-z0-9%])|[a-z0-9.\-]+[.][a-z]{2,13}/)"
    rf"(?:[^\s()<>{{}}\[\]]|{_NESTED}|{_ROUND})+(?:{_NESTED}|{_ROUND}|[^\s`!()\[\]{{}};:'\".,<>?«»“”‘’])",
    r"(?<!@)[a-z0-9]+(?:[.\-][a-z0-9]+)*[.][a-z]{2,13}\b/?(?!@)",
    r"(?:\+?[01][ *\-.)]*)?(?:[(]?\d{3}[ *\-.)]*)?\d{3}[ *\-.)]*\d{4}",  # a telephone number
    _EMOTICON,
    r"<[^>\s]+>",
    r"-+>|<-+",
    rf"@[{_W}]+",
    rf"#+[{_W}]+[{_W}'\-]*[{_W}]+",
    rf"[{_W}.+-]+@[{_W}-]+\.(?:[{_W}-]\.?)+[{_W}-]",  # a mail address
    rf"[{_W}&&[^\d_]](?:[{_W}&&[^\d_]]|['\-_])+[{_W}&&[^\d_]]|[+\-]?\d+[,/.:-]\d+[+\-]?|[{_W}]+|\.(?:\s*\.)+|\S",
)
_TOKEN = pre_tokenizers.Split(Regex("(?i:" + "|".join(_TOKENS) + ")"), "removed", invert=True)
_EMOTICONS = re.compile(_EMOTICON, re.IGNORECASE)
_LONG_RUN = re.compile(r"([^a-zA-Z0-9])\1{3,}")
_ENTITY = re.compile(r"&(#?(x?))([^&;\s]+);")
_HANDLE = re.compile(
    r"(?<![A-Za-z0-9_!@#$%&*])@([A-Za-z0-9_]{20}(?!@)|[A-Za-z0-9_]{1,19}(?![A-Za-z0-9_]*@))"
)  # fmt: skip
# Applied in this order to the words of a tweet with blanks between them.
_CONTRACTIONS = (
    ("cannot ", "can not "), ("n't ", " n't "), ("n 't ", " n't "), ("ca n't", "can't"), ("ai n't", "ain't"),
    ("'m ", " 'm "), ("'re ", " 're "), ("'s ", " 's "), ("'ll ", " 'll "), ("'d ", " 'd "), ("'ve ", " 've "),
    (" p . m .", "  p.m."), (" p . m ", " p.m "), (" a . m .", " a.m."), (" a . m ", " a.m "),
)  # fmt: skip


def _entity(match: re.Match) -> str:
    """The character of an HTML entity; none for one that does not exist."""
    name = match[3]
    if match[1]:
        try:
            number = int(name, 16 if match[2] else 10)
        except ValueError:
            return ""
        if 128 <= number <= 159:
            try:
                return bytes((number,)).decode("cp1252")
            except UnicodeDecodeError:
                pass  # a place of cp1252 that is not taken
    else:
        number = html.entities.name2codepoint.get(name)
    try:
        return "" if number is None else chr(number)
    except (ValueError, OverflowError):
        return ""


class TweetTokenizer:
    """Words, addresses, emoticons and the like of a tweet.

    Args:
        preserve_case: False puts everything but emoticons into lower case.
        reduce_len: characters that stand more than three times in a row are cut to three.
        strip_handles: leave @names out.

    >>> TweetTokenizer().tokenize("@you look :-) at http://a.b/c!!")
    ['@you', 'look', ':-)', 'at', 'http://a.b/c', '!', '!']
    """

    def __init__(self, preserve_case: bool = True, reduce_len: bool = False, strip_handles: bool = False):
        self.preserve_case, self.reduce_len, self.strip_handles = preserve_case, reduce_len, strip_handles

    def tokenize(self, text: str) -> list[str]:
        """The tokens of a tweet."""
        text = _ENTITY.sub(_entity, text)
        if self.strip_handles:
            text = _HANDLE.sub(" ", text)
        if self.reduce_len:
            text = re.sub(r"(.)\1{2,}", r"\1\1\1", text)
        words = [word for word, _ in _TOKEN.pre_tokenize_str(_LONG_RUN.sub(r"\1\1\1", text))]
        return words if self.preserve_case else [w if _EMOTICONS.search(w) else w.lower() for w in words]


class BertweetTokenizer(CountedTokenizer):
    """Tokenizer of BERTweet (Nguyen et al. 2020).

    Args:
        vocab_file, merges_file: vocab.txt and bpe.codes.
        normalization: put users, addresses, emojis and contractions into the form the model was trained with. Emojis
            need the package emoji.
        **kwargs: see `PreTrainedTokenizerBase`.
    """

    special_puncts = {"’": "'", "…": "..."}

    def __init__(
        self, vocab_file: str | os.PathLike, merges_file: str | os.PathLike, normalization: bool = False, **kwargs: Any
    ):
        try:
            from emoji import demojize
        except ImportError:
            logger.warning(
                "emoji is not installed, thus not converting emoticons or emojis into text. Install emoji: pip3 install "
                "emoji==0.6.0"
            )
            demojize = None
        self.demojizer, self.normalization, self.tweetPreprocessor = demojize, normalization, TweetTokenizer()
        super().__init__(vocab_file, merges_file, normalization=normalization, **kwargs)

    def _tokenize(self, text: str, **kwargs: Any) -> list[str]:
        return super()._tokenize(self.normalizeTweet(text) if self.normalization else text)

    def normalizeTweet(self, tweet: str) -> str:
        """A tweet in the form of the training data."""
        for mark, plain in self.special_puncts.items():
            tweet = tweet.replace(mark, plain)
        text = " ".join(self.normalizeToken(token) for token in self.tweetPreprocessor.tokenize(tweet))
        for before, after in _CONTRACTIONS:
            text = text.replace(before, after)
        return " ".join(text.split())

    def normalizeToken(self, token: str) -> str:
        """@USER, HTTPURL, the name of an emoji, or the token."""
        if token.startswith("@"):
            return "@USER"
        if token.lower().startswith(("http", "www")):
            return "HTTPURL"
        if len(token) != 1:
            return token
        if token in self.special_puncts:
            return self.special_puncts[token]
        return token if self.demojizer is None else self.demojizer(token)

    def save_vocabulary(self, save_directory, filename_prefix: str | None = None) -> tuple[str, ...]:
        """Write vocabulary and merges; returns their paths."""
        return write_counted(self, save_directory, filename_prefix) if is_folder(save_directory) else ()
