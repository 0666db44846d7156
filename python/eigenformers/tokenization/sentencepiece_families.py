"""Tokenizers over a SentencePiece model that their families change: PLBart, BARTpho, GPT-SW3, CPM, SpeechT5, Speech2Text."""

from __future__ import annotations

import json
import os
import re
import unicodedata
from typing import Any

from ..utils import logging
from ..utils.files import atomic_write
from ._engine import AddedToken, TokenizerError
from .english_numbers import EnglishNumberNormalizer
from .sentencepiece_slow import BLANK, SentencePieceBackend, SentencePieceFile, SeveralModels
from .slow_vocab import EncoderTokenizer, file_in, is_folder, read_lines, require_package
from .vocab_files import read_vocab

logger = logging.get_logger(__name__)


def _mask(token: Any) -> Any:
    return AddedToken(token, lstrip=True, rstrip=False) if isinstance(token, str) else token


class BartphoTokenizer(SentencePieceBackend):
    """Tokenizer of BARTpho: of the pieces of a multilingual model those that Vietnamese needs.

    Args:
        vocab_file: sentencepiece.bpe.model.
        monolingual_vocab_file: dict.txt, a piece a line.
        **kwargs: see `PreTrainedTokenizerBase`.
    """

    vocab_files_names = {"vocab_file": "sentencepiece.bpe.model", "monolingual_vocab_file": "dict.txt"}
    model_input_names = ["input_ids", "attention_mask"]

    def __init__(
        self,
        vocab_file: str,
        monolingual_vocab_file: str,
        bos_token: str = "<s>",
        eos_token: str = "</s>",
        sep_token: str = "</s>",
        cls_token: str = "<s>",
        unk_token: str = "<unk>",
        pad_token: str = "<pad>",
        mask_token: str = "<mask>",
        **kwargs: Any,
    ):
        mask_token = _mask(mask_token)
        self.monolingual_vocab_file = os.fspath(monolingual_vocab_file)
        lines = read_lines(monolingual_vocab_file)
        bare = next((number for number, line in enumerate(lines, 1) if not line.split()), None)
        if bare is not None:
            raise TokenizerError(f"{monolingual_vocab_file}: line {bare} is empty, needed a token")
        ids: dict[str, int] = {}
        for token in (bos_token, pad_token, eos_token, unk_token, sep_token, cls_token):
            ids.setdefault(str(token), len(ids))
        for line in lines:
            ids[line.split()[0]] = len(ids)
        ids.setdefault(str(mask_token), len(ids))
        self.fairseq_tokens_to_ids = ids
        self.fairseq_ids_to_tokens = {index: token for token, index in ids.items()}
        super().__init__(
            vocab_file=vocab_file, bos_token=bos_token, eos_token=eos_token, unk_token=unk_token, sep_token=sep_token,
            cls_token=cls_token, pad_token=pad_token, mask_token=mask_token,
            **{"token_type_ids_pattern": "all_zeros", "special_tokens_pattern": "cls_double_sep", **kwargs},
        )  # fmt: skip
        added = {ids.get(token.content, index): token for index, token in self._added_tokens_decoder.items()}
        self._added_tokens_decoder = added
        self._added_tokens_encoder = {token.content: index for index, token in added.items()}

    @property
    def vocab_size(self) -> int:
        """Number of pieces that have an id."""
        return len(self.fairseq_ids_to_tokens)

    def get_vocab(self) -> dict[str, int]:
        """Token to id, added tokens included."""
        return {**self._added_tokens_encoder, **self.fairseq_tokens_to_ids}

    def _convert_token_to_id(self, token: str) -> int | None:
        return self.fairseq_tokens_to_ids.get(token, self.unk_token_id)

    def _convert_id_to_token(self, index: int) -> str:
        return self.fairseq_ids_to_tokens[index]

    def save_vocabulary(self, save_directory, filename_prefix: str | None = None) -> tuple[str, ...]:
        """Write the model and the list of its pieces; returns their paths."""
        model = super().save_vocabulary(save_directory, filename_prefix)
        if not model:
            return ()
        path = file_in(save_directory, filename_prefix, self.vocab_files_names["monolingual_vocab_file"])
        if os.path.isfile(self.monolingual_vocab_file):
            if os.path.abspath(self.monolingual_vocab_file) != os.path.abspath(path):
                with open(self.monolingual_vocab_file, encoding="utf-8") as file:
                    atomic_write(path, file.read())
        else:
            special = set(self.all_special_tokens)
            tokens = (token for token in self.fairseq_tokens_to_ids if token not in special)
            atomic_write(path, "".join(f"{token} \n" for token in tokens))
        return (*model, path)


class GPTSw3Tokenizer(SentencePieceBackend):
    """Tokenizer of GPT-SW3, for the languages of the Nordic countries.

    Args:
        vocab_file: spiece.model.
        do_lower_case, remove_space, keep_accents: kept with the tokenizer; they change nothing.
        **kwargs: see `PreTrainedTokenizerBase`.
    """

    vocab_files_names = {"vocab_file": "spiece.model"}
    model_input_names = ["input_ids", "attention_mask"]
    whitespaces = frozenset("\u0020\u2002\u2003\u2005\u2008\u2009\u200a\u202f\u3000\ufffc\u0084")
    non_printing_characters_re = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\xa0\xad\u200b]")

    def __init__(
        self,
        vocab_file: str,
        do_lower_case: bool = False,
        remove_space: bool = False,
        keep_accents: bool = False,
        pad_token: str | None = None,
        unk_token: str | None = None,
        eos_token: str | None = None,
        bos_token: str | None = None,
        **kwargs: Any,
    ):
        name = kwargs.get("name_or_path")
        if name is None:
            logger.warning(
                "name_or_path not provided, will work for all GPTSw3 models except gpt-sw3-7b, you are testing the model, "
                "this can safely be ignored"
            )
            name = "None"
        small = "gpt-sw3-7b" in name  # it has neither padding nor beginning
        eos_token = "<|endoftext|>" if eos_token is None else eos_token
        unk_token = "<unk>" if unk_token is None else unk_token
        pad_token = (unk_token if small else "<pad>") if pad_token is None else pad_token
        bos_token = (eos_token if small else "<s>") if bos_token is None else bos_token
        self.do_lower_case, self.remove_space, self.keep_accents = do_lower_case, remove_space, keep_accents
        kwargs.setdefault("special_tokens_pattern", "none")
        super().__init__(
            vocab_file=vocab_file, do_lower_case=do_lower_case, remove_space=remove_space, keep_accents=keep_accents,
            bos_token=bos_token, eos_token=eos_token, unk_token=unk_token, pad_token=pad_token, **kwargs,
        )  # fmt: skip

    def preprocess_text(self, text: str) -> str:
        """The text without control characters, with plain blanks, composed."""
        text = self.non_printing_characters_re.sub("", text)
        return unicodedata.normalize("NFC", "".join(" " if char in self.whitespaces else char for char in text))

    def _tokenize(self, text: str, **kwargs: Any) -> list[str]:
        return self.sp_model.encode(self.preprocess_text(text))

    def convert_tokens_to_string(self, tokens: list[str]) -> str:
        """Text of token strings."""
        return self._decode_around_special(tokens)

    def encode_fast(self, text: str | list[str], return_tensors: str | bool = False) -> Any:
        """Ids of a text or of several, straight from the model: no special tokens, no padding."""
        if isinstance(text, str):
            ids = [self.sp_model.piece_to_id(piece) for piece in self._tokenize(text)]
        else:
            ids = [self.encode_fast(one) for one in text]
        if return_tensors is True or return_tensors == "pt":
            import eigenformers

            return eigenformers.tensor(ids)
        return ids

    def decode_fast(self, token_ids: int | list[int]) -> str:
        """Text of ids, straight from the model."""
        ids = [token_ids] if isinstance(token_ids, int) else token_ids
        return self.sp_model.decode([self.sp_model.id_to_piece(index) for index in ids])


def split_off_commas(model: Any, pieces: list[str]) -> list[str]:
    """A comma that follows a digit within a piece becomes a piece of its own (XLNet's rule)."""
    out = []
    for piece in pieces:
        if len(piece) < 2 or piece[-1] != "," or not piece[-2].isdigit():
            out.append(piece)
            continue
        parts = model.encode(piece[:-1].replace(BLANK, ""))
        if piece[0] != BLANK and parts[0][0] == BLANK:
            parts = parts[1:] if len(parts[0]) == 1 else [parts[0][1:], *parts[1:]]
        out += [*parts, ","]
    return out


def plain_text(text: str, remove_space: bool, keep_accents: bool, do_lower_case: bool) -> str:
    """What XLNet and its relatives do to a text before its pieces are found."""
    text = " ".join(text.strip().split()) if remove_space else text
    text = text.replace("``", '"').replace("''", '"')
    if not keep_accents:
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return text.lower() if do_lower_case else text


class CpmTokenizer(SentencePieceBackend):
    """Tokenizer of CPM, for Chinese: <sep> and <cls> behind the text. It needs the package rjieba.

    Args:
        vocab_file: spiece.model.
        do_lower_case, remove_space, keep_accents: whether capitals are made small, blanks single, accents kept.
        **kwargs: see `PreTrainedTokenizerBase`.
    """

    vocab_files_names = {"vocab_file": "spiece.model"}

    def __init__(
        self,
        vocab_file: str,
        do_lower_case: bool = False,
        remove_space: bool = True,
        keep_accents: bool = False,
        bos_token: str = "<s>",
        eos_token: str = "</s>",
        unk_token: str = "<unk>",
        sep_token: str = "<sep>",
        pad_token: str = "<pad>",
        cls_token: str = "<cls>",
        mask_token: str = "<mask>",
        additional_special_tokens: Any = ("<eop>", "<eod>"),
        **kwargs: Any,
    ):
        require_package(
            "rjieba",
            "You need to install rjieba to use CpmTokenizer or CpmTokenizerFast. "
            "See https://pypi.org/project/rjieba/ for installation.",
        )
        self.do_lower_case, self.remove_space, self.keep_accents = do_lower_case, remove_space, keep_accents
        super().__init__(
            vocab_file=vocab_file, do_lower_case=do_lower_case, remove_space=remove_space, keep_accents=keep_accents,
            bos_token=bos_token, eos_token=eos_token, unk_token=unk_token, sep_token=sep_token, pad_token=pad_token,
            cls_token=cls_token, mask_token=_mask(mask_token), additional_special_tokens=list(additional_special_tokens),
            **{"backend": "custom", **kwargs},
        )  # fmt: skip
        self._pad_token_type_id = 3

    def _vocab_to_add_to(self) -> dict[str, int]:
        return self.get_vocab()

    def preprocess_text(self, inputs: str) -> str:
        """What is done to a text before its pieces are found."""
        return plain_text(inputs, self.remove_space, self.keep_accents, self.do_lower_case)

    def _tokenize(self, text: str, **kwargs: Any) -> list[str]:
        return split_off_commas(self.sp_model, self.sp_model.encode(self.preprocess_text(text)))

    def build_inputs_with_special_tokens(self, token_ids_0: list[int], token_ids_1: list[int] | None = None):
        """The separator behind each text, and <cls> at the end."""
        sep = [self.sep_token_id]
        second = [] if token_ids_1 is None else list(token_ids_1) + sep
        return list(token_ids_0) + sep + second + [self.cls_token_id]

    def get_special_tokens_mask(
        self, token_ids_0: list[int], token_ids_1: list[int] | None = None, already_has_special_tokens: bool = False
    ) -> list[int]:
        """1 for special tokens, 0 for the others."""
        if already_has_special_tokens:
            return super().get_special_tokens_mask(token_ids_0, token_ids_1, True)
        return [0] * len(token_ids_0) + [1] + ([] if token_ids_1 is None else [0] * len(token_ids_1) + [1]) + [1]

    def create_token_type_ids_from_sequences(self, token_ids_0: list[int], token_ids_1: list[int] | None = None):
        """0 and 1 for the texts, 2 for <cls>."""
        second = [] if token_ids_1 is None else [1] * (len(token_ids_1) + 1)
        return [0] * (len(token_ids_0) + 1) + second + [2]

    def _decode(self, *args: Any, **kwargs: Any) -> str:
        return super()._decode(*args, **kwargs).replace(" ", "").replace("\u2582", " ").replace("\u2583", "\n")


CpmTokenizerFast = CpmTokenizer


class SpeechT5Tokenizer(SentencePieceBackend):
    """Tokenizer of SpeechT5: letters, and </s> at the end.

    Args:
        vocab_file: spm_char.model.
        normalize: whether numbers are put into English words.
        **kwargs: see `PreTrainedTokenizerBase`.
    """

    vocab_files_names = {"vocab_file": "spm_char.model"}
    model_input_names = ["input_ids", "attention_mask"]
    normalizer = EnglishNumberNormalizer()

    def __init__(
        self,
        vocab_file: str,
        bos_token: str = "<s>",
        eos_token: str = "</s>",
        unk_token: str = "<unk>",
        pad_token: str = "<pad>",
        normalize: bool = False,
        **kwargs: Any,
    ):
        self.normalize = normalize
        super().__init__(vocab_file=vocab_file, bos_token=bos_token, eos_token=eos_token, unk_token=unk_token,
                         pad_token=pad_token, normalize=normalize, **kwargs)  # fmt: skip

    def prepare_for_tokenization(self, text: str, is_split_into_words: bool = False, **kwargs: Any):
        """Numbers in words, if they are wanted."""
        normalize = kwargs.pop("normalize", self.normalize)
        text = " " + text if is_split_into_words else text
        return (self.normalizer(text) if normalize else text), kwargs

    def build_inputs_with_special_tokens(self, token_ids_0: list[int], token_ids_1: list[int] | None = None):
        """One </s> at the end."""
        return [*token_ids_0, *(token_ids_1 or []), self.eos_token_id]

    def get_special_tokens_mask(
        self, token_ids_0: list[int], token_ids_1: list[int] | None = None, already_has_special_tokens: bool = False
    ) -> list[int]:
        """1 for special tokens, 0 for the others."""
        if already_has_special_tokens:
            return super().get_special_tokens_mask(token_ids_0, token_ids_1, True)
        return [0] * (len(token_ids_0) + len(token_ids_1 or [])) + [1]

    def create_token_type_ids_from_sequences(self, token_ids_0: list[int], token_ids_1: list[int] | None = None):
        """Zeros."""
        return [0] * (len(token_ids_0) + len(token_ids_1 or []) + 1)


class Speech2TextTokenizer(SeveralModels, EncoderTokenizer):
    """Tokenizer of Speech2Text: a SentencePiece model, and the ids of its pieces in a file beside it.

    Args:
        vocab_file, spm_file: vocab.json and sentencepiece.bpe.model.
        do_upper_case: whether decoded texts are put into capitals.
        tgt_lang, lang_codes: the language of the answers, and the set of languages it is of ("mustc").
        **kwargs: see `PreTrainedTokenizerBase`.
    """

    vocab_files_names = {"vocab_file": "vocab.json", "spm_file": "sentencepiece.bpe.model"}
    model_input_names = ["input_ids", "attention_mask"]
    prefix_tokens: list[int] = []
    languages = {"mustc": ["pt", "fr", "ru", "nl", "ro", "it", "es", "de"]}

    def __init__(
        self,
        vocab_file: str,
        spm_file: str,
        bos_token: str = "<s>",
        eos_token: str = "</s>",
        pad_token: str = "<pad>",
        unk_token: str = "<unk>",
        do_upper_case: bool = False,
        do_lower_case: bool = False,
        tgt_lang: str | None = None,
        lang_codes: str | None = None,
        additional_special_tokens: list[str] | None = None,
        sp_model_kwargs: dict[str, Any] | None = None,
        **kwargs: Any,
    ):
        self.do_upper_case, self.do_lower_case = do_upper_case, do_lower_case
        self._use(read_vocab(vocab_file))
        self._file = SentencePieceFile(spm_file)
        self.lang_code_to_id: dict[str, int] = {}
        if lang_codes is not None:
            self.lang_codes, self.langs = lang_codes, self.languages[lang_codes]
            self.lang_tokens = [f"<lang:{lang}>" for lang in self.langs]
            self.lang_code_to_id = {
                lang: self._file.model.piece_to_id(token) for lang, token in zip(self.langs, self.lang_tokens)
            }
            additional_special_tokens = self.lang_tokens + list(additional_special_tokens or [])
            self.tgt_lang = tgt_lang if tgt_lang is not None else self.langs[0]
        super().__init__(
            bos_token=bos_token, eos_token=eos_token, unk_token=unk_token, pad_token=pad_token,
            do_upper_case=do_upper_case, do_lower_case=do_lower_case, tgt_lang=tgt_lang, lang_codes=lang_codes,
            sp_model_kwargs=sp_model_kwargs or {}, additional_special_tokens=additional_special_tokens, **kwargs,
        )  # fmt: skip

    @property
    def sp_model(self) -> Any:
        """The model."""
        return self._file.model

    @property
    def tgt_lang(self) -> str | None:
        """Language of the answers; setting it changes the token in front of them."""
        return getattr(self, "_tgt_lang", None)

    @tgt_lang.setter
    def tgt_lang(self, new_tgt_lang: str) -> None:
        self._tgt_lang = new_tgt_lang
        self.set_tgt_lang_special_tokens(new_tgt_lang)

    def set_tgt_lang_special_tokens(self, tgt_lang: str) -> None:
        """Put the token of a language in front of texts."""
        self.prefix_tokens = [self.lang_code_to_id[tgt_lang]]

    def _tokenize(self, text: str, **kwargs: Any) -> list[str]:
        return self.sp_model.encode(text)

    def _convert_token_to_id(self, token: str) -> int:
        return self.encoder.get(token, self.encoder[self.unk_token])

    def convert_tokens_to_string(self, tokens: list[str]) -> str:
        """Text of token strings."""
        special, run, out = set(self.all_special_tokens), [], ""
        for token in [*tokens, None]:
            if token is not None and token not in special:
                run.append(token)
                continue
            text = self.sp_model.decode(run)
            out += (text.upper() if self.do_upper_case else text) + ("" if token is None else f"{token} ")
            run = []
        return out.strip()

    def build_inputs_with_special_tokens(self, token_ids_0: list[int], token_ids_1: list[int] | None = None):
        """The language in front, </s> behind."""
        return [*self.prefix_tokens, *token_ids_0, *(token_ids_1 or []), self.eos_token_id]

    def get_special_tokens_mask(
        self, token_ids_0: list[int], token_ids_1: list[int] | None = None, already_has_special_tokens: bool = False
    ) -> list[int]:
        """1 for special tokens, 0 for the others."""
        if already_has_special_tokens:
            return super().get_special_tokens_mask(token_ids_0, token_ids_1, True)
        return [1] * len(self.prefix_tokens) + [0] * (len(token_ids_0) + len(token_ids_1 or [])) + [1]

    def save_vocabulary(self, save_directory, filename_prefix: str | None = None) -> tuple[str, ...]:
        """Write vocabulary and model; returns their paths."""
        if not is_folder(save_directory):
            raise OSError(f"{save_directory} should be a directory")
        names = self.vocab_files_names
        path = file_in(save_directory, filename_prefix, names["vocab_file"])
        atomic_write(path, json.dumps(self.encoder, indent=2))
        prefix = f"{filename_prefix}-" if filename_prefix else ""
        return path, self._file.write(save_directory, prefix + names["spm_file"])
