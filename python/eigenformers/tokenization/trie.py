"""Trie: where the added tokens of a tokenizer written in Python stand in a text."""

from __future__ import annotations

import re
from collections.abc import Iterable

_END = ""  # key of a node at which a word ends


class Trie:
    """Words as a tree of characters, and `split`, which cuts a text at them: leftmost first, then longest.

    Args:
        *words: iterables of words.

    >>> trie = Trie(["[CLS]", "extra_id_1", "extra_id_100"])
    >>> trie.split("[CLS] This is a extra_id_100")
    ['[CLS]', ' This is a ', 'extra_id_100']
    """

    def __init__(self, *words: Iterable[str]):
        self.data: dict = {}
        self._tokens: set[str] = set()
        self._beginnings: re.Pattern | None = None
        self.update(*words)

    def update(self, *words: Iterable[str]) -> None:
        """Add the words of an iterable."""
        for word in tuple(*words):
            self.add(word)

    def add(self, word: str) -> None:
        """Add a word; an empty one is left out."""
        if not word:
            return
        self._tokens.add(word)
        node = self.data
        for char in word:
            node = node.setdefault(char, {})
        node[_END] = 1
        self._beginnings = None

    def split(self, text: str) -> list[str]:
        """The text in pieces, none of them empty: words, and what stands between them."""
        if self._beginnings is None:
            first = "".join(map(re.escape, self.data))
            self._beginnings = re.compile(f"[{first}]" if first else r"(?!)")
        cuts = [0]
        live: dict[int, dict] = {}  # where a word may have begun -> how far into the tree its characters led
        here = 0
        while True:
            if not live:  # nothing can begin before the next first character of a word
                found = self._beginnings.search(text, here)
                if found is None:
                    break
                here = found.start()
            if here >= len(text):
                break
            begun = next((start for start, node in live.items() if _END in node), None)
            following = {start: node.get(text[here]) for start, node in live.items() if begun is None or start < begun}
            resume = here
            if begun is not None:
                # The beginnings left of the finished word were moved on already, and may be finished later.
                moved = {start: node if node is not None else live[start] for start, node in following.items()}
                begin, end, resume = self._longest(text, {**moved, begun: live[begun]}, begun, here)
                cuts += [begin, end]
                live = {}
            else:
                live = {start: node for start, node in following.items() if node is not None}
            if resume > here:
                here = resume
                continue
            if text[here] in self.data:
                live[here] = self.data[text[here]]
            here += 1
        finished = next((start for start, node in live.items() if _END in node), None)
        if finished is not None:
            cuts += [finished, len(text)]
        return self.cut_text(text, cuts)

    @staticmethod
    def _longest(text: str, live: dict[int, dict], begun: int, here: int) -> tuple[int, int, int]:
        """Begin and end of the longest word that began at `begun` or left of it, and where to go on."""
        begin, end, resume = begun, here, here
        for start, node in live.items():
            if start > begin:
                break
            place = end = here if start == begin else here + 1
            if _END in node:
                begin, end, resume = start, place, place
            while place < len(text) and text[place] in node:
                node = node[text[place]]
                place += 1
                if _END in node:
                    begin, end, resume = start, place, place
        return begin, end, resume

    @staticmethod
    def cut_text(text: str, offsets: list[int]) -> list[str]:
        """The text cut at places in rising order."""
        pieces, start = [], 0
        for end in [*offsets, len(text)]:
            if end > start:
                pieces.append(text[start:end])
                start = end
        return pieces
