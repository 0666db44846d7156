"""Tokenizers of translation models: a token for the language goes in front of the text or behind it."""

from __future__ import annotations

from typing import Any

from ..tokenizers import AddedToken, processors
from ..utils import logging
from .languages import MBART50_LANGUAGES, MBART_LANGUAGES, NLLB_LANGUAGES

logger = logging.get_logger(__name__)


class OlderBatches:
    """`prepare_seq2seq_batch`, over a tokenizer with `src_lang` and `tgt_lang`."""

    batch_target: str | None = None  # language of labels where nobody says one

    def prepare_seq2seq_batch(
        self,
        src_texts: list[str],
        src_lang: str | None = None,
        tgt_texts: list[str] | None = None,
        tgt_lang: str | None = None,
        max_length: int | None = None,
        max_target_length: int | None = None,
        padding: bool | str = "longest",
        return_tensors: str | None = None,
        truncation: bool = True,
        **kwargs: Any,
    ):
        """Inputs and labels of a batch (older way; `text_target=` does the same)."""
        if src_lang is not None:
            self.src_lang = src_lang
        if tgt_lang is None and self.tgt_lang is None:
            tgt_lang = self.batch_target if tgt_texts is not None else None
        if tgt_lang is not None:
            self.tgt_lang = tgt_lang
        same = {"add_special_tokens": True, "return_tensors": return_tensors, "padding": padding,
                "truncation": truncation, **kwargs}  # fmt: skip
        inputs = self(src_texts, max_length=max_length, **same)
        if tgt_texts is None:
            return inputs
        limit = max_length if max_target_length is None else max_target_length
        inputs["labels"] = self(text_target=tgt_texts, max_length=limit, **same)["input_ids"]
        return inputs


class LanguageMixin(OlderBatches):
    """`src_lang` and `tgt_lang`; texts get the token of the first, `text_target=` that of the second.

    A class says which languages there are, how a code is spelled as a token, and where the tokens stand.
    """

    language_codes: list[str] = []
    default_source: str | None = None
    default_target: str | None = None

    def __init__(self, *args: Any, src_lang: str | None = None, tgt_lang: str | None = None, **kwargs: Any):
        given = kwargs.get("extra_special_tokens")
        given = kwargs.get("additional_special_tokens") if given is None else given
        if given is None or isinstance(given, (list, tuple)):
            self._name_languages(kwargs, list(given or []))
        super().__init__(*args, src_lang=src_lang, tgt_lang=tgt_lang, **kwargs)
        source = src_lang if src_lang is not None else self.default_source
        target = tgt_lang if tgt_lang is not None else self.default_target
        self.__dict__["_src_lang"] = None if source is None else self.language_token(source)
        self.__dict__["_tgt_lang"] = None if target is None else self.language_token(target)
        self._start()

    def _name_languages(self, kwargs: dict[str, Any], given: list) -> None:
        """Make the languages special tokens, where the class does that itself."""

    def _start(self) -> None:
        self.set_src_lang_special_tokens(self._src_lang)

    def language_token(self, language: str) -> str:
        """The token of a language code."""
        return language

    def _layout(self, token: str, target: bool) -> tuple[list[str], list[str]]:
        """Tokens in front of the text and behind it."""
        return [token], [self.eos_token]

    @property
    def src_lang(self) -> str | None:
        """Language of the texts; setting it changes the tokens around them."""
        return self._src_lang

    @src_lang.setter
    def src_lang(self, language: str) -> None:
        self.__dict__["_src_lang"] = self.language_token(language)
        self.set_src_lang_special_tokens(self._src_lang)

    @property
    def tgt_lang(self) -> str | None:
        """Language of the targets."""
        return self._tgt_lang

    @tgt_lang.setter
    def tgt_lang(self, language: str | None) -> None:
        self.__dict__["_tgt_lang"] = None if language is None else self.language_token(language)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in ("src_lang", "tgt_lang"):
            object.__setattr__(self, name, value)
        else:
            super().__setattr__(name, value)

    @property
    def lang_code_to_id(self) -> dict[str, int]:
        """Language code to the id of its token."""
        return {code: self.convert_tokens_to_ids(self.language_token(code)) for code in self.language_codes}

    def set_src_lang_special_tokens(self, src_lang: str) -> None:
        """Put the tokens of a source language around texts."""
        self._set_language(src_lang, "src_lang", False)

    def set_tgt_lang_special_tokens(self, lang: str) -> None:
        """Put the tokens of a target language around texts."""
        self._set_language(lang, "tgt_lang", True)

    def _set_language(self, language: str, argument: str, target: bool) -> None:
        token = self.language_token(language)
        index = self.convert_tokens_to_ids(token)
        if index is None or index == self.unk_token_id:
            logger.warning_once(
                f"`{argument}={language}` has not be found in the `vocabulary`. Behaviour will probably be unexpected "
                "because the language token id will be replaced by the unknown token id."
            )
        self.cur_lang_code = self.cur_lang_code_id = index
        before, after = self._layout(token, target)
        self.prefix_tokens, self.suffix_tokens = map(self.convert_tokens_to_ids, (before, after))
        ids = dict(zip(before + after, self.prefix_tokens + self.suffix_tokens))
        self._tokenizer.post_processor = processors.TemplateProcessing(
            single=[*before, "$A", *after], pair=[*before, "$A", "$B", *after], special_tokens=list(ids.items())
        )

    def update_post_processor(self) -> None:
        """The tokens of the source language."""
        if "_src_lang" in self.__dict__:
            self._start()

    def _switch_to_input_mode(self) -> None:
        self.set_src_lang_special_tokens(self.src_lang)

    def _switch_to_target_mode(self) -> None:
        if self.tgt_lang is None:
            self.tgt_lang = self._src_lang
        self.set_tgt_lang_special_tokens(self.tgt_lang)

    def _build_translation_inputs(self, raw_inputs, return_tensors, src_lang, tgt_lang, **extra_kwargs: Any):
        """Inputs of the translation pipeline: the texts, and the token that the answer has to begin with."""
        if src_lang is None or tgt_lang is None:
            raise ValueError("Translation requires a `src_lang` and a `tgt_lang` for this model")
        self.src_lang = src_lang
        inputs = self(raw_inputs, add_special_tokens=True, return_tensors=return_tensors, **extra_kwargs)
        inputs["forced_bos_token_id"] = self.convert_tokens_to_ids(self.language_token(tgt_lang))
        return inputs


class MBartLanguages(LanguageMixin):
    """mBART: end and language behind the text."""

    language_codes, default_source = MBART_LANGUAGES, "en_XX"
    batch_target = "ro_RO"

    def _layout(self, token, target):
        return [], [self.eos_token, token]


class MBart50Languages(LanguageMixin):
    """mBART 50: the language in front, the end behind."""

    language_codes, default_source = MBART50_LANGUAGES, "en_XX"
    batch_target = "ro_RO"

    @property
    def id_to_lang_code(self) -> dict[int, str]:
        """Id of a language's token to its code."""
        return {index: code for code, index in self.lang_code_to_id.items()}


class NllbLanguages(LanguageMixin):
    """NLLB: as mBART 50, or as mBART with `legacy_behaviour=True`."""

    language_codes, default_source = NLLB_LANGUAGES, "eng_Latn"
    batch_target = "fra_Latn"

    def __init__(self, *args: Any, legacy_behaviour: bool = False, **kwargs: Any):
        self.legacy_behaviour = legacy_behaviour
        super().__init__(*args, legacy_behaviour=legacy_behaviour, **kwargs)

    def _name_languages(self, kwargs, given):
        if "tokenizer_file" not in kwargs and "tokenizer_object" not in kwargs:
            kwargs["extra_special_tokens"] = given or [AddedToken(code, special=True) for code in NLLB_LANGUAGES]

    def _layout(self, token, target):
        return ([], [self.eos_token, token]) if self.legacy_behaviour else ([token], [self.eos_token])


class SeamlessLanguages(LanguageMixin):
    """SeamlessM4T: `__eng__`; targets also begin with the end token."""

    default_source, default_target = "eng", "fra"

    def language_token(self, language):
        """The code between double underscores."""
        return language if "__" in language else f"__{language}__"

    def _layout(self, token, target):
        return ([self.eos_token] if target else []) + [token], [self.eos_token]

    def _start(self) -> None:
        self.set_tgt_lang_special_tokens(self._tgt_lang)

    @LanguageMixin.tgt_lang.setter
    def tgt_lang(self, language: str) -> None:
        """Language of the targets; setting it changes the tokens around texts."""
        self.__dict__["_tgt_lang"] = self.language_token(language)
        self.set_tgt_lang_special_tokens(self._tgt_lang)

    def __call__(self, text=None, *args: Any, src_lang: str | None = None, tgt_lang: str | None = None, **kwargs: Any):
        """As other tokenizers; `src_lang` and `tgt_lang` change the languages first."""
        if src_lang is not None:
            self.src_lang = src_lang
        if tgt_lang is not None:
            self.tgt_lang = tgt_lang
        return super().__call__(text, *args, **kwargs)
