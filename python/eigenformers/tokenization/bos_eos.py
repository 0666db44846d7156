"""`add_bos_token` and `add_eos_token`: what the engine's post-processor puts around a text."""

from __future__ import annotations

from .. import tokenizers


class BosEosMixin:
    """The two switches, over the engine tokenizer `_tokenizer` and `_special_layout`.

    As long as nobody sets them they tell what the tokenizer's file does.
    """

    @property
    def add_bos_token(self) -> bool:
        """Whether texts begin with `bos_token`; setting it rebuilds the post-processor."""
        return self._adds("_add_bos_token", self.bos_token_id, 0)

    @add_bos_token.setter
    def add_bos_token(self, value: bool) -> None:
        self._add_eos_token, self._add_bos_token = self.add_eos_token, value
        self.update_post_processor()

    @property
    def add_eos_token(self) -> bool:
        """Whether texts end with `eos_token`; setting it rebuilds the post-processor."""
        return self._adds("_add_eos_token", self.eos_token_id, -1)

    @add_eos_token.setter
    def add_eos_token(self, value: bool) -> None:
        self._add_bos_token, self._add_eos_token = self.add_bos_token, value
        self.update_post_processor()

    def _adds(self, attribute: str, token_id: int | None, position: int) -> bool:
        chosen = self.__dict__.get(attribute)
        if chosen is not None:
            return chosen
        layout = self._special_layout(pair=False)
        edge = layout.before if position == 0 else layout.after
        return bool(edge) and edge[position] == token_id

    def update_post_processor(self) -> None:
        """Rebuild the post-processor from `add_bos_token`, `add_eos_token` and the two tokens."""
        before, after, special = [], [], []
        if self._add_bos_token and self.bos_token is not None:
            before = [self.bos_token]
            special.append((self.bos_token, self.bos_token_id))
        if self._add_eos_token and self.eos_token is not None:
            after = [self.eos_token]
            special.append((self.eos_token, self.eos_token_id))
        self._add_bos_token, self._add_eos_token = bool(before), bool(after)
        single = [f"{t}:0" for t in before] + ["$A:0"] + [f"{t}:0" for t in after]
        second = [f"{t}:1" for t in before] + ["$B:1"] + [f"{t}:1" for t in after]
        self._tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
            single=single, pair=single + second, special_tokens=special
        )
