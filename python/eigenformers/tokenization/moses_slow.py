"""Tokenizers over the words that Moses finds: BioGPT, FSMT, XLM, FlauBERT. They need the package sacremoses."""

from __future__ import annotations

import json
import os
import re
import unicodedata
from typing import Any

from ..utils import logging
from ..utils.files import atomic_write
from .rank_bpe import merge_by_rank, read_ranks
from .slow_vocab import EncoderTokenizer, file_in, is_folder, require_package
from .vocab_files import read_vocab

logger = logging.get_logger(__name__)

# Wide punctuation to what stands for it in ASCII (Moses' replace-unicode-punctuation).
_PUNCTUATION = str.maketrans({
    "，": ",", "、": ",", "”": '"', "“": '"', "∶": ":", "：": ":", "？": "?", "《": '"', "》": '"', "）": ")", "！": "!",
    "（": "(", "；": ";", "」": '"', "「": '"', "～": "~", "’": "'", "…": "...", "━": "-", "〈": "<", "〉": ">", "【": "[",
    "】": "]", "％": "%", **{chr(0xFF10 + digit): str(digit) for digit in range(10)},
})  # fmt: skip
_ROMANIAN = str.maketrans({
    "Ş": "S", "ş": "s", "Ţ": "T", "ţ": "t", "Ș": "S", "ș": "s", "Ț": "T", "ț": "t", "Ă": "A", "ă": "a", "Â": "A",
    "â": "a", "Î": "I", "î": "i",
})  # fmt: skip


def replace_unicode_punct(text: str) -> str:
    """The text with ASCII punctuation."""
    return re.sub(r"．\s*", ". ", re.sub(r"。\s*", ". ", text).translate(_PUNCTUATION))


def remove_non_printing_char(text: str) -> str:
    """The text without characters of Unicode's categories C."""
    return "".join(char for char in text if not unicodedata.category(char).startswith("C"))


def lowercase_and_remove_accent(words: list[str]) -> list[str]:
    """Words in lower case, without accents."""
    text = unicodedata.normalize("NFD", " ".join(words).lower())
    return "".join(char for char in text if unicodedata.category(char) != "Mn").lower().split(" ")


class MosesTokenizer(EncoderTokenizer):
    """Moses' words, each split by ranked merges into pieces of which the last ends in `</w>`."""

    escape = True
    merges: str = "merges_file"

    def _prepare(self) -> None:
        self.sm  # says what is missing, before anything is read  # noqa: B018
        self._moses: dict[tuple[str, str], Any] = {}
        self.cache: dict[str, str] = {}

    @property
    def sm(self) -> Any:
        """The package."""
        return require_package(
            "sacremoses",
            f"You need to install sacremoses to use {type(self).__name__}. "
            "See https://pypi.org/project/sacremoses/ for installation.",
        )

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_moses": {}}

    def _tool(self, kind: str, lang: str) -> Any:
        if (kind, lang) not in self._moses:
            self._moses[kind, lang] = getattr(self.sm, kind)(lang=lang)
        return self._moses[kind, lang]

    def moses_punct_norm(self, text: str, lang: str) -> str:
        """Punctuation as Moses writes it."""
        return self._tool("MosesPunctNormalizer", lang).normalize(text)

    def moses_tokenize(self, text: str, lang: str) -> list[str]:
        """Words of a text."""
        options = {"aggressive_dash_splits": True} if self.escape else {}
        return self._tool("MosesTokenizer", lang).tokenize(text, return_str=False, escape=self.escape, **options)

    def moses_detokenize(self, tokens: list[str], lang: str) -> str:
        """Text of words."""
        return self._tool("MosesDetokenizer", lang).detokenize(tokens)

    def moses_pipeline(self, text: str, lang: str) -> str:
        """Plain punctuation, nothing unprintable."""
        return remove_non_printing_char(self.moses_punct_norm(replace_unicode_punct(text), lang))

    def bpe(self, token: str) -> str:
        """Pieces of a word, with blanks between them."""
        if token not in self.cache:
            pieces = " ".join(merge_by_rank([*token[:-1], token[-1] + "</w>"], self.bpe_ranks))
            self.cache[token] = "\n</w>" if pieces == "\n  </w>" else pieces
        return self.cache[token]

    def _pieces(self, words: list[str]) -> list[str]:
        return [piece for word in words if word for piece in self.bpe(word).split(" ")]

    def _moses_text(self, tokens: list[str], lang: str) -> str:
        joined = "".join(token.replace(" ", "").replace("</w>", " ") for token in tokens)
        return self.moses_detokenize(joined.split(), lang)


class BioGptTokenizer(MosesTokenizer):
    """Tokenizer of BioGPT (Luo et al. 2022): </s> in front of every text.

    Args:
        vocab_file, merges_file: vocab.json and merges.txt.
        **kwargs: see `PreTrainedTokenizerBase`.
    """

    vocab_files_names = {"vocab_file": "vocab.json", "merges_file": "merges.txt"}
    model_input_names = ["input_ids", "attention_mask"]
    lang = "en"

    def __init__(
        self,
        vocab_file: str | os.PathLike,
        merges_file: str | os.PathLike,
        unk_token: str = "<unk>",
        bos_token: str = "<s>",
        eos_token: str = "</s>",
        sep_token: str = "</s>",
        pad_token: str = "<pad>",
        **kwargs: Any,
    ):
        self._prepare()
        self._use(read_vocab(vocab_file))
        self.bpe_ranks = read_ranks(merges_file, 0, slice(2))
        super().__init__(bos_token=bos_token, eos_token=eos_token, sep_token=sep_token, unk_token=unk_token,
                         pad_token=pad_token, **kwargs)  # fmt: skip

    def _tokenize(self, text: str, bypass_tokenizer: bool = False, **kwargs: Any) -> list[str]:
        return self._pieces(text.split() if bypass_tokenizer else self.moses_tokenize(text, self.lang))

    def convert_tokens_to_string(self, tokens: list[str]) -> str:
        """Text of token strings."""
        return self._moses_text(tokens, self.lang)

    def build_inputs_with_special_tokens(self, token_ids_0: list[int], token_ids_1: list[int] | None = None):
        """The separator in front of a text, and of each of a pair."""
        sep = [self.sep_token_id]
        return sep + list(token_ids_0) + ([] if token_ids_1 is None else sep + list(token_ids_1))

    def get_special_tokens_mask(
        self, token_ids_0: list[int], token_ids_1: list[int] | None = None, already_has_special_tokens: bool = False
    ) -> list[int]:
        """1 for special tokens, 0 for the others."""
        if already_has_special_tokens:
            return super().get_special_tokens_mask(token_ids_0, token_ids_1, True)
        return [1] + [0] * len(token_ids_0) + ([] if token_ids_1 is None else [1] + [0] * len(token_ids_1))


class FSMTTokenizer(MosesTokenizer):
    """Tokenizer of FSMT, from one language to another (Ng et al. 2019).

    Args:
        langs: the two languages.
        src_vocab_file, tgt_vocab_file, merges_file: vocab-src.json, vocab-tgt.json, merges.txt.
        do_lower_case: whether capitals are made small.
        **kwargs: see `PreTrainedTokenizerBase`.
    """

    vocab_files_names = {
        "src_vocab_file": "vocab-src.json",
        "tgt_vocab_file": "vocab-tgt.json",
        "merges_file": "merges.txt",
    }
    model_input_names = ["input_ids", "attention_mask"]

    def __init__(
        self,
        langs: list[str] | None = None,
        src_vocab_file: str | None = None,
        tgt_vocab_file: str | None = None,
        merges_file: str | None = None,
        do_lower_case: bool = False,
        unk_token: str = "<unk>",
        bos_token: str = "<s>",
        sep_token: str = "</s>",
        pad_token: str = "<pad>",
        **kwargs: Any,
    ):
        self._prepare()
        if not langs or len(langs) != 2:
            raise ValueError(f"arg `langs` needs to be a list of 2 langs, e.g. ['en', 'ru'], but got {langs}.")
        for name, path in (("src_vocab_file", src_vocab_file), ("tgt_vocab_file", tgt_vocab_file), ("merges_file", merges_file)):
            if path is None:
                raise TypeError(f"FSMTTokenizer: {name}= is needed")
        self.src_lang, self.tgt_lang = langs
        self.do_lower_case = do_lower_case
        self.encoder = read_vocab(src_vocab_file)
        self.decoder = {index: token for token, index in read_vocab(tgt_vocab_file).items()}
        self.bpe_ranks = read_ranks(merges_file, 0, slice(2))
        super().__init__(langs=langs, do_lower_case=do_lower_case, unk_token=unk_token, bos_token=bos_token,
                         sep_token=sep_token, pad_token=pad_token,
                         **{"special_tokens_pattern": "eos", **kwargs})  # fmt: skip

    @property
    def src_vocab_size(self) -> int:
        """Tokens of the source."""
        return len(self.encoder)

    @property
    def tgt_vocab_size(self) -> int:
        """Tokens of the target."""
        return len(self.decoder)

    def get_src_vocab(self) -> dict[str, int]:
        """Token to id of the source, added tokens included."""
        return self.get_vocab()

    def get_tgt_vocab(self) -> dict[int, Any]:
        """Id to token of the target, added tokens included."""
        return {**self.decoder, **self.added_tokens_decoder}

    def _tokenize(self, text: str, lang: str = "en", bypass_tokenizer: bool = False, **kwargs: Any) -> list[str]:
        text = text.lower() if self.do_lower_case else text
        if bypass_tokenizer:
            return self._pieces(text.split())
        return self._pieces(self.moses_tokenize(self.moses_pipeline(text, self.src_lang), self.src_lang))

    def convert_tokens_to_string(self, tokens: list[str]) -> str:
        """Text of token strings of the target."""
        return self._moses_text(tokens, self.tgt_lang)

    def build_inputs_with_special_tokens(self, token_ids_0: list[int], token_ids_1: list[int] | None = None):
        """The separator behind a text, and behind each of a pair."""
        sep = [self.sep_token_id]
        return list(token_ids_0) + sep + ([] if token_ids_1 is None else list(token_ids_1) + sep)

    def save_vocabulary(self, save_directory, filename_prefix: str | None = None) -> tuple[str, ...]:
        """Write both vocabularies and the merges; returns the paths."""
        if not is_folder(save_directory):
            return ()
        names = self.vocab_files_names
        target = {token: index for index, token in self.decoder.items()}
        paths = []
        for argument, vocab in (("src_vocab_file", self.encoder), ("tgt_vocab_file", target)):
            paths.append(file_in(save_directory, filename_prefix, names[argument]))
            atomic_write(paths[-1], json.dumps(vocab, indent=2, sort_keys=True, ensure_ascii=False) + "\n")
        paths.append(file_in(save_directory, filename_prefix, names["merges_file"]))
        ranks = self.bpe_ranks
        atomic_write(paths[-1], "".join(" ".join(merge) + "\n" for merge in sorted(ranks, key=ranks.__getitem__)))
        return tuple(paths)


class XLMTokenizer(MosesTokenizer):
    """Tokenizer of XLM, for many languages (Lample and Conneau 2019).

    Args:
        vocab_file, merges_file: vocab.json and merges.txt.
        lang2id, id2lang: the languages that the model knows.
        do_lowercase_and_remove_accent: what it says.
        **kwargs: see `PreTrainedTokenizerBase`.
    """

    vocab_files_names = {"vocab_file": "vocab.json", "merges_file": "merges.txt"}
    escape = False

    def __init__(
        self,
        vocab_file: str | os.PathLike,
        merges_file: str | os.PathLike,
        unk_token: str = "<unk>",
        bos_token: str = "<s>",
        sep_token: str = "</s>",
        pad_token: str = "<pad>",
        cls_token: str = "</s>",
        mask_token: str = "<special1>",
        additional_special_tokens: list[str] | None = None,
        lang2id: dict[str, int] | None = None,
        id2lang: dict[str, str] | None = None,
        do_lowercase_and_remove_accent: bool = True,
        **kwargs: Any,
    ):
        self._prepare()
        if lang2id is not None and id2lang is not None and len(lang2id) != len(id2lang):
            raise ValueError(f"lang2id has {len(lang2id)} languages, id2lang {len(id2lang)}; they need to be the same")
        self.do_lowercase_and_remove_accent = do_lowercase_and_remove_accent
        self.lang2id, self.id2lang = lang2id, id2lang
        self._use(read_vocab(vocab_file))
        self.bpe_ranks = read_ranks(merges_file, 0, slice(2))
        if additional_special_tokens is None:
            additional_special_tokens = [f"<special{index}>" for index in range(10)]
        super().__init__(
            unk_token=unk_token, bos_token=bos_token, sep_token=sep_token, pad_token=pad_token, cls_token=cls_token,
            mask_token=mask_token, additional_special_tokens=additional_special_tokens, lang2id=lang2id, id2lang=id2lang,
            **self._options_to_keep(), **kwargs,
        )  # fmt: skip

    def _options_to_keep(self) -> dict[str, Any]:
        return {"do_lowercase_and_remove_accent": self.do_lowercase_and_remove_accent}

    @property
    def do_lower_case(self) -> bool:
        """Whether capitals are made small."""
        return self.do_lowercase_and_remove_accent

    def ja_tokenize(self, text: str) -> list[str]:
        """Words of a Japanese text, as KyTea finds them."""
        if ("kytea", "ja") not in self._moses:
            kytea = require_package("Mykytea", "XLMTokenizer: Japanese text needs KyTea; `pip install kytea`")
            model = os.path.join(os.path.expanduser("~"), "local/share/kytea/model.bin")
            self._moses["kytea", "ja"] = kytea.Mykytea(f"-model {model}")
        return list(self._moses["kytea", "ja"].getWS(text))

    def _tokenize(self, text: str, lang: str = "en", bypass_tokenizer: bool = False, **kwargs: Any) -> list[str]:
        if lang and self.lang2id and lang not in self.lang2id:
            logger.error(
                "Supplied language code not found in lang2id mapping. Please check that your language is supported by "
                "the loaded pretrained model."
            )
        if bypass_tokenizer:
            return self._pieces(text.split())
        words = self._words(text, lang)
        return self._pieces(lowercase_and_remove_accent(words) if self.do_lowercase_and_remove_accent else words)

    def _words(self, text: str, lang: str) -> list[str]:
        if lang == "zh":
            jieba = require_package("rjieba", "XLMTokenizer: Chinese text needs rjieba; `pip install rjieba`")
            return self.moses_pipeline(" ".join(jieba.cut(text)), lang).split()
        text = self.moses_pipeline(text, lang)
        if lang == "ja":
            return self.ja_tokenize(text)
        if lang == "th":
            thai = require_package("pythainlp.tokenize", "XLMTokenizer: Thai needs PyThaiNLP; `pip install pythainlp`")
            return thai.word_tokenize(text)
        return self.moses_tokenize(text.translate(_ROMANIAN) if lang == "ro" else text, lang)

    def convert_tokens_to_string(self, tokens: list[str]) -> str:
        """Text of token strings."""
        return "".join(tokens).replace("</w>", " ").strip()

    def build_inputs_with_special_tokens(self, token_ids_0: list[int], token_ids_1: list[int] | None = None):
        """<s>, the text, </s>; of a pair, the second text and </s> behind it."""
        sep = [self.sep_token_id]
        second = [] if token_ids_1 is None else list(token_ids_1) + sep
        return [self.bos_token_id] + list(token_ids_0) + sep + second

    def get_special_tokens_mask(
        self, token_ids_0: list[int], token_ids_1: list[int] | None = None, already_has_special_tokens: bool = False
    ) -> list[int]:
        """1 for special tokens, 0 for the others."""
        if already_has_special_tokens:
            return super().get_special_tokens_mask(token_ids_0, token_ids_1, True)
        return [1] + [0] * len(token_ids_0) + [1] + ([] if token_ids_1 is None else [0] * len(token_ids_1) + [1])


class FlaubertTokenizer(XLMTokenizer):
    """Tokenizer of FlauBERT, for French (Le et al. 2020).

    Args:
        do_lowercase: whether capitals are made small.
        **kwargs: see `XLMTokenizer`; `do_lowercase_and_remove_accent` is always False.
    """

    def __init__(self, vocab_file: str | os.PathLike, merges_file: str | os.PathLike, do_lowercase: bool = False, **kwargs: Any):
        if kwargs.pop("do_lowercase_and_remove_accent", None) is not None:
            logger.warning(
                "`do_lowercase_and_remove_accent` is passed as a keyword argument, but this won't do anything. "
                "`FlaubertTokenizer` will always set it to `False`."
            )
        self.do_lowercase = do_lowercase
        super().__init__(vocab_file, merges_file, do_lowercase_and_remove_accent=False, **kwargs)

    def _options_to_keep(self) -> dict[str, Any]:
        return {"do_lowercase": self.do_lowercase}

    def preprocess_text(self, text: str) -> str:
        """Plain quotation marks, composed characters, and small letters where they are wanted."""
        text = unicodedata.normalize("NFC", text.replace("``", '"').replace("''", '"'))
        return text.lower() if self.do_lowercase else text

    def _tokenize(self, text: str, bypass_tokenizer: bool = False, **kwargs: Any) -> list[str]:
        return super()._tokenize(text, lang="fr", bypass_tokenizer=bypass_tokenizer)

    def _words(self, text: str, lang: str) -> list[str]:
        return self.moses_tokenize(self.moses_pipeline(self.preprocess_text(text), lang), lang)
