"""Wav2Vec2CTCTokenizer: characters, and what a model that writes one token a frame has heard (Graves et al. 2006,
"Connectionist Temporal Classification": repeated tokens are one, and blanks are none)."""

from __future__ import annotations

import dataclasses
import itertools
import os
from collections.abc import Iterator
from typing import Any

from ..outputs import ModelOutput
from ..utils import logging
from ._engine import AddedToken, TokenizerError
from .saving import write_json
from .slow import PreTrainedTokenizer
from .slow_vocab import file_in, is_folder
from .tensors import to_py_obj
from .vocab_files import read_json

logger = logging.get_logger(__name__)
Offsets = list  # of {"char" or "word": str, "start_offset": frame, "end_offset": frame}


@dataclasses.dataclass
class Wav2Vec2CTCTokenizerOutput(ModelOutput):
    """Text, and the frames of its characters and words; of a batch, a list of each."""

    text: Any = None
    char_offsets: Any = None
    word_offsets: Any = None


class FrameTokens:
    """What tokenizers for models that write a token a frame share."""

    def _delimiter(self, name: str) -> str | None:
        value = getattr(self, f"_{name}")
        if value is None and self.verbose:
            logger.error("Using %s, but it is not set yet.", name)
        return None if value is None else str(value)

    @property
    def word_delimiter_token(self) -> str | None:
        """What stands for the blank between words."""
        return self._delimiter("word_delimiter_token")

    @word_delimiter_token.setter
    def word_delimiter_token(self, value: str | None) -> None:
        self._word_delimiter_token = value

    @property
    def word_delimiter_token_id(self) -> int | None:
        """Its id."""
        return None if self._word_delimiter_token is None else self.convert_tokens_to_ids(self.word_delimiter_token)

    @staticmethod
    def _frames(tokens: list[str], group_tokens: bool) -> Iterator[tuple[str, int, int]]:
        """Tokens with the frames from which, and up to which, each is heard."""
        end = 0
        for token, run in itertools.groupby(tokens) if group_tokens else ((token, [token]) for token in tokens):
            start, end = end, end + len(list(run))
            yield token, start, end

    def _cleaned(self, text: str, clean: bool | None) -> str:
        return self.clean_up_tokenization(text) if (self.clean_up_tokenization_spaces if clean is None else clean) else text


class Wav2Vec2CTCTokenizer(FrameTokens, PreTrainedTokenizer):
    """Characters of a vocab.json; for a file with a vocabulary for each language, those of `target_lang`.

    Args:
        vocab_file: path of a JSON object from tokens to ids, or from languages to such objects.
        word_delimiter_token: stands for the blank between words.
        replace_word_delimiter_char: what a text has between words.
        do_lower_case: texts are put into upper case, and decoded texts into lower case.
        target_lang: see above.
        **kwargs: see `PreTrainedTokenizerBase`.
    """

    vocab_files_names = {"vocab_file": "vocab.json", "tokenizer_config_file": "tokenizer_config.json"}
    model_input_names = ["input_ids", "attention_mask"]

    def __init__(
        self,
        vocab_file: str | os.PathLike,
        bos_token: str = "<s>",
        eos_token: str = "</s>",
        unk_token: str = "<unk>",
        pad_token: str = "<pad>",
        word_delimiter_token: str | None = "|",
        replace_word_delimiter_char: str = " ",
        do_lower_case: bool = False,
        target_lang: str | None = None,
        **kwargs: Any,
    ):
        kwargs.pop("tokenizer_config_file", None)
        self._word_delimiter_token = word_delimiter_token
        self.do_lower_case, self.target_lang = do_lower_case, target_lang
        self.replace_word_delimiter_char = replace_word_delimiter_char
        self.vocab = read_json(vocab_file)
        if target_lang is not None and not isinstance(self.vocab.get(target_lang), dict):
            raise TokenizerError(
                f"{vocab_file}: no vocabulary for target_lang={target_lang!r}; it has {list(self.vocab)[:20]}"
            )
        self._use(self.vocab if target_lang is None else self.vocab[target_lang], str(vocab_file))
        super().__init__(
            unk_token=unk_token,
            bos_token=bos_token,
            eos_token=eos_token,
            pad_token=pad_token,
            do_lower_case=do_lower_case,
            word_delimiter_token=word_delimiter_token,
            replace_word_delimiter_char=replace_word_delimiter_char,
            target_lang=target_lang,
            special_tokens_pattern="none",
            **kwargs,
        )
        self._keep_long_tokens_whole()

    def _use(self, encoder: dict[str, Any], where: str) -> None:
        wrong = next((token for token, index in encoder.items() if type(index) is not int or index < 0), None)
        if wrong is not None:
            raise TokenizerError(
                f"{where}: {wrong!r} has the id {str(encoder[wrong])[:40]}, needed a whole number; for a file with a vocabulary "
                "for each language give target_lang="
            )
        self.encoder = encoder
        self.decoder = {index: token for token, index in encoder.items()}

    def _keep_long_tokens_whole(self) -> None:
        for token in self.encoder:
            if len(token) > 1:
                self.add_tokens(AddedToken(token, rstrip=True, lstrip=True, normalized=False))

    def set_target_lang(self, target_lang: str) -> None:
        """Use the vocabulary of another language.

        Raises:
            ValueError: the file has one vocabulary only, or none for this language.
        """
        if self.vocab == self.encoder:
            raise ValueError(f"{self.vocab} is not a multi-lingual, nested tokenizer. Cannot set target language.")
        if target_lang not in self.vocab:
            raise ValueError(f"{target_lang} does not exist. Choose one of {', '.join(self.vocab.keys())}.")
        self.target_lang = self.init_kwargs["target_lang"] = target_lang
        self._use(self.vocab[target_lang], f"vocabulary of {target_lang}")
        for index in [index for index in self._added_tokens_decoder if index in self.decoder]:
            self._added_tokens_encoder.pop(self._added_tokens_decoder.pop(index).content, None)
        self._keep_long_tokens_whole()

    @property
    def vocab_size(self) -> int:
        """Tokens of the vocabulary."""
        return len(self.decoder)

    def get_vocab(self) -> dict[str, int]:
        """Token to id, added tokens included."""
        return {**self.encoder, **self.added_tokens_encoder}

    def _add_tokens(self, new_tokens: list, special_tokens: bool = False) -> int:
        plain = (
            AddedToken(t, rstrip=False, lstrip=False, normalized=False) if isinstance(t, str) else t for t in new_tokens
        )
        return super()._add_tokens(list(plain), special_tokens)

    def _tokenize(self, text: str, **kwargs: Any) -> list[str]:
        text = text.upper() if self.do_lower_case else text
        return list(text.replace(" ", self.word_delimiter_token))

    def _convert_token_to_id(self, token: str) -> int | None:
        return self.encoder.get(token, self.encoder.get(self.unk_token))

    def _convert_id_to_token(self, index: int) -> str:
        return self.decoder.get(index, self.unk_token)

    def _id_to_token(self, index: int) -> str:
        if index in self.decoder:  # the vocabulary comes first, whatever was added
            return self.decoder[index]
        added = self._added_tokens_decoder.get(index)
        return self.unk_token if added is None else added.content

    def prepare_for_tokenization(self, text: str, is_split_into_words: bool = False, **kwargs: Any):
        """A blank in front of each word of a list."""
        return (" " + text if is_split_into_words else text), kwargs

    def convert_tokens_to_string(
        self,
        tokens: list[str],
        group_tokens: bool = True,
        spaces_between_special_tokens: bool = False,
        output_char_offsets: bool = False,
        output_word_offsets: bool = False,
    ) -> dict[str, Any]:
        """The text at "text" and, where they are wanted, the frames at "char_offsets" and "word_offsets".

        Args:
            tokens: one a frame.
            group_tokens: a token that is repeated without a blank between counts once.
            spaces_between_special_tokens: put blanks between all tokens.
        """
        if not tokens:
            return {"text": "", "char_offsets": [], "word_offsets": []}
        characters = []
        for token, start, end in self._frames(tokens, group_tokens):
            if token == self.pad_token:
                continue
            shown = self.replace_word_delimiter_char if token == self.word_delimiter_token else token
            characters.append({"char": shown, "start_offset": start, "end_offset": end})
        text = (" " if spaces_between_special_tokens else "").join(c["char"] for c in characters).strip()
        return {
            "text": text.lower() if self.do_lower_case else text,
            "char_offsets": characters if output_char_offsets else None,
            "word_offsets": self._words(characters) if output_word_offsets else None,
        }

    def _words(self, characters: Offsets) -> Offsets:
        words = []
        for is_blank, run in itertools.groupby(characters, lambda c: c["char"] == self.replace_word_delimiter_char):
            word = list(run)
            if not is_blank:
                words.append({
                    "word": "".join(c["char"] for c in word), "start_offset": word[0]["start_offset"],
                    "end_offset": word[-1]["end_offset"],
                })  # fmt: skip
        return words

    def decode(
        self,
        token_ids,
        skip_special_tokens: bool = False,
        clean_up_tokenization_spaces: bool | None = None,
        output_char_offsets: bool = False,
        output_word_offsets: bool = False,
        **kwargs: Any,
    ):
        """Text of the ids of frames; with the offsets of its characters or words, a `Wav2Vec2CTCTokenizerOutput`.

        Args:
            token_ids: ids of one text.
            skip_special_tokens: leave special tokens out, but for the blank between words.
            output_char_offsets, output_word_offsets: frames from which, and up to which, each is heard.
            **kwargs: see `convert_tokens_to_string`.
        """
        return self._decode(
            token_ids=to_py_obj(token_ids),
            skip_special_tokens=skip_special_tokens,
            clean_up_tokenization_spaces=clean_up_tokenization_spaces,
            output_char_offsets=output_char_offsets,
            output_word_offsets=output_word_offsets,
            **kwargs,
        )

    def _decode(
        self,
        token_ids,
        skip_special_tokens: bool = False,
        clean_up_tokenization_spaces: bool | None = None,
        output_char_offsets: bool = False,
        output_word_offsets: bool = False,
        **kwargs: Any,
    ):
        tokens = self.convert_ids_to_tokens(token_ids, skip_special_tokens=False)
        if skip_special_tokens:
            skipped = set(self.all_special_tokens) - {self.word_delimiter_token}
            tokens = [token for token in tokens if token not in skipped]
        out = self.convert_tokens_to_string(
            list(tokens), output_char_offsets=output_char_offsets, output_word_offsets=output_word_offsets, **kwargs
        )
        out["text"] = self._cleaned(out["text"], clean_up_tokenization_spaces)
        return Wav2Vec2CTCTokenizerOutput(**out) if output_char_offsets or output_word_offsets else out["text"]

    def batch_decode(
        self,
        sequences,
        skip_special_tokens: bool = False,
        clean_up_tokenization_spaces: bool | None = None,
        output_char_offsets: bool = False,
        output_word_offsets: bool = False,
        **kwargs: Any,
    ):
        """Texts of several sequences; see `decode`. With offsets one `Wav2Vec2CTCTokenizerOutput` of lists."""
        decoded = [
            self.decode(
                ids,
                skip_special_tokens,
                clean_up_tokenization_spaces,
                output_char_offsets,
                output_word_offsets,
                **kwargs,
            )
            for ids in sequences
        ]
        if not output_char_offsets and not output_word_offsets:
            return decoded
        return Wav2Vec2CTCTokenizerOutput(**{key: [row[key] for row in decoded] for key in decoded[0]})

    def save_vocabulary(self, save_directory, filename_prefix: str | None = None) -> tuple[str, ...]:
        """Write vocab.json; returns its path."""
        if not is_folder(save_directory):
            return ()
        path = file_in(save_directory, filename_prefix, "vocab.json")
        write_json(path, self.vocab)
        return (path,)
