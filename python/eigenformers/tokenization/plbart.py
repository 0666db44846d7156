"""PLBartTokenizer: SentencePiece pieces of code and text, and the language behind them."""

from __future__ import annotations

from typing import Any

from ._engine import AddedToken, TokenizerError
from .sentencepiece_slow import SentencePieceBackend
from .translation import OlderBatches

_LANGUAGES = {
    "base": ["__java__", "__python__", "__en_XX__"],
    "multi": ["__java__", "__python__", "__en_XX__", "__javascript__", "__php__", "__ruby__", "__go__"],
}
_SHORT = {name.strip("_"): name for name in _LANGUAGES["multi"]}
_FIRST = {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3}


class PLBartTokenizer(OlderBatches, SentencePieceBackend):
    """Tokenizer of PLBart (Ahmad et al. 2021): ids of fairseq, which are one more than those of the model.

    Args:
        vocab_file: sentencepiece.bpe.model.
        language_codes: "base" or "multi", the languages there are.
        src_lang, tgt_lang: such as "java" or "en_XX".
        **kwargs: see `PreTrainedTokenizerBase`.
    """

    vocab_files_names = {"vocab_file": "sentencepiece.bpe.model", "tokenizer_file": "tokenizer.json"}
    model_input_names = ["input_ids", "attention_mask"]
    prefix_tokens: list[int] = []
    suffix_tokens: list[int] = []
    fairseq_offset = 1

    def __init__(
        self,
        vocab_file: str,
        bos_token: str = "<s>",
        eos_token: str = "</s>",
        sep_token: str = "</s>",
        cls_token: str = "<s>",
        unk_token: str = "<unk>",
        pad_token: str = "<pad>",
        mask_token: str = "<mask>",
        language_codes: str = "base",
        src_lang: str | None = None,
        tgt_lang: str | None = None,
        additional_special_tokens: list | None = None,
        clean_up_tokenization_spaces: bool = True,
        **kwargs: Any,
    ):
        if language_codes not in _LANGUAGES:
            raise TokenizerError(f"language_codes: found {language_codes!r}, needed one of {list(_LANGUAGES)}")
        mask_token = AddedToken(mask_token, lstrip=True, rstrip=False) if isinstance(mask_token, str) else mask_token
        src_lang, tgt_lang = map(self._convert_lang_code_special_format, (src_lang, tgt_lang))
        self.language_codes, languages = language_codes, _LANGUAGES[language_codes]
        self.lang_code_to_id: dict[str, int] = {}
        self.fairseq_tokens_to_ids = dict(_FIRST)
        self.fairseq_ids_to_tokens = {index: token for token, index in _FIRST.items()}
        given = [token for token in additional_special_tokens or [] if token not in languages]
        kwargs.pop("tokenizer_file", None)
        super().__init__(
            vocab_file=vocab_file, bos_token=bos_token, eos_token=eos_token, unk_token=unk_token, sep_token=sep_token,
            cls_token=cls_token, pad_token=pad_token, mask_token=mask_token, src_lang=src_lang, tgt_lang=tgt_lang,
            additional_special_tokens=languages + given, clean_up_tokenization_spaces=clean_up_tokenization_spaces,
            language_codes=language_codes, special_tokens_pattern="prefix_suffix", token_type_ids_pattern="all_zeros",
            **kwargs,
        )  # fmt: skip
        first = len(self.sp_model) + self.fairseq_offset
        self.lang_code_to_id = {code: first + place for place, code in enumerate(languages)}
        self.id_to_lang_code = {index: code for code, index in self.lang_code_to_id.items()}
        if language_codes == "base":
            self.fairseq_tokens_to_ids["<mask>"] = first + len(languages)
        self.fairseq_tokens_to_ids.update(self.lang_code_to_id)
        self.fairseq_ids_to_tokens = {index: token for token, index in self.fairseq_tokens_to_ids.items()}
        for token in {*_FIRST, "<mask>", *languages}:  # their ids are those above
            self._added_tokens_decoder.pop(self._added_tokens_encoder.pop(token, None), None)
        self._src_lang = src_lang if src_lang is not None or language_codes == "base" else "__en_XX__"
        self.cur_lang_code_id = None if self._src_lang is None else self.lang_code_to_id[self._src_lang]
        self.tgt_lang = tgt_lang
        self.set_src_lang_special_tokens(self._src_lang)

    @property
    def vocab_size(self) -> int:
        """Pieces, languages, and the mask that the base model has."""
        return len(self.sp_model) + len(self.lang_code_to_id) + self.fairseq_offset + (self.language_codes == "base")

    def get_vocab(self) -> dict[str, int]:
        """Token to id, added tokens included."""
        vocab = dict(self.fairseq_tokens_to_ids)
        for index in range(len(self.sp_model)):
            vocab.setdefault(
                self.sp_model.id_to_piece(index), self.unk_token_id if index == 0 else index + self.fairseq_offset
            )
        for token, index in self._added_tokens_encoder.items():
            vocab.setdefault(token, index)
        return vocab

    @property
    def src_lang(self) -> str | None:
        """Language of the texts; setting it changes the token behind them."""
        return self._src_lang

    @src_lang.setter
    def src_lang(self, new_src_lang: str | None) -> None:
        self._src_lang = self._convert_lang_code_special_format(new_src_lang)
        self.set_src_lang_special_tokens(self._src_lang)

    def _convert_lang_code_special_format(self, lang: str | None) -> str | None:
        return _SHORT.get(lang, lang)

    def set_src_lang_special_tokens(self, src_lang: str | None) -> None:
        """Put </s> and the language behind texts."""
        language = self._convert_lang_code_special_format(src_lang)
        self.cur_lang_code = None if language is None else self.lang_code_to_id[language]
        self.prefix_tokens = []
        self.suffix_tokens = [self.eos_token_id] + ([] if self.cur_lang_code is None else [self.cur_lang_code])

    set_tgt_lang_special_tokens = set_src_lang_special_tokens

    def _switch_to_input_mode(self) -> None:
        self.set_src_lang_special_tokens(self.src_lang)

    def _switch_to_target_mode(self) -> None:
        self.set_tgt_lang_special_tokens(self.tgt_lang)

    def _build_translation_inputs(self, raw_inputs, return_tensors, src_lang, tgt_lang, **extra_kwargs: Any):
        """Inputs of the translation pipeline: the texts, and the token that the answer has to begin with."""
        if src_lang is None or tgt_lang is None:
            raise ValueError("Translation requires a `src_lang` and a `tgt_lang` for this model")
        self.src_lang = src_lang
        self.tgt_lang = self._convert_lang_code_special_format(tgt_lang)
        inputs = self(raw_inputs, add_special_tokens=True, return_tensors=return_tensors, **extra_kwargs)
        inputs["forced_bos_token_id"] = self.convert_tokens_to_ids(self.tgt_lang)
        return inputs

    def _convert_token_to_id(self, token: str) -> int | None:
        if token in self.fairseq_tokens_to_ids:
            return self.fairseq_tokens_to_ids[token]
        index = self.sp_model.piece_to_id(token)
        return index + self.fairseq_offset if index else self.unk_token_id

    def _convert_id_to_token(self, index: int) -> str:
        if index in self.fairseq_ids_to_tokens:
            return self.fairseq_ids_to_tokens[index]
        return self.sp_model.id_to_piece(index - self.fairseq_offset)

    def decode(self, token_ids, skip_special_tokens: bool = False, clean_up_tokenization_spaces=None, **kwargs: Any):
        """Text of ids; blanks are always cleaned up as the tokenizer was made to."""
        kwargs["clean_up_tokenization_spaces"] = self.clean_up_tokenization_spaces
        return super().decode(token_ids, skip_special_tokens, **kwargs)
