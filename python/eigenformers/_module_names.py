"""Modules that scripts import names from, and that are elsewhere here: `eigenformers.convert_slow_tokenizer`,
`eigenformers.models.gpt2.tokenization_gpt2`, … One finder makes them when they are first imported, and a name is looked
up when it is first used; none of them is a file.
"""

from __future__ import annotations

import re
import sys
from types import ModuleType
from typing import Any

from ._lazy import import_module

_PACKAGE = __name__.rpartition(".")[0]
_FILES = ("ADDED_TOKENS_FILE", "CHAT_TEMPLATE_FILE", "SPECIAL_TOKENS_MAP_FILE", "TOKENIZER_CONFIG_FILE")
_SPANS = ("BatchEncoding", "CharSpan", "TokenSpan")
_ENUMS = ("ExplicitEnum", "PaddingStrategy", "TensorType")
_INPUTS = ("EncodedInput", "EncodedInputPair", "PreTokenizedInput", "PreTokenizedInputPair", "TextInput", "TextInputPair")


def _names(**modules: tuple[str, ...]) -> dict[str, str]:
    return {name: f"tokenization.{module}" for module, names in modules.items() for name in names}


_ENGINE = _names(_engine=("AddedToken",), enums=(*_ENUMS, "TruncationStrategy"), batch_encoding=_SPANS, loading=_FILES,
                 base=("LARGE_INTEGER", "PreTrainedTokenizerBase", "VERY_LARGE_INTEGER"),
                 special_tokens=("SpecialTokensMixin",))  # fmt: skip
_SLOW = {**_ENGINE, **_names(slow=("PreTrainedTokenizer", "PythonBackend"), trie=("Trie",), input_types=_INPUTS)}
_FAST = {**_ENGINE, **_names(fast=("PreTrainedTokenizerFast", "TokenizersBackend"))}
_AUTO = ("AutoTokenizer", "TOKENIZER_MAPPING", "get_tokenizer_config", "tokenizer_class_from_name")
_CONVERT = ("Converter", "SLOW_TO_FAST_CONVERTERS", "TikTokenConverter", "bytes_to_unicode", "convert_slow_tokenizer")
_SCHEMAS = ("DocstringParsingException", "TypeHintParsingException", "get_json_schema", "parse_google_format_docstring")
_WORDS = ("BasicTokenizer", "WordpieceTokenizer")

# Module -> name -> module that has it. "*" stands for all other names.
_MODULES: dict[str, dict[str, str]] = {
    "convert_slow_tokenizer": _names(convert_slow=_CONVERT),
    "file_utils": {"*": "utils"},
    "tokenization_python": _SLOW,
    "tokenization_utils": _SLOW,
    "tokenization_utils_base": {
        **_ENGINE, **_names(input_types=_INPUTS, loading=("FULL_TOKENIZER_FILE",)), "EncodingFast": "tokenization.input_types",
        "PushToHubMixin": "hub",
    },
    "tokenization_utils_fast": _FAST,
    "tokenization_utils_sentencepiece": {**_ENGINE, **_names(sentencepiece_slow=("SentencePieceBackend",))},
    "tokenization_utils_tokenizers": {**_FAST, **_names(loading=("TOKENIZER_FILE",))},
    "utils.chat_template_utils": _names(json_schema=_SCHEMAS, chat_template=("render_jinja_template",)),
    "utils.generic": {**_names(enums=_ENUMS), "*": "utils._generic"},
    "utils.hub": _names(loading=("CHAT_TEMPLATE_DIR", "CHAT_TEMPLATE_FILE")) | {"*": "hub"},
    "data.data_collator": {"*": "data"},
    "models.auto.configuration_auto": {"*": "models.auto"},
    "models.auto.modeling_auto": {"*": "models.auto"},
    "models.auto.tokenization_auto": _names(auto=_AUTO, families=("TOKENIZER_MAPPING_NAMES",)),
    "models.roformer.tokenization_utils": _names(roformer=("JiebaPreTokenizer",)),
}  # fmt: skip
# What else than classes the modules of tokenizers have, beside the parts of BERT's.
_MORE = {
    "bert_japanese": _names(japanese=("CharacterTokenizer", "JumanppTokenizer", "MecabTokenizer", "SudachiTokenizer")),
    "bertweet": _names(tweets=("TweetTokenizer",)), "clvp": _names(convert_slow=("bytes_to_unicode",)),
    "gpt2": _names(convert_slow=("bytes_to_unicode",)), "gpt_neox_japanese": _names(neox_japanese=("SubWordJapaneseTokenizer",)),
    "whisper": _names(_whisper_languages=("LANGUAGES", "TO_LANGUAGE_CODE")),
}  # fmt: skip
# Families whose classes are called after something else.
_CALLED = {
    "bertjapanese": ("BertJapanese",), "dpr": ("DPRContextEncoder", "DPRQuestionEncoder", "DPRReader"), "mgpstr": ("Mgpstr",),
    "openai": ("OpenAIGPT",), "speechtotext": ("Speech2Text",), "wav2vec2": ("Wav2Vec2CTC", "Wav2Vec2"),
    "wav2vec2phoneme": ("Wav2Vec2PhonemeCTC",),
}  # fmt: skip
_FAMILY = r"models\.(\w+)(?:\.(configuration|modeling|tokenization)_(\w+))?"


def _key(name: str) -> str:
    return name.lower().replace("_", "")


def family_tokenizers(family: str) -> dict[str, str]:
    """Tokenizer classes of a family (`gpt2`, `xlm_roberta`), and the module that has them."""
    from .tokenization import MODULES

    wanted = {f"{_key(name)}tokenizer" for name in _CALLED.get(_key(family), (family,))}
    return {name: "tokenization" for name in MODULES if re.sub("fast$", "", _key(name)) in wanted}


def _names_of(module: str) -> dict[str, str] | None:
    """What a module of this table has; None if it is not in it."""
    if module in _MODULES:
        return _MODULES[module]
    match = re.fullmatch(_FAMILY, module)
    if match is None:
        return None
    family, kind, part = match.groups()
    if kind is None or kind == "tokenization":
        same = part is None or part in (family, f"{family}_fast")
        classes = family_tokenizers(family) if same else {}
        return {**classes, **_names(basic_words=_WORDS), **_MORE.get(family, {})} if classes else None
    from .models.registry import FAMILIES

    known = family == part and family in {name.replace("-", "_") for name in FAMILIES}
    return {"*": f"models.{family}"} if known else None


def _is_package(module: str) -> bool:
    return module.count(".") == 1 and module.startswith("models.")


class _Loader:
    """Makes a module of the table."""

    def __init__(self, names: dict[str, str]):
        self.names = names

    def create_module(self, spec: Any) -> None:
        """The usual module object."""

    def get_source(self, fullname: str) -> None:
        """None: there is no file."""

    def get_code(self, fullname: str) -> Any:
        """What `python -m` runs: nothing."""
        return compile("", f"<{fullname}>", "exec")

    def is_package(self, fullname: str) -> bool:
        """Whether modules are looked for below it."""
        return _is_package(fullname[len(_PACKAGE) + 1 :])

    def exec_module(self, module: ModuleType) -> None:
        """Give it its names."""
        names = self.names

        def __getattr__(name: str) -> Any:
            if name == "__all__":  # of `import *`, which is when another module's names are looked at
                return public()
            where = names.get(name) or (None if name.startswith("__") else names.get("*"))
            if where is None:
                raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
            value = getattr(import_module(f"{_PACKAGE}.{where}"), name)
            setattr(module, name, value)
            return value

        def public() -> list[str]:
            others = getattr(import_module(f"{_PACKAGE}.{names['*']}"), "__all__", ()) if "*" in names else ()
            return sorted({*names, *others} - {"*"})

        def __dir__() -> list[str]:
            return sorted({*vars(module), *public()})

        module.__getattr__, module.__dir__ = __getattr__, __dir__  # type: ignore[attr-defined, method-assign, assignment]


class _Finder:
    """Finds the modules of the table where there is no file."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> Any:
        """The module of that name."""
        if not name.startswith(f"{_PACKAGE}."):
            return None
        module = name[len(_PACKAGE) + 1 :]
        names = _names_of(module)
        if names is None:
            return None
        from importlib.machinery import ModuleSpec

        return ModuleSpec(name, _Loader(names), is_package=_is_package(module))


def install() -> None:
    """Let imports find the modules of the table; they come last, behind every file."""
    if not any(getattr(finder, "__qualname__", "") == "_Finder" and finder.__module__ == __name__ for finder in sys.meta_path):
        sys.meta_path.append(_Finder)  # type: ignore[arg-type]
