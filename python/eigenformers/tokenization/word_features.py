"""Tokenizers of documents: every word comes with its box on the page (LayoutLM, UDOP) or its place in a web page
(MarkupLM), and every token gets that of its word.

Xu et al. 2020, "LayoutLMv2"; Huang et al. 2022, "LayoutLMv3"; Tang et al. 2022, "UDOP"; Li et al. 2021, "MarkupLM".
"""

from __future__ import annotations

from typing import Any

from .batch_encoding import BatchEncoding
from .padding import extend


def _is_text_or_words(value: Any) -> bool:
    if not isinstance(value, (list, tuple)):
        return isinstance(value, str)
    if value and isinstance(value[0], (list, tuple)):
        return not value[0] or isinstance(value[0][0], str)
    return not value or isinstance(value[0], str)


class WordFeatures:
    """What the classes share: words in, their features and labels spread over the tokens.

    A class says what the features are: `_word_rows` gives those of one input, `_special_rows` those of a token without
    a word, `_padding` what `pad` fills them with.
    """

    _names = ("words", "boxes", "bounding boxes")  # as errors call a text's parts and what belongs to them

    def __init__(self, *args: Any, pad_token_label: int = -100, only_label_first_subword: bool = True, **kwargs: Any):
        self.pad_token_label, self.only_label_first_subword = pad_token_label, only_label_first_subword
        super().__init__(*args, pad_token_label=pad_token_label, only_label_first_subword=only_label_first_subword,
                         **kwargs)  # fmt: skip

    def _word_rows(self, features: list) -> dict[str, list]:
        raise NotImplementedError

    def _special_rows(self, token_id: int) -> dict[str, Any]:
        raise NotImplementedError

    def _padding(self) -> dict[str, Any]:
        raise NotImplementedError

    @staticmethod
    def _question_words(text: str) -> list[str]:
        return text.split()

    def _starts_word(self, token_id: int, offset: tuple[int, int], word: int, before: tuple[int, int | None]) -> bool:
        """Whether a token is the first of its word; `before`: id and word of the token in front, -1 and None if none."""
        return offset[0] == 0

    def _is_batch(self, text: Any, text_pair: Any) -> bool:
        """Whether texts are those of several inputs.

        Raises:
            ValueError: they are nothing that could be a text or words.
        """
        words = text if text_pair is None else text_pair
        if text_pair is not None and not _is_text_or_words(text):
            raise ValueError("text input must of type `str` (single example) or `List[str]` (batch of examples). ")
        if not isinstance(words, (list, tuple)):
            raise ValueError(
                f"{self._names[0].capitalize()} must be of type `List[str]` (single pretokenized example), "
                "or `List[List[str]]` (batch of pretokenized examples)."
            )
        if text_pair is not None:
            return isinstance(text, (list, tuple))
        return bool(text) and isinstance(text[0], (list, tuple))

    def _call(self, text: Any, text_pair: Any, features: list, labels: Any, options: dict[str, Any]) -> BatchEncoding:
        """Encode words, of one input or of a batch, with what belongs to them."""
        is_batch = self._is_batch(text, text_pair)
        words, (name, feature, features_name) = text if text_pair is None else text_pair, self._names
        if features is None:
            raise ValueError(f"You must provide corresponding {features_name}")
        if is_batch and len(words) != len(features):
            raise ValueError(f"You must provide {name} and {feature} for an equal amount of examples")
        if any(len(w) != len(f) for w, f in (zip(words, features) if is_batch else [(words, features)])):
            raise ValueError(f"You must provide as many {name} as there are {features_name}")
        if not is_batch:
            text, features, labels = [text], [features], None if labels is None else [labels]
            text_pair = None if text_pair is None else [text_pair]
        elif text_pair is not None and len(text) != len(text_pair):
            raise ValueError(
                f"batch length of `text`: {len(text)} does not match batch length of `text_pair`: {len(text_pair)}."
            )
        options.pop("is_split_into_words", None)  # they are, whatever is said
        tensors, wants_offsets = options.pop("return_tensors", None), options.pop("return_offsets_mapping", False)
        out = super().__call__(
            [self._question_words(words) if isinstance(words, str) else list(words) for words in text],
            None if text_pair is None else [list(words) for words in text_pair],
            is_split_into_words=True,
            return_offsets_mapping=wants_offsets or labels is not None,
            **options,
        )
        data, encodings = dict(out), out.encodings
        samples = data.get("overflow_to_sample_mapping", range(len(encodings)))
        rows = [self._word_rows(words) for words in features]
        for encoding, sample in zip(encodings, samples):
            for name, row in self._token_rows(encoding, rows[sample], text_pair is not None).items():
                data.setdefault(name, []).append(row)
        if labels is not None:
            data["labels"] = [self._token_labels(e, labels[sample]) for e, sample in zip(encodings, samples)]
            if not wants_offsets:
                del data["offset_mapping"]
        if not is_batch and tensors is None and "overflow_to_sample_mapping" not in data:
            data = {name: value[0] if value and isinstance(value[0], list) else value for name, value in data.items()}
        return BatchEncoding(data, encodings, tensor_type=tensors)

    def _token_rows(self, encoding: Any, words: dict[str, list], is_pair: bool) -> dict[str, list]:
        out: dict[str, list] = {name: [] for name in words}
        filler = self._padding()
        for token_id, sequence, word in zip(encoding.ids, encoding.sequence_ids, encoding.word_ids):
            special = self._special_rows(token_id) if word is None else filler
            for name, row in out.items():
                of_words = word is not None and not (is_pair and sequence == 0)
                row.append(words[name][word] if of_words else special[name])
        return out

    def _token_labels(self, encoding: Any, labels: list) -> list[int]:
        out, before = [], (-1, None)
        for token_id, offset, word in zip(encoding.ids, encoding.offsets, encoding.word_ids):
            counts = word is not None and (
                not self.only_label_first_subword or self._starts_word(token_id, offset, word, before)
            )
            out.append(labels[word] if counts else self.pad_token_label)
            before = (token_id, word)
        return out

    def tokenize(self, text: str, pair: str | None = None, add_special_tokens: bool = False, **kwargs) -> list[str]:
        """Token strings of a plain text, or of a pair."""
        return super().__call__(text, pair, add_special_tokens=add_special_tokens, **kwargs).tokens()

    def encode(self, text: Any, text_pair: Any = None, *args: Any, **kwargs: Any) -> list[int]:
        """Ids of words with their features; the arguments of a call."""
        return self(text, text_pair, *args, **kwargs)["input_ids"]

    def encode_plus(self, text: Any, text_pair: Any = None, *args: Any, **kwargs: Any) -> BatchEncoding:
        """The same as a call with one input (older name)."""
        return self(text, text_pair, *args, **kwargs)

    def batch_encode_plus(
        self, batch_text_or_text_pairs: list, is_pair: bool | None = None, *args: Any, **kwargs: Any
    ) -> BatchEncoding:
        """The same as a call with a batch (older name)."""
        if not is_pair:
            return self(batch_text_or_text_pairs, None, *args, **kwargs)
        return self(
            [text for text, _ in batch_text_or_text_pairs],
            [pair for _, pair in batch_text_or_text_pairs],
            *args,
            **kwargs,
        )

    def _pad(self, encoded_inputs: dict[str, Any], max_length=None, padding_strategy=None, pad_to_multiple_of=None,
             padding_side=None, return_attention_mask=None) -> dict[str, Any]:  # fmt: skip
        name = self.model_input_names[0]
        before = len(encoded_inputs[name])
        out = super()._pad(
            encoded_inputs, max_length, padding_strategy, pad_to_multiple_of, padding_side, return_attention_mask
        )
        missing = len(out[name]) - before
        side = self.padding_side if padding_side is None else padding_side
        if missing > 0:
            extend(out, {**self._padding(), "labels": self.pad_token_label}, missing, side)
        return out


class Boxes(WordFeatures):
    """Words with boxes: `bbox` has four numbers a token, from 0 to 1000.

    Args:
        cls_token_box, sep_token_box, pad_token_box: boxes of the special tokens, and of the words of a question.
        pad_token_label: label of tokens that have none.
        only_label_first_subword: whether only the first token of a word gets its label.
    """

    _boxes = {"cls": [0, 0, 0, 0], "sep": [1000, 1000, 1000, 1000], "pad": [0, 0, 0, 0]}

    def __init__(self, *args: Any, **kwargs: Any):
        for name, box in self._boxes.items():
            setattr(self, f"{name}_token_box", kwargs.setdefault(f"{name}_token_box", list(box)))
        super().__init__(*args, **kwargs)

    def __call__(self, text=None, text_pair=None, boxes=None, word_labels=None, **kwargs: Any) -> BatchEncoding:
        """Encode words with their boxes, or a question and the words of a page.

        Args:
            text: the words of a page (list of str) or of several; with `text_pair`, the question(s).
            text_pair: the words, where `text` is a question.
            boxes: a box [x0, y0, x1, y1] a word, from 0 to 1000.
            word_labels: a number a word; they become `labels`.
            **kwargs: the other arguments of a call.

        Raises:
            ValueError: boxes are missing, or not one a word.
        """
        return self._call(text, text_pair, boxes, word_labels, kwargs)

    def _word_rows(self, features: list) -> dict[str, list]:
        return {"bbox": features}

    def _padding(self) -> dict[str, Any]:
        return {"bbox": self.pad_token_box}

    def _special_rows(self, token_id: int) -> dict[str, Any]:
        for name in self._boxes:
            if token_id == getattr(self, f"{name}_token_id"):
                return {"bbox": getattr(self, f"{name}_token_box")}
        raise ValueError("Id not recognized")


class LayoutV3Boxes(Boxes):
    """Words of bytes: a token starts a word where the number of the word changes."""

    _boxes = {"cls": [0, 0, 0, 0], "sep": [0, 0, 0, 0], "pad": [0, 0, 0, 0]}

    def __init__(self, *args: Any, add_prefix_space: bool = True, **kwargs: Any):
        super().__init__(*args, add_prefix_space=add_prefix_space, **kwargs)

    def _special_rows(self, token_id: int) -> dict[str, Any]:
        names = [name for name in self._boxes if token_id == getattr(self, f"{name}_token_id")]
        return {"bbox": getattr(self, f"{(names or ['sep'])[0]}_token_box")}

    def _starts_word(self, token_id: int, offset: tuple[int, int], word: int, before: tuple[int, int | None]) -> bool:
        return word != before[1]


class LayoutV2Boxes(Boxes):
    """Boxes for a model of 512 positions."""

    def __init__(self, *args: Any, model_max_length: int = 512, **kwargs: Any):
        super().__init__(*args, model_max_length=model_max_length, **kwargs)


class UdopBoxes(Boxes):
    """Words with boxes for the encoder, plain texts for the decoder."""

    _boxes = {"sep": [1000, 1000, 1000, 1000], "pad": [0, 0, 0, 0]}

    def __call__(self, text=None, text_pair=None, boxes=None, word_labels=None, text_target=None,
                 text_pair_target=None, **kwargs: Any) -> BatchEncoding:  # fmt: skip
        """Encode words with their boxes as in `Boxes`, and plain target texts, whose ids become `labels`."""
        if text is None and text_target is None:
            raise ValueError("You need to specify either `text` or `text_target`.")
        encoded = targets = None
        if text is not None:
            encoded = super().__call__(text, text_pair, boxes, word_labels, **dict(kwargs))
        if text_target is not None:
            targets = super(WordFeatures, self).__call__(text_target, text_pair_target, **kwargs)
        if encoded is None or targets is None:
            return targets if encoded is None else encoded
        encoded["labels"] = targets["input_ids"]
        return encoded

    def _starts_word(self, token_id: int, offset: tuple[int, int], word: int, before: tuple[int, int | None]) -> bool:
        return offset[0] == 0 and not (before[1] is not None and self.decode(before[0]) == "")

    def encode(self, text: Any, text_pair: Any = None, *args: Any, **kwargs: Any) -> list[int]:
        """Ids of a plain text, or of a pair; `encode_boxes` takes words."""
        return super(WordFeatures, self).encode(text, text_pair, *args, **kwargs)

    def call_boxes(self, text, text_pair=None, boxes=None, word_labels=None, **kwargs: Any) -> BatchEncoding:
        """The same as a call with words."""
        return self(text, text_pair, boxes, word_labels, **kwargs)

    def encode_boxes(self, text, text_pair=None, boxes=None, word_labels=None, **kwargs: Any) -> list[int]:
        """Ids of words with their boxes."""
        return self(text, text_pair, boxes, word_labels, **kwargs)["input_ids"]

    def encode_plus_boxes(self, text, text_pair=None, boxes=None, word_labels=None, **kwargs: Any) -> BatchEncoding:
        """The same as a call with one input."""
        return self(text, text_pair, boxes, word_labels, **kwargs)

    def batch_encode_plus_boxes(self, batch_text_or_text_pairs, is_pair=None, boxes=None, word_labels=None, **kwargs):
        """The same as a call with a batch."""
        return self.batch_encode_plus(batch_text_or_text_pairs, is_pair, boxes, word_labels, **kwargs)


class XPaths(WordFeatures):
    """Nodes of a web page with their xpaths: `xpath_tags_seq` and `xpath_subs_seq` have `max_depth` numbers a token.

    Args:
        tags_dict: number of every tag.
        max_depth: longest path, in tags.
        max_width: largest subscript.
        pad_width: what stands for no subscript.
        pad_token_label, only_label_first_subword: as in `Boxes`.
    """

    _names = ("nodes", "xpaths", "xpaths")

    def __init__(self, tags_dict: dict[str, int], *args: Any, max_depth: int = 50, max_width: int = 1000,
                 pad_width: int = 1001, trim_offsets: bool = False, **kwargs: Any):  # fmt: skip
        self.tags_dict = tags_dict
        self.max_depth, self.max_width, self.pad_width = max_depth, max_width, pad_width
        self.unk_tag_id, self.pad_tag_id = len(tags_dict), len(tags_dict) + 1
        self.pad_xpath_tags_seq, self.pad_xpath_subs_seq = [self.pad_tag_id] * max_depth, [pad_width] * max_depth
        super().__init__(*args, tags_dict=tags_dict, max_depth=max_depth, max_width=max_width, pad_width=pad_width,
                         trim_offsets=trim_offsets, **kwargs)  # fmt: skip

    @staticmethod
    def _question_words(text: str) -> list[str]:
        return [text]

    def get_xpath_seq(self, xpath: str) -> tuple[list[int], list[int]]:
        """Numbers of the tags and subscripts of a path, filled up to `max_depth`.

        >>> tokenizer.get_xpath_seq("/html/body/div[2]")  # doctest: +SKIP
        """
        tags, subs = [], []
        for unit in filter(None, map(str.strip, xpath.split("/"))):
            tag, _, sub = unit.partition("[")
            tags.append(self.tags_dict.get(tag, self.unk_tag_id))
            subs.append(min(self.max_width, int(sub.split("[")[0][:-1]) if "[" in unit else 0))
        tags = [*tags, *self.pad_xpath_tags_seq][: self.max_depth]
        return tags, [*subs, *self.pad_xpath_subs_seq][: self.max_depth]

    def __call__(
        self,
        text=None,
        text_pair=None,
        xpaths=None,
        node_labels=None,
        *,
        is_split_into_words: bool = False,
        **kwargs: Any,
    ) -> BatchEncoding:
        """Encode nodes with their xpaths, or a question and the nodes of a page.

        Args:
            text: the texts of nodes (list of str) of a page or of several; with `text_pair`, the question(s).
            text_pair: the nodes, where `text` is a question.
            xpaths: a path such as "/html/body/div/li[1]" a node; without, all stand in the same place.
            node_labels: a number a node; they become `labels`.
            is_split_into_words: the texts are nodes as they are, even without xpaths.
            **kwargs: the other arguments of a call.
        """
        nodes = text if text_pair is None else text_pair
        if xpaths is None and not is_split_into_words:
            if isinstance(nodes, str):
                nodes = nodes.split()
            elif (
                isinstance(nodes, (list, tuple))
                and nodes
                and isinstance(nodes[0], str)
                and any(" " in n for n in nodes)
            ):
                nodes = [node.split() for node in nodes]
            nested = bool(nodes) and isinstance(nodes[0], (list, tuple))
            xpaths = [["/document/node"] * len(n) for n in nodes] if nested else ["/document/node"] * len(nodes)
            text, text_pair = (nodes, None) if text_pair is None else (text, nodes)
        return self._call(text, text_pair, xpaths, node_labels, kwargs)

    def _word_rows(self, features: list) -> dict[str, list]:
        rows = [self.get_xpath_seq(xpath) for xpath in features]
        return {"xpath_tags_seq": [tags for tags, _ in rows], "xpath_subs_seq": [subs for _, subs in rows]}

    def _padding(self) -> dict[str, Any]:
        return {"xpath_tags_seq": self.pad_xpath_tags_seq, "xpath_subs_seq": self.pad_xpath_subs_seq}

    def _special_rows(self, token_id: int) -> dict[str, Any]:
        if token_id not in (self.cls_token_id, self.sep_token_id, self.pad_token_id):
            raise ValueError("Id not recognized")
        return self._padding()
