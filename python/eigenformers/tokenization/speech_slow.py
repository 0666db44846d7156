"""Tokenizers of speech models: letters or phonemes. VITS, FastSpeech2, and CTC over phonemes."""

from __future__ import annotations

import dataclasses
import json
import os
import re
from typing import Any

from ..outputs import ModelOutput
from ..utils import logging
from ..utils.files import atomic_write
from ._engine import AddedToken
from .saving import write_json
from .slow_vocab import EncoderTokenizer, file_in, is_folder, needs
from .tensors import to_py_obj
from .vocab_files import read_vocab
from .wav2vec2 import FrameTokens

logger = logging.get_logger(__name__)


class VitsTokenizer(EncoderTokenizer):
    """Characters, or phonemes, with a blank before, between and after them (Kim et al. 2021, "VITS"; MMS-TTS).

    Args:
        vocab_file: vocab.json.
        language: language of the texts.
        add_blank: whether token 0 stands between the others.
        normalize: whether letters are made small, and characters outside the vocabulary left out.
        phonemize: whether texts become phonemes, which needs the package phonemizer and espeak.
        is_uroman: whether the model reads romanized text, which needs the package uroman where it is not.
        **kwargs: see `PreTrainedTokenizerBase`.
    """

    vocab_files_names = {"vocab_file": "vocab.json"}
    model_input_names = ["input_ids", "attention_mask"]

    def __init__(
        self,
        vocab_file: str | os.PathLike,
        pad_token: str = "<pad>",
        unk_token: str = "<unk>",
        language: str | None = None,
        add_blank: bool = True,
        normalize: bool = True,
        phonemize: bool = True,
        is_uroman: bool = False,
        **kwargs: Any,
    ):
        self._use(read_vocab(vocab_file))
        self.language, self.add_blank, self.normalize = language, add_blank, normalize
        self.phonemize, self.is_uroman = phonemize, is_uroman
        kwargs.setdefault("special_tokens_pattern", "none")
        super().__init__(
            pad_token=pad_token, unk_token=unk_token, language=language, add_blank=add_blank, normalize=normalize,
            phonemize=phonemize, is_uroman=is_uroman, **kwargs,
        )  # fmt: skip

    def get_vocab(self) -> dict[str, int]:
        """Token to id, added tokens included."""
        vocab = {self.convert_ids_to_tokens(index): index for index in range(self.vocab_size)}
        return {**vocab, **self.added_tokens_encoder}

    def normalize_text(self, input_string: str) -> str:
        """Small letters, but for what is a token as it stands."""
        tokens = [*self.encoder, *self.added_tokens_encoder]
        out, place = "", 0
        while place < len(input_string):
            token = next((t for t in tokens if t and input_string.startswith(t, place)), None)
            out += input_string[place].lower() if token is None else token
            place += 1 if token is None else len(token)
        return out

    def prepare_for_tokenization(
        self, text: str, is_split_into_words: bool = False, normalize: bool | None = None, **kwargs: Any
    ):
        """The text as the model reads it: see the arguments of the class."""
        normalize = self.normalize if normalize is None else normalize
        text = self.normalize_text(text) if normalize else text
        text = text.replace("ț", "ţ") if self.language == "ron" else text
        if self.is_uroman and not text.isascii():
            text = self._romanized(text)
        if self.phonemize:
            text = needs(type(self).__name__, "phonemizer").phonemize(
                text, language="en-us", backend="espeak", strip=True, preserve_punctuation=True, with_stress=True
            )
            text = re.sub(r"\s+", " ", text)
        elif normalize:
            text = "".join(char for char in text if char in self.encoder).strip()
        return text, kwargs

    def _romanized(self, text: str) -> str:
        try:
            import uroman
        except ImportError:
            logger.warning(
                "Text to the tokenizer contains non-Roman characters. To apply the `uroman` pre-processing step "
                "automatically, ensure the `uroman` Romanizer is installed with: `pip install uroman`"
            )
            return text
        return uroman.Uroman().romanize_string(text)

    def _tokenize(self, text: str, **kwargs: Any) -> list[str]:
        if not self.add_blank:
            return list(text)
        tokens = [self._convert_id_to_token(0)] * (2 * len(text) + 1)
        tokens[1::2] = text
        return tokens

    def convert_tokens_to_string(self, tokens: list[str]) -> str:
        """Text of token strings."""
        return "".join(tokens[1::2] if self.add_blank and len(tokens) > 1 else tokens)

    def _convert_token_to_id(self, token: str) -> int | None:
        return self.encoder[token] if token in self.encoder else self.unk_token_id

    def _convert_id_to_token(self, index: int) -> str | None:
        return self.decoder.get(index)


class FastSpeech2ConformerTokenizer(EncoderTokenizer):
    """English phonemes, as the package g2p_en finds them.

    Args:
        vocab_file: vocab.json.
        should_strip_spaces: leave the blanks between words out.
        **kwargs: see `PreTrainedTokenizerBase`.
    """

    vocab_files_names = {"vocab_file": "vocab.json"}
    model_input_names = ["input_ids", "attention_mask"]

    def __init__(
        self,
        vocab_file: str | os.PathLike,
        bos_token: str = "<sos/eos>",
        eos_token: str = "<sos/eos>",
        pad_token: str = "<blank>",
        unk_token: str = "<unk>",
        should_strip_spaces: bool = False,
        **kwargs: Any,
    ):
        self._use(read_vocab(vocab_file))
        self.g2p = self._phonemes()
        kwargs.setdefault("special_tokens_pattern", "none")
        super().__init__(bos_token=bos_token, eos_token=eos_token, unk_token=unk_token, pad_token=pad_token,
                         should_strip_spaces=should_strip_spaces, **kwargs)  # fmt: skip
        self.should_strip_spaces = should_strip_spaces

    @staticmethod
    def _phonemes() -> Any:
        return needs("FastSpeech2ConformerTokenizer", "g2p_en", "g2p-en").G2p()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "g2p": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, g2p=self._phonemes())

    @property
    def vocab_size(self) -> int:
        """Number of ids."""
        return len(self.decoder)

    def prepare_for_tokenization(self, text: str, is_split_into_words: bool = False, **kwargs: Any):
        """Capitals, and of punctuation commas and what ends a sentence."""
        text = text.translate({ord(";"): ",", ord(":"): ",", ord("-"): " ", ord("&"): "and"})
        return re.sub(r"\s+", " ", re.sub(r'[()\[\]<>"]+', "", text)).upper(), kwargs

    def _tokenize(self, text: str, **kwargs: Any) -> list[str]:
        return [t for t in self.g2p(text) if not self.should_strip_spaces or t != " "] + [self.eos_token]

    def decode(self, token_ids, **kwargs: Any) -> list[str]:
        """The phonemes: they have no one spelling."""
        logger.warning(
            "Phonemes cannot be reliably converted to a string due to the one-many mapping, converting to tokens instead."
        )
        return self.convert_ids_to_tokens(to_py_obj(token_ids))

    def convert_tokens_to_string(self, tokens: list[str], **kwargs: Any) -> list[str]:
        """The phonemes: they have no one spelling."""
        logger.warning(
            "Phonemes cannot be reliably converted to a string due to the one-many mapping, returning the tokens."
        )
        return tokens

    def save_vocabulary(self, save_directory, filename_prefix: str | None = None) -> tuple[str, ...]:
        """Write vocab.json; returns its path."""
        if not is_folder(save_directory):
            return ()
        path = file_in(save_directory, filename_prefix, "vocab.json")
        atomic_write(path, json.dumps(self.get_vocab(), ensure_ascii=False))
        return (path,)


@dataclasses.dataclass
class Wav2Vec2PhonemeCTCTokenizerOutput(ModelOutput):
    """Phonemes as text, and the frames of each; of a batch, a list of both."""

    text: Any = None
    char_offsets: Any = None


class Wav2Vec2PhonemeCTCTokenizer(FrameTokens, EncoderTokenizer):
    """Phonemes of a vocab.json, and what a model that writes one a frame has heard.

    Args:
        vocab_file: vocab.json.
        phone_delimiter_token, word_delimiter_token: stand between phonemes and between words.
        do_phonemize: whether texts become phonemes, which needs the package phonemizer; they are phonemes else.
        phonemizer_lang, phonemizer_backend: language of the texts, and the program that speaks it.
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
        phone_delimiter_token: str | None = " ",
        word_delimiter_token: str | None = None,
        do_phonemize: bool = True,
        phonemizer_lang: str = "en-us",
        phonemizer_backend: str = "espeak",
        **kwargs: Any,
    ):
        kwargs.pop("tokenizer_config_file", None)
        specific = dict(kwargs.pop("model_specific_special_tokens", None) or {})
        self._word_delimiter_token = specific.pop("word_delimiter_token", word_delimiter_token)
        self._phone_delimiter_token = specific.pop("phone_delimiter_token", phone_delimiter_token)
        if specific:
            kwargs["model_specific_special_tokens"] = specific
        self.do_phonemize, self.phonemizer_lang = do_phonemize, phonemizer_lang
        self.phonemizer_backend, self._phonemizer_backend = phonemizer_backend, None
        self._use(read_vocab(vocab_file))
        super().__init__(
            unk_token=unk_token, bos_token=bos_token, eos_token=eos_token, pad_token=pad_token,
            do_phonemize=do_phonemize, phonemizer_lang=phonemizer_lang, phonemizer_backend=phonemizer_backend, **kwargs,
        )  # fmt: skip
        self.init_kwargs["word_delimiter_token"] = self._word_delimiter_token
        self.init_kwargs["phone_delimiter_token"] = self._phone_delimiter_token

    @property
    def vocab_size(self) -> int:
        """Number of ids."""
        return len(self.decoder)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_phonemizer_backend": None}

    def _add_tokens(self, new_tokens: list, special_tokens: bool = False) -> int:
        plain = (
            AddedToken(t, rstrip=False, lstrip=False, normalized=True, special=special_tokens) if isinstance(t, str) else t
            for t in new_tokens
        )
        return super()._add_tokens(list(plain), special_tokens)

    def init_backend(self, phonemizer_lang: str) -> None:
        """Start the program that makes phonemes of texts."""
        needs(type(self).__name__, "phonemizer")
        from phonemizer.backend import BACKENDS

        self._phonemizer_backend = BACKENDS[self.phonemizer_backend](phonemizer_lang, language_switch="remove-flags")

    def prepare_for_tokenization(
        self,
        text: str,
        is_split_into_words: bool = False,
        phonemizer_lang: str | None = None,
        do_phonemize: bool | None = None,
        **kwargs: Any,
    ):
        """Takes the arguments of a call; they stay set."""
        if do_phonemize is not None:
            self.do_phonemize = do_phonemize
        if phonemizer_lang is not None:
            self.phonemizer_lang, self._phonemizer_backend = phonemizer_lang, None
        return (" " + text if is_split_into_words else text), {}

    def _tokenize(self, text: str, **kwargs: Any) -> list[str]:
        text = text.strip()
        if self.do_phonemize:
            text = self.phonemize(text.lower(), self.phonemizer_lang)
        return [token for token in text.split(" ") if token.strip()]

    def phonemize(self, text: str, phonemizer_lang: str | None = None) -> str:
        """Phonemes of a text."""
        if phonemizer_lang is not None and phonemizer_lang != self.phonemizer_lang:
            self.init_backend(phonemizer_lang)
        elif self._phonemizer_backend is None:
            self.init_backend(self.phonemizer_lang)
        from phonemizer.separator import Separator

        word = "" if self.word_delimiter_token is None else self.word_delimiter_token + " "
        separator = Separator(phone=self.phone_delimiter_token, word=word, syllable="")
        return self._phonemizer_backend.phonemize([text], separator=separator)[0].strip()

    @property
    def phone_delimiter_token(self) -> str | None:
        """What stands between phonemes."""
        return self._delimiter("phone_delimiter_token")

    @phone_delimiter_token.setter
    def phone_delimiter_token(self, value: str | None) -> None:
        self._phone_delimiter_token = value

    @property
    def phone_delimiter_token_id(self) -> int | None:
        """Its id."""
        return None if self._phone_delimiter_token is None else self.convert_tokens_to_ids(self.phone_delimiter_token)

    def convert_tokens_to_string(
        self,
        tokens: list[str],
        group_tokens: bool = True,
        spaces_between_special_tokens: bool = False,
        filter_word_delimiter_token: bool = True,
        output_char_offsets: bool = False,
    ) -> dict[str, Any]:
        """The phonemes with blanks between them at "text", and their frames at "char_offsets" where they are wanted.

        Args:
            tokens: one a frame.
            group_tokens: a token that is repeated counts once.
            filter_word_delimiter_token: leave the delimiters of words out.
        """
        left_out = {self.pad_token}
        if filter_word_delimiter_token and self.word_delimiter_token is not None:
            left_out.add(self.word_delimiter_token)
        phones = [
            {"char": token, "start_offset": start, "end_offset": end}
            for token, start, end in self._frames(tokens, group_tokens)
            if token not in left_out
        ]
        text = " ".join(phone["char"] for phone in phones).strip()
        return {"text": text, "char_offsets": phones if output_char_offsets else None}

    def _decode(
        self,
        token_ids,
        skip_special_tokens: bool = False,
        clean_up_tokenization_spaces: bool | None = None,
        group_tokens: bool = True,
        filter_word_delimiter_token: bool = True,
        spaces_between_special_tokens: bool = False,
        output_char_offsets: bool = False,
    ):
        ids = [token_ids] if isinstance(token_ids, int) else token_ids
        out = self.convert_tokens_to_string(
            self.convert_ids_to_tokens(ids, skip_special_tokens), group_tokens, spaces_between_special_tokens,
            filter_word_delimiter_token, output_char_offsets,
        )  # fmt: skip
        out["text"] = self._cleaned(out["text"], clean_up_tokenization_spaces)
        return Wav2Vec2PhonemeCTCTokenizerOutput(**out) if output_char_offsets else out["text"]

    def decode(
        self,
        token_ids,
        skip_special_tokens: bool = False,
        clean_up_tokenization_spaces: bool | None = None,
        output_char_offsets: bool = False,
        **kwargs: Any,
    ):
        """Phonemes of the ids of frames; with their offsets, a `Wav2Vec2PhonemeCTCTokenizerOutput`.

        Args:
            token_ids: ids of one text.
            skip_special_tokens: leave special tokens out.
            output_char_offsets: frames from which, and up to which, each is heard.
            **kwargs: see `convert_tokens_to_string`.
        """
        return self._decode(
            token_ids=to_py_obj(token_ids), skip_special_tokens=skip_special_tokens,
            clean_up_tokenization_spaces=clean_up_tokenization_spaces, output_char_offsets=output_char_offsets, **kwargs,
        )  # fmt: skip

    def batch_decode(
        self,
        sequences,
        skip_special_tokens: bool = False,
        clean_up_tokenization_spaces: bool | None = None,
        output_char_offsets: bool = False,
        **kwargs: Any,
    ):
        """Phonemes of several sequences; see `decode`. With offsets one `Wav2Vec2PhonemeCTCTokenizerOutput` of lists."""
        rows = [
            self.decode(ids, skip_special_tokens, clean_up_tokenization_spaces, output_char_offsets, **kwargs)
            for ids in sequences
        ]
        if not output_char_offsets:
            return rows
        return Wav2Vec2PhonemeCTCTokenizerOutput(**{key: [row[key] for row in rows] for key in rows[0]})

    def save_vocabulary(self, save_directory, filename_prefix: str | None = None) -> tuple[str, ...]:
        """Write vocab.json; returns its path."""
        if not is_folder(save_directory):
            return ()
        path = file_in(save_directory, filename_prefix, "vocab.json")
        write_json(path, self.encoder)
        return (path,)
