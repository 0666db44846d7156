"""MarianTokenizer and M2M100Tokenizer: SentencePiece models with a vocabulary of their own beside them."""

from __future__ import annotations

import json
import os
from typing import Any

from ..utils import logging
from ..utils.files import atomic_write
from ._engine import TokenizerError
from .languages import M2M100_LANGUAGES, WMT21_LANGUAGES
from .sentencepiece_slow import BLANK, SentencePieceFile, SeveralModels
from .slow import PreTrainedTokenizer
from .translation import OlderBatches
from .vocab_files import read_vocab

logger = logging.get_logger(__name__)


def _write_vocab(directory: Any, prefix: str | None, name: str, vocab: dict[str, int]) -> str:
    path = os.path.join(directory, (f"{prefix}-" if prefix else "") + name)
    atomic_write(path, json.dumps(vocab, indent=2))
    return path


class _NoUnknownToken(TokenizerError, KeyError):
    """As elsewhere, a KeyError too."""


class MarianTokenizer(SeveralModels, PreTrainedTokenizer):
    """Tokenizer of Marian: one SentencePiece model for the source, one for the target, and the ids of their pieces.

    A text may begin with the token of a language, such as ">>fr<<".

    Args:
        source_spm, target_spm: the two models.
        vocab: vocab.json, of both languages or (with `separate_vocabs`) of the source.
        target_vocab_file: target_vocab.json, with `separate_vocabs`.
        source_lang, target_lang: names of the languages.
        separate_vocabs: whether source and target have ids of their own.
        **kwargs: see `PreTrainedTokenizerBase`.
    """

    vocab_files_names = {
        "source_spm": "source.spm",
        "target_spm": "target.spm",
        "vocab": "vocab.json",
        "target_vocab_file": "target_vocab.json",
    }

    def __init__(
        self,
        source_spm: str,
        target_spm: str,
        vocab: str,
        target_vocab_file: str | None = None,
        source_lang: str | None = None,
        target_lang: str | None = None,
        unk_token: str = "<unk>",
        eos_token: str = "</s>",
        pad_token: str = "<pad>",
        model_max_length: int = 512,
        sp_model_kwargs: dict[str, Any] | None = None,
        separate_vocabs: bool = False,
        **kwargs: Any,
    ):
        self.separate_vocabs, self.source_lang, self.target_lang = separate_vocabs, source_lang, target_lang
        self.encoder = self.target_encoder = read_vocab(vocab)
        if str(unk_token) not in self.encoder:
            raise _NoUnknownToken("<unk> token must be in the vocab")
        if separate_vocabs:
            if target_vocab_file is None:
                raise TokenizerError("separate_vocabs=True: target_vocab_file= is needed")
            self.target_encoder = read_vocab(target_vocab_file)
        self.decoder = {index: token for token, index in self.target_encoder.items()}
        self.supported_language_codes = [t for t in self.encoder if t.startswith(">>") and t.endswith("<<")]
        self._source, self._target = SentencePieceFile(source_spm), SentencePieceFile(target_spm)
        self._to_target = self._decode_use_source_tokenizer = False
        super().__init__(
            source_lang=source_lang, target_lang=target_lang, unk_token=unk_token, eos_token=eos_token,
            pad_token=pad_token, model_max_length=model_max_length, separate_vocabs=separate_vocabs,
            sp_model_kwargs=sp_model_kwargs or {}, **kwargs,
        )  # fmt: skip

    @property
    def spm_source(self):
        """Model of the source language."""
        return self._source.model

    @property
    def spm_target(self):
        """Model of the target language."""
        return self._target.model

    @property
    def current_spm(self):
        """The model that texts go through now."""
        return self.spm_target if self._to_target else self.spm_source

    @property
    def current_encoder(self) -> dict[str, int]:
        """The ids that pieces get now."""
        return self.target_encoder if self._to_target else self.encoder

    @property
    def vocab_size(self) -> int:
        """Number of tokens of the source."""
        return len(self.encoder)

    def get_vocab(self) -> dict[str, int]:
        """Token to id, added tokens included."""
        return self.get_src_vocab()

    def get_src_vocab(self) -> dict[str, int]:
        """Token to id of the source."""
        return {**self.encoder, **self.added_tokens_encoder}

    def get_tgt_vocab(self) -> dict[str, int]:
        """Token to id of the target."""
        return {**self.target_encoder, **self.added_tokens_encoder}

    def normalize(self, x: str) -> str:
        """Punctuation as Moses writes it, if the sacremoses package is there; else the text."""
        try:
            from sacremoses import MosesPunctNormalizer
        except ImportError:
            return x
        return MosesPunctNormalizer(self.source_lang).normalize(x) if x else ""

    def remove_language_code(self, text: str) -> tuple[list[str], str]:
        """The language token at the beginning (none or one), and the rest."""
        end = text.find("<<") if text.startswith(">>") else -1
        return ([], text) if end < 0 else ([text[: end + 2]], text[end + 2 :])

    def _tokenize(self, text: str, **kwargs: Any) -> list[str]:
        code, text = self.remove_language_code(text)
        return code + self.current_spm.encode(text)

    def _convert_token_to_id(self, token: str) -> int:
        encoder = self.current_encoder
        return encoder[token] if token in encoder else encoder[self.unk_token]

    def _convert_id_to_token(self, index: int) -> str:
        if index in self.decoder:
            return self.decoder[index]
        model = self.spm_source if self._decode_use_source_tokenizer else self.spm_target
        return model.id_to_piece(index) or self.unk_token

    def _decode(self, token_ids, *args: Any, use_source_tokenizer: bool | None = None, **kwargs: Any) -> str:
        use = not self.separate_vocabs if use_source_tokenizer is None else use_source_tokenizer
        self._decode_use_source_tokenizer = use
        return super()._decode(token_ids, *args, **kwargs)

    def convert_tokens_to_string(self, tokens: list[str]) -> str:
        """Text of token strings."""
        model = self.spm_source if self._decode_use_source_tokenizer else self.spm_target
        return self._join(model, tokens).replace(BLANK, " ").strip()

    def build_inputs_with_special_tokens(self, token_ids_0: list[int], token_ids_1: list[int] | None = None):
        """The ids, and the end token behind them."""
        return [*token_ids_0, *(token_ids_1 or []), self.eos_token_id]

    def get_special_tokens_mask(
        self, token_ids_0: list[int], token_ids_1: list[int] | None = None, already_has_special_tokens: bool = False
    ) -> list[int]:
        """1 for special tokens, the unknown one left out."""
        special = set(self.all_special_ids) - {self.unk_token_id}
        mask = [int(index in special) for index in [*token_ids_0, *(token_ids_1 or [])]]
        return mask if already_has_special_tokens else [*mask, 1]

    def num_special_tokens_to_add(self, pair: bool = False) -> int:
        """One, the end token."""
        return 1

    def _switch_to_input_mode(self) -> None:
        self._to_target = False

    def _switch_to_target_mode(self) -> None:
        self._to_target = True

    def save_vocabulary(self, save_directory, filename_prefix: str | None = None) -> tuple[str, ...]:
        """Write vocabularies and models; returns their paths."""
        if not os.path.isdir(save_directory):
            logger.error("Vocabulary path (%s) should be a directory", save_directory)
            return ()
        names, prefix = self.vocab_files_names, f"{filename_prefix}-" if filename_prefix else ""
        paths = [_write_vocab(save_directory, filename_prefix, names["vocab"], self.encoder)]
        if self.separate_vocabs:
            name = names["target_vocab_file"]
            paths.append(_write_vocab(save_directory, filename_prefix, name, self.target_encoder))
        for argument, file in (("source_spm", self._source), ("target_spm", self._target)):
            paths.append(file.write(save_directory, prefix + names[argument]))
        return tuple(paths)


class M2M100Tokenizer(OlderBatches, SeveralModels, PreTrainedTokenizer):
    """Tokenizer of M2M100: one SentencePiece model, the ids of its pieces, and a token for each language.

    Args:
        vocab_file: vocab.json.
        spm_file: the model.
        src_lang, tgt_lang: codes of the languages, such as "en".
        language_codes: "m2m100" or "wmt21".
        **kwargs: see `PreTrainedTokenizerBase`.
    """

    vocab_files_names = {"vocab_file": "vocab.json", "spm_file": "sentencepiece.bpe.model"}
    special_separator = ""
    batch_target = "ro"

    def __init__(
        self,
        vocab_file: str,
        spm_file: str,
        src_lang: str | None = None,
        tgt_lang: str | None = None,
        bos_token: str = "<s>",
        eos_token: str = "</s>",
        sep_token: str = "</s>",
        pad_token: str = "<pad>",
        unk_token: str = "<unk>",
        language_codes: str = "m2m100",
        sp_model_kwargs: dict[str, Any] | None = None,
        num_madeup_words: int = 8,
        **kwargs: Any,
    ):
        codes = {"m2m100": M2M100_LANGUAGES, "wmt21": WMT21_LANGUAGES}
        if language_codes not in codes:
            raise TokenizerError(f"language_codes: found {language_codes!r}, needed one of {list(codes)}")
        self.language_codes, self.num_madeup_words = language_codes, num_madeup_words
        self.encoder = read_vocab(vocab_file)
        self.decoder = {index: token for token, index in self.encoder.items()}
        self._file = SentencePieceFile(spm_file)
        first = len(self.encoder)
        self.lang_code_to_token = {code: f"__{code}__" for code in codes[language_codes]}
        self.lang_code_to_id = {code: first + index for index, code in enumerate(codes[language_codes])}
        self.lang_token_to_id = {self.lang_code_to_token[code]: index for code, index in self.lang_code_to_id.items()}
        self.id_to_lang_token = {index: token for token, index in self.lang_token_to_id.items()}
        named = kwargs.pop("additional_special_tokens", None)
        named = list(kwargs.pop("extra_special_tokens", None) or named or [])
        self._src_lang, self.tgt_lang = src_lang or "en", tgt_lang
        self.prefix_tokens, self.suffix_tokens = [], []
        super().__init__(
            src_lang=src_lang, tgt_lang=tgt_lang, bos_token=bos_token, eos_token=eos_token, sep_token=sep_token,
            unk_token=unk_token, pad_token=pad_token, language_codes=language_codes, extra_special_tokens=named,
            num_madeup_words=num_madeup_words, sp_model_kwargs=sp_model_kwargs or {}, **kwargs,
        )  # fmt: skip
        self.set_src_lang_special_tokens(self._src_lang)

    @property
    def vocab_size(self) -> int:
        """Number of tokens without the languages."""
        return len(self.encoder)

    def get_vocab(self) -> dict[str, int]:
        """Token to id, added tokens included."""
        return {**self.encoder, **self.added_tokens_encoder}

    @property
    def src_lang(self) -> str:
        """Language of the texts; setting it changes the token in front of them."""
        return self._src_lang

    @src_lang.setter
    def src_lang(self, language: str) -> None:
        self._src_lang = language
        self.set_src_lang_special_tokens(language)

    def get_lang_token(self, lang: str) -> str:
        """The token of a language code."""
        return self.lang_code_to_token[lang]

    def get_lang_id(self, lang: str) -> int:
        """The id of a language code's token."""
        return self.lang_token_to_id[self.get_lang_token(lang)]

    def set_src_lang_special_tokens(self, src_lang: str) -> None:
        """Put the tokens of a source language around texts."""
        self.cur_lang_id = self.get_lang_id(src_lang)
        self.prefix_tokens, self.suffix_tokens = [self.cur_lang_id], [self.eos_token_id]

    set_tgt_lang_special_tokens = set_src_lang_special_tokens

    def _switch_to_input_mode(self) -> None:
        self.set_src_lang_special_tokens(self.src_lang)

    def _switch_to_target_mode(self) -> None:
        self.set_tgt_lang_special_tokens(self.tgt_lang)

    def _build_translation_inputs(self, raw_inputs, src_lang, tgt_lang, **extra_kwargs: Any):
        """Inputs of the translation pipeline: the texts, and the token that the answer has to begin with."""
        if src_lang is None or tgt_lang is None:
            raise ValueError("Translation requires a `src_lang` and a `tgt_lang` for this model")
        self.src_lang = src_lang
        inputs = self(raw_inputs, add_special_tokens=True, **extra_kwargs)
        inputs["forced_bos_token_id"] = self.get_lang_id(tgt_lang)
        return inputs

    def _tokenize(self, text: str, **kwargs: Any) -> list[str]:
        return self._file.model.encode(text)

    def _convert_token_to_id(self, token: str) -> int:
        if token in self.lang_token_to_id:
            return self.lang_token_to_id[token]
        return self.encoder.get(token, self.encoder[self.unk_token])

    def _convert_id_to_token(self, index: int) -> str:
        if index in self.id_to_lang_token:
            return self.id_to_lang_token[index]
        return self.decoder.get(index, self.unk_token)

    def convert_tokens_to_string(self, tokens: list[str]) -> str:
        """Text of token strings."""
        return self._join(self._file.model, tokens).strip()

    def build_inputs_with_special_tokens(self, token_ids_0: list[int], token_ids_1: list[int] | None = None):
        """The language's token in front, the end token behind."""
        return [*self.prefix_tokens, *token_ids_0, *(token_ids_1 or []), *self.suffix_tokens]

    def get_special_tokens_mask(
        self, token_ids_0: list[int], token_ids_1: list[int] | None = None, already_has_special_tokens: bool = False
    ) -> list[int]:
        """1 for special tokens, 0 for the others."""
        if already_has_special_tokens:
            return super().get_special_tokens_mask(token_ids_0, token_ids_1, already_has_special_tokens=True)
        body = len(token_ids_0) + len(token_ids_1 or [])
        return [1] * len(self.prefix_tokens) + [0] * body + [1] * len(self.suffix_tokens)

    def save_vocabulary(self, save_directory, filename_prefix: str | None = None) -> tuple[str, ...]:
        """Write vocabulary and model; returns their paths."""
        if not os.path.isdir(save_directory):
            raise OSError(f"{save_directory} should be a directory")
        names, prefix = self.vocab_files_names, f"{filename_prefix}-" if filename_prefix else ""
        vocab = _write_vocab(save_directory, filename_prefix, names["vocab_file"], self.encoder)
        return vocab, self._file.write(save_directory, prefix + names["spm_file"])
