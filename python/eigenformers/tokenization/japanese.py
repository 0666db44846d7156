"""BertJapaneseTokenizer: words that a Japanese morphological analyser finds, then pieces or characters of them."""

from __future__ import annotations

import os
import unicodedata
from typing import Any

from .basic_words import BasicTokenizer, WordpieceTokenizer
from .sentencepiece_families import plain_text, split_off_commas
from .sentencepiece_slow import SentencePieceFile
from .slow import PreTrainedTokenizer
from .slow_vocab import file_in, is_folder, read_line_vocab, require_package, write_line_vocab


class _Analyser:
    """What the three analysers share: compatibility forms first, small letters last."""

    def __init__(self, do_lower_case: bool = False, never_split: list[str] | None = None, normalize_text: bool = True,
                 trim_whitespace: bool = False):  # fmt: skip
        self.do_lower_case, self.never_split = do_lower_case, list(never_split or [])
        self.normalize_text, self.trim_whitespace = normalize_text, trim_whitespace

    def _words(self, text: str) -> list[str]:
        raise NotImplementedError

    def tokenize(self, text: str, never_split: list[str] | None = None, **kwargs: Any) -> list[str]:
        """Words of a text."""
        text = unicodedata.normalize("NFKC", text) if self.normalize_text else text
        kept = {*self.never_split, *(never_split or [])}
        words = [word.lower() if self.do_lower_case and word not in kept else word for word in self._words(text)]
        return [word.strip() for word in words if word.strip()] if self.trim_whitespace else words


class MecabTokenizer(_Analyser):
    """MeCab's words; needs the package fugashi and a dictionary.

    Args:
        do_lower_case, never_split, normalize_text: what is done to texts and words.
        mecab_dic: "unidic_lite", "unidic", "ipadic", packages that hold a dictionary; None: what `mecab_option` says.
        mecab_option: further arguments of MeCab.
    """

    def __init__(
        self,
        do_lower_case: bool = False,
        never_split: list[str] | None = None,
        normalize_text: bool = True,
        mecab_dic: str | None = "unidic_lite",
        mecab_option: str | None = None,
    ):
        super().__init__(do_lower_case, never_split, normalize_text)
        fugashi = require_package(
            "fugashi",
            "You need to install fugashi to use MecabTokenizer. See https://pypi.org/project/fugashi/ for installation.",
        )
        option = mecab_option or ""
        if mecab_dic is not None:
            homes = {"ipadic": "ipadic-py", "unidic_lite": "unidic-lite", "unidic": "unidic-py"}
            if mecab_dic not in homes:
                raise ValueError("Invalid mecab_dic is specified.")
            folder = require_package(
                mecab_dic,
                f"The {mecab_dic} dictionary is not installed. See https://github.com/polm/{homes[mecab_dic]} for "
                "installation.",
            ).DICDIR
            if mecab_dic == "unidic" and not os.path.isdir(folder):
                raise RuntimeError(
                    "The unidic dictionary itself is not found. See https://github.com/polm/unidic-py for installation."
                )
            option = f'-d "{folder}" -r "{os.path.join(folder, "mecabrc")}" {option}'
        self.mecab = fugashi.GenericTagger(option)

    def _words(self, text: str) -> list[str]:
        return [word.surface for word in self.mecab(text)]


class SudachiTokenizer(_Analyser):
    """Sudachi's words; needs the package sudachipy and a dictionary.

    Args:
        do_lower_case, never_split, normalize_text, trim_whitespace: what is done to texts and words.
        sudachi_split_mode: "A" (short words), "B" or "C" (long ones).
        sudachi_config_path, sudachi_resource_dir, sudachi_dict_type, sudachi_projection: see sudachipy.
    """

    def __init__(
        self,
        do_lower_case: bool = False,
        never_split: list[str] | None = None,
        normalize_text: bool = True,
        trim_whitespace: bool = False,
        sudachi_split_mode: str = "A",
        sudachi_config_path: str | None = None,
        sudachi_resource_dir: str | None = None,
        sudachi_dict_type: str = "core",
        sudachi_projection: str | None = None,
    ):
        super().__init__(do_lower_case, never_split, normalize_text, trim_whitespace)
        sudachi = require_package(
            "sudachipy",
            "You need to install sudachipy to use SudachiTokenizer. See https://github.com/WorksApplications/SudachiPy "
            "for installation.",
        )
        if sudachi_split_mode not in ("A", "B", "C"):
            raise ValueError("Invalid sudachi_split_mode is specified.")
        self.split_mode, self.projection = getattr(sudachi.SplitMode, sudachi_split_mode), sudachi_projection
        dictionary = sudachi.Dictionary(
            config_path=sudachi_config_path, resource_dir=sudachi_resource_dir, dict=sudachi_dict_type
        )
        more = {} if sudachi_projection is None else {"projection": sudachi_projection}
        self.sudachi = dictionary.create(self.split_mode, **more)

    def _words(self, text: str) -> list[str]:
        return [word.surface() for word in self.sudachi.tokenize(text)]


class JumanppTokenizer(_Analyser):
    """Juman++'s words; needs the package rhoknp and the program.

    Args:
        do_lower_case, never_split, normalize_text, trim_whitespace: what is done to texts and words.
    """

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.juman = require_package(
            "rhoknp",
            "You need to install rhoknp to use JumanppTokenizer. See https://github.com/ku-nlp/rhoknp for installation.",
        ).Jumanpp()

    def _words(self, text: str) -> list[str]:
        return [word.text for word in self.juman.apply_to_sentence(text.strip()).morphemes]


class CharacterTokenizer:
    """Characters; the unknown token for those outside the vocabulary.

    >>> CharacterTokenizer({"a": 0}, "[UNK]").tokenize("ab")
    ['a', '[UNK]']
    """

    def __init__(self, vocab: Any, unk_token: str, normalize_text: bool = True):
        self.vocab, self.unk_token, self.normalize_text = vocab, unk_token, normalize_text

    def tokenize(self, text: str) -> list[str]:
        """Characters of a text."""
        text = unicodedata.normalize("NFKC", text) if self.normalize_text else text
        return [char if char in self.vocab else self.unk_token for char in text]


class SentencepieceTokenizer:
    """Pieces of a SentencePiece model.

    Args:
        vocab: path of the model.
        unk_token: the unknown token.
        do_lower_case, remove_space, keep_accents: what is done to texts.
    """

    def __init__(
        self, vocab: str, unk_token: str, do_lower_case: bool = False, remove_space: bool = True, keep_accents: bool = True
    ):
        self.vocab, self.unk_token, self.do_lower_case = vocab, unk_token, do_lower_case
        self.remove_space, self.keep_accents = remove_space, keep_accents
        self.file = SentencePieceFile(vocab)

    @property
    def sp_model(self) -> Any:
        """The model."""
        return self.file.model

    def tokenize(self, text: str) -> list[str]:
        """Pieces of a text."""
        text = plain_text(text, self.remove_space, self.keep_accents, self.do_lower_case)
        return split_off_commas(self.sp_model, self.sp_model.encode(text))


_ANALYSERS = {"mecab": MecabTokenizer, "sudachi": SudachiTokenizer, "jumanpp": JumanppTokenizer}


class BertJapaneseTokenizer(PreTrainedTokenizer):
    """Tokenizer of the Japanese BERTs.

    Args:
        vocab_file, spm_file: vocab.txt, or spiece.model for `subword_tokenizer_type="sentencepiece"`.
        do_word_tokenize, word_tokenizer_type: whether words are found, and by what: "basic", "mecab", "sudachi" or
            "jumanpp", with its arguments in `mecab_kwargs`, `sudachi_kwargs`, `jumanpp_kwargs`.
        do_subword_tokenize, subword_tokenizer_type: whether they are split, and how: "wordpiece", "character",
            "sentencepiece".
        do_lower_case, never_split: whether capitals are made small, and of which words not.
        **kwargs: see `PreTrainedTokenizerBase`.
    """

    vocab_files_names = {"vocab_file": "vocab.txt", "spm_file": "spiece.model"}
    _vocab_file_is_optional = True

    def __init__(
        self,
        vocab_file: str | None = None,
        spm_file: str | None = None,
        do_lower_case: bool = False,
        do_word_tokenize: bool = True,
        do_subword_tokenize: bool = True,
        word_tokenizer_type: str = "basic",
        subword_tokenizer_type: str = "wordpiece",
        never_split: list[str] | None = None,
        unk_token: str = "[UNK]",
        sep_token: str = "[SEP]",
        pad_token: str = "[PAD]",
        cls_token: str = "[CLS]",
        mask_token: str = "[MASK]",
        mecab_kwargs: dict | None = None,
        sudachi_kwargs: dict | None = None,
        jumanpp_kwargs: dict | None = None,
        **kwargs: Any,
    ):
        needed = spm_file if subword_tokenizer_type == "sentencepiece" else vocab_file
        if needed is None or not os.path.isfile(needed):
            raise ValueError(
                f"Can't find a vocabulary file at path '{needed}'. To load the vocabulary from a Google pretrained model "
                "use `tokenizer = AutoTokenizer.from_pretrained(PRETRAINED_MODEL_NAME)`"
            )
        self.lower_case, self.never_split = do_lower_case, never_split
        self.do_word_tokenize, self.word_tokenizer_type = do_word_tokenize, word_tokenizer_type
        self.do_subword_tokenize, self.subword_tokenizer_type = do_subword_tokenize, subword_tokenizer_type
        self.mecab_kwargs, self.sudachi_kwargs, self.jumanpp_kwargs = mecab_kwargs, sudachi_kwargs, jumanpp_kwargs
        if subword_tokenizer_type == "sentencepiece":
            self.spm_file = spm_file
        else:
            self.vocab = read_line_vocab(vocab_file)
            self.ids_to_tokens = {index: token for token, index in self.vocab.items()}
        if do_word_tokenize:
            self.word_tokenizer = self._word_tokenizer()
        if do_subword_tokenize:
            self.subword_tokenizer = self._subword_tokenizer(str(unk_token))
        super().__init__(
            unk_token=unk_token, sep_token=sep_token, pad_token=pad_token, cls_token=cls_token, mask_token=mask_token,
            do_lower_case=do_lower_case, do_word_tokenize=do_word_tokenize, do_subword_tokenize=do_subword_tokenize,
            word_tokenizer_type=word_tokenizer_type, subword_tokenizer_type=subword_tokenizer_type,
            never_split=never_split, mecab_kwargs=mecab_kwargs, sudachi_kwargs=sudachi_kwargs,
            jumanpp_kwargs=jumanpp_kwargs, **{"special_tokens_pattern": "cls_sep", **kwargs},
        )  # fmt: skip

    def _word_tokenizer(self) -> Any:
        if self.word_tokenizer_type == "basic":
            return BasicTokenizer(self.lower_case, self.never_split, tokenize_chinese_chars=False)
        if self.word_tokenizer_type not in _ANALYSERS:
            raise ValueError(f"Invalid word_tokenizer_type '{self.word_tokenizer_type}' is specified.")
        options = getattr(self, f"{self.word_tokenizer_type}_kwargs") or {}
        return _ANALYSERS[self.word_tokenizer_type](self.lower_case, self.never_split, **options)

    def _subword_tokenizer(self, unk_token: str) -> Any:
        if self.subword_tokenizer_type == "wordpiece":
            return WordpieceTokenizer(self.vocab, unk_token)
        if self.subword_tokenizer_type == "character":
            return CharacterTokenizer(self.vocab, unk_token)
        if self.subword_tokenizer_type == "sentencepiece":
            return SentencepieceTokenizer(self.spm_file, unk_token)
        raise ValueError(f"Invalid subword_tokenizer_type '{self.subword_tokenizer_type}' is specified.")

    def __getstate__(self) -> dict[str, Any]:
        state = dict(self.__dict__)
        if self.word_tokenizer_type in _ANALYSERS:
            state.pop("word_tokenizer", None)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if self.do_word_tokenize and "word_tokenizer" not in state:
            self.word_tokenizer = self._word_tokenizer()

    @property
    def do_lower_case(self) -> bool:
        """Whether capitals are made small."""
        return self.lower_case

    @property
    def _pieces(self) -> Any:
        """The SentencePiece model, if there is one."""
        return self.subword_tokenizer.sp_model if self.subword_tokenizer_type == "sentencepiece" else None

    @property
    def vocab_size(self) -> int:
        """Number of tokens in the vocabulary's file."""
        return len(self.vocab if self._pieces is None else self._pieces)

    def get_vocab(self) -> dict[str, int]:
        """Token to id, added tokens included."""
        if self._pieces is None:
            return {**self.added_tokens_encoder, **self.vocab}
        pieces = {self.convert_ids_to_tokens(index): index for index in range(self.vocab_size)}
        return {**pieces, **self.added_tokens_encoder}

    def _tokenize(self, text: str, **kwargs: Any) -> list[str]:
        words = [text]
        if self.do_word_tokenize:
            words = self.word_tokenizer.tokenize(text, never_split=self.all_special_tokens)
        if not self.do_subword_tokenize:
            return words
        return [piece for word in words for piece in self.subword_tokenizer.tokenize(word)]

    def _convert_token_to_id(self, token: str) -> int | None:
        if self._pieces is not None:
            return self._pieces.piece_to_id(token)
        return self.vocab.get(token, self.vocab.get(self.unk_token))

    def _convert_id_to_token(self, index: int) -> str:
        if self._pieces is not None:
            return self._pieces.id_to_piece(index)
        return self.ids_to_tokens.get(index, self.unk_token)

    def convert_tokens_to_string(self, tokens: list[str]) -> str:
        """Text of token strings."""
        if self._pieces is not None:
            return self._pieces.decode(tokens)
        return " ".join(tokens).replace(" ##", "").strip()

    def save_vocabulary(self, save_directory, filename_prefix: str | None = None) -> tuple[str, ...]:
        """Write the vocabulary, or the model; returns its path."""
        if not is_folder(save_directory):
            return ()
        if self._pieces is not None:
            prefix = f"{filename_prefix}-" if filename_prefix else ""
            return (self.subword_tokenizer.file.write(save_directory, prefix + self.vocab_files_names["spm_file"]),)
        path = file_in(save_directory, filename_prefix, self.vocab_files_names["vocab_file"])
        write_line_vocab(path, self.vocab)
        return (path,)
