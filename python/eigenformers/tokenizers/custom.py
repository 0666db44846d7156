"""Components that are Python objects, and what all components of a role can do to a text in the making."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._core import tokenizers as _engine
from .._core.tokenizers import (
    Decoder,
    Model,
    NormalizedString,
    Normalizer,
    PostProcessor,
    PreTokenizedString,
    PreTokenizer,
)

if TYPE_CHECKING:
    from .trainers import Trainer


def custom_normalizer(normalizer: Any) -> Normalizer:
    """A normalizer from an object with `normalize(normalized: NormalizedString) -> None`. It cannot be saved."""
    return _engine._custom_normalizer(normalizer)


def custom_pre_tokenizer(pretok: Any) -> PreTokenizer:
    """A pre-tokenizer from an object with `pre_tokenize(pretok: PreTokenizedString) -> None`. It cannot be saved."""
    return _engine._custom_pre_tokenizer(pretok)


def custom_decoder(decoder: Any) -> Decoder:
    """A decoder from an object with `decode_chain(tokens: list[str]) -> list[str]`. It cannot be saved."""
    return _engine._custom_decoder(decoder)


def normalize(self: Normalizer, normalized: NormalizedString) -> None:
    """Normalize a text in place."""
    _engine._normalize(self, normalized)


def pre_tokenize(self: PreTokenizer, pretok: PreTokenizedString) -> None:
    """Cut a text in place."""
    _engine._pre_tokenize(self, pretok)


def get_trainer(self: Model) -> Trainer:
    """The trainer of this kind of model, with its defaults."""
    from .trainers import DEFAULT_TRAINERS

    return DEFAULT_TRAINERS[type(self).__name__]()


def _set_state(role: type) -> Any:
    def __setstate__(self: Any, state: bytes) -> None:  # noqa: N807 (pickle's name)
        self._assign(_engine._wrap(role.__name__, bytes(state).decode()))

    return __setstate__


def attach() -> None:
    """Adds all of these to the classes of the roles."""
    normalize.__qualname__, pre_tokenize.__qualname__ = "Normalizer.normalize", "PreTokenizer.pre_tokenize"  # for errors
    Normalizer.custom, Normalizer.normalize = staticmethod(custom_normalizer), normalize
    PreTokenizer.custom, PreTokenizer.pre_tokenize = staticmethod(custom_pre_tokenizer), pre_tokenize
    Decoder.custom = staticmethod(custom_decoder)
    Model.get_trainer = get_trainer
    for role in (Normalizer, PreTokenizer, Model, PostProcessor, Decoder):
        role.__setstate__ = _set_state(role)
