"""
The tokenizer engine.
"""
from __future__ import annotations
import collections.abc
import numpy
import numpy.typing
import typing
__all__: list[str] = ['AddedToken', 'DecodeStream', 'Decoder', 'Encoding', 'Model', 'NormalizedString', 'Normalizer', 'PostProcessor', 'PreTokenizedString', 'PreTokenizer', 'SentencePiece', 'Token', 'Tokenizer']
class AddedToken:
    """
    A token that is found in the text before anything else looks at it.
    
    Args:
        content: the text of the token.
        single_word: match only when it is no part of a word.
        lstrip, rstrip: take the white space on that side as well.
        normalized: look for it in the normalized text; default: not special.
        special: may be left out when decoding.
    """
    content: str
    special: bool
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    def __eq__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __getstate__(self) -> dict:
        ...
    def __hash__(self) -> int:
        ...
    def __init__(self, content: str = '', *, single_word: bool | None = None, lstrip: bool | None = None, rstrip: bool | None = None, normalized: bool | None = None, special: bool = False) -> None:
        ...
    def __repr__(self) -> str:
        ...
    def __setstate__(self, arg0: dict) -> None:
        ...
    def __str__(self) -> str:
        ...
    @property
    def lstrip(self) -> bool:
        ...
    @property
    def normalized(self) -> bool:
        ...
    @property
    def rstrip(self) -> bool:
        ...
    @property
    def single_word(self) -> bool:
        ...
class DecodeStream:
    """
    Decodes token by token; step() returns text as soon as it is final, else None.
    """
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    def __copy__(self) -> DecodeStream:
        ...
    def __deepcopy__(self, memo: dict) -> DecodeStream:
        ...
    def __init__(self, ids: typing.Any = None, skip_special_tokens: bool = False) -> None:
        ...
    def step(self, tokenizer: Tokenizer, id: typing.Any) -> typing.Any:
        ...
class Decoder:
    """
    Turns tokens into text.
    """
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    def __eq__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __getstate__(self) -> bytes:
        ...
    def __hash__(self) -> int:
        ...
    @typing.overload
    def __init__(self, json: str) -> None:
        ...
    @typing.overload
    def __init__(self, other: Decoder) -> None:
        ...
    def __reduce__(self) -> tuple[..., tuple[str, bytes]]:
        ...
    def __repr__(self) -> str:
        ...
    def __str__(self) -> str:
        ...
    def _assign(self, arg0: Decoder) -> None:
        ...
    def _get(self, arg0: str) -> typing.Any:
        ...
    def _set(self, arg0: str, arg1: str) -> None:
        ...
    def decode(self, tokens: collections.abc.Sequence[str]) -> str:
        ...
    def to_json(self) -> str:
        """
        The component as it stands in tokenizer.json.
        """
class Encoding:
    """
    The output of a Tokenizer: token ids, and for every id where it comes from.
    """
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    @staticmethod
    def merge(encodings: collections.abc.Sequence[Encoding], growing_offsets: bool = True) -> Encoding:
        ...
    def __getstate__(self) -> bytes:
        ...
    def __init__(self) -> None:
        ...
    def __len__(self) -> int:
        ...
    def __repr__(self) -> str:
        ...
    def __setstate__(self, arg0: bytes) -> None:
        ...
    def char_to_token(self, char_pos: typing.SupportsInt | typing.SupportsIndex, sequence_index: typing.SupportsInt | typing.SupportsIndex = 0) -> typing.Any:
        ...
    def char_to_word(self, char_pos: typing.SupportsInt | typing.SupportsIndex, sequence_index: typing.SupportsInt | typing.SupportsIndex = 0) -> int | None:
        ...
    def pad(self, length: typing.SupportsInt | typing.SupportsIndex, *, direction: str = 'right', pad_id: typing.SupportsInt | typing.SupportsIndex = 0, pad_type_id: typing.SupportsInt | typing.SupportsIndex = 0, pad_token: str = '[PAD]') -> None:
        ...
    def set_sequence_id(self, sequence_id: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    def token_to_chars(self, token_index: typing.SupportsInt | typing.SupportsIndex) -> typing.Any:
        ...
    def token_to_sequence(self, token_index: typing.SupportsInt | typing.SupportsIndex) -> typing.Any:
        ...
    def token_to_word(self, token_index: typing.SupportsInt | typing.SupportsIndex) -> int | None:
        ...
    def truncate(self, max_length: typing.SupportsInt | typing.SupportsIndex, stride: typing.SupportsInt | typing.SupportsIndex = 0, direction: str = 'right') -> None:
        ...
    def word_to_chars(self, word_index: typing.SupportsInt | typing.SupportsIndex, sequence_index: typing.SupportsInt | typing.SupportsIndex = 0) -> typing.Any:
        ...
    def word_to_tokens(self, word_index: typing.SupportsInt | typing.SupportsIndex, sequence_index: typing.SupportsInt | typing.SupportsIndex = 0) -> tuple[int, int] | None:
        ...
    @property
    def attention_mask(self) -> list:
        """
        1, and 0 for padding.
        """
    @property
    def ids(self) -> list:
        """
        The token ids.
        """
    @property
    def n_sequences(self) -> int:
        ...
    @property
    def offsets(self) -> list:
        """
        (first, last + 1) in characters of the original text.
        """
    @property
    def overflowing(self) -> list[Encoding]:
        """
        What truncation cut off.
        """
    @property
    def sequence_ids(self) -> list:
        """
        Which input sequence each token belongs to; None for special tokens.
        """
    @property
    def special_tokens_mask(self) -> list:
        """
        1 for tokens that the post-processor or padding added.
        """
    @property
    def tokens(self) -> list:
        """
        The texts of the tokens in the vocabulary.
        """
    @property
    def type_ids(self) -> list:
        """
        Segment ids.
        """
    @property
    def word_ids(self) -> list:
        """
        Which word of its sequence each token belongs to; None for special tokens.
        """
    @property
    def words(self) -> list:
        """
        The same as word_ids; deprecated.
        """
class Model:
    """
    Turns words into tokens.
    """
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    def __eq__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __getstate__(self) -> bytes:
        ...
    def __hash__(self) -> int:
        ...
    @typing.overload
    def __init__(self, json: str) -> None:
        ...
    @typing.overload
    def __init__(self, other: Model) -> None:
        ...
    def __reduce__(self) -> tuple[..., tuple[str, bytes]]:
        ...
    def __repr__(self) -> str:
        ...
    def __str__(self) -> str:
        ...
    def _assign(self, arg0: Model) -> None:
        ...
    def _get(self, arg0: str) -> typing.Any:
        ...
    def _set(self, arg0: str, arg1: str) -> None:
        ...
    def id_to_token(self, id: typing.SupportsInt | typing.SupportsIndex) -> typing.Any:
        ...
    def save(self, folder: str, prefix: str | None = None) -> list[str]:
        """
        Writes the files of the time before tokenizer.json; returns their paths.
        """
    def to_json(self) -> str:
        """
        The component as it stands in tokenizer.json.
        """
    def token_to_id(self, token: str) -> int | None:
        ...
    def tokenize(self, sequence: str) -> list:
        ...
class NormalizedString:
    """
    A text that remembers what it was made from.
    """
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    def __getitem__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __init__(self, sequence: str) -> None:
        ...
    def __repr__(self) -> str:
        ...
    def __str__(self) -> str:
        ...
    def append(self, s: str) -> None:
        ...
    def clear(self) -> None:
        ...
    def filter(self, func: typing.Any) -> None:
        """
        Keeps the characters that `func` says yes to.
        """
    def for_each(self, func: typing.Any) -> None:
        ...
    def lowercase(self) -> None:
        ...
    def lstrip(self) -> None:
        ...
    def map(self, func: typing.Any) -> None:
        """
        Replaces every character by what `func` gives for it, its first character.
        """
    def nfc(self) -> None:
        ...
    def nfd(self) -> None:
        ...
    def nfkc(self) -> None:
        ...
    def nfkd(self) -> None:
        ...
    def prepend(self, s: str) -> None:
        ...
    def replace(self, pattern: typing.Any, content: str) -> None:
        ...
    def rstrip(self) -> None:
        ...
    def slice(self, range: typing.Any) -> typing.Any:
        """
        Characters of a range, None where it reaches outside of the text.
        """
    def split(self, pattern: typing.Any, behavior: str) -> list:
        """
        Parts, cut at the matches as the behavior says.
        """
    def strip(self) -> None:
        ...
    def uppercase(self) -> None:
        ...
    @property
    def normalized(self) -> str:
        ...
    @property
    def original(self) -> str:
        ...
class Normalizer:
    """
    Changes the text before it is split.
    """
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    def __eq__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __getstate__(self) -> bytes:
        ...
    def __hash__(self) -> int:
        ...
    @typing.overload
    def __init__(self, json: str) -> None:
        ...
    @typing.overload
    def __init__(self, other: Normalizer) -> None:
        ...
    def __reduce__(self) -> tuple[..., tuple[str, bytes]]:
        ...
    def __repr__(self) -> str:
        ...
    def __str__(self) -> str:
        ...
    def _assign(self, arg0: Normalizer) -> None:
        ...
    def _get(self, arg0: str) -> typing.Any:
        ...
    def _set(self, arg0: str, arg1: str) -> None:
        ...
    def normalize_str(self, sequence: str) -> str:
        """
        The normalized text.
        """
    def to_json(self) -> str:
        """
        The component as it stands in tokenizer.json.
        """
class PostProcessor:
    """
    Adds special tokens and joins pairs.
    """
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    def __eq__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __getstate__(self) -> bytes:
        ...
    def __hash__(self) -> int:
        ...
    @typing.overload
    def __init__(self, json: str) -> None:
        ...
    @typing.overload
    def __init__(self, other: PostProcessor) -> None:
        ...
    def __reduce__(self) -> tuple[..., tuple[str, bytes]]:
        ...
    def __repr__(self) -> str:
        ...
    def __str__(self) -> str:
        ...
    def _assign(self, arg0: PostProcessor) -> None:
        ...
    def _get(self, arg0: str) -> typing.Any:
        ...
    def _set(self, arg0: str, arg1: str) -> None:
        ...
    def num_special_tokens_to_add(self, is_pair: bool) -> int:
        ...
    def process(self, encoding: Encoding, pair: eigenformers._core.tokenizers.Encoding | None = None, add_special_tokens: bool = True) -> Encoding:
        ...
    def to_json(self) -> str:
        """
        The component as it stands in tokenizer.json.
        """
class PreTokenizedString:
    """
    A text in pieces, on its way through the pre-tokenizers.
    """
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    def __init__(self, s: str) -> None:
        ...
    def get_splits(self, offset_referential: str = 'original', offset_type: str = 'char') -> list:
        """
        [(text, (begin, end), tokens or None)]
        """
    def normalize(self, func: typing.Any) -> None:
        """
        Lets `func(piece)` change every open piece.
        """
    def split(self, func: typing.Any) -> None:
        """
        Cuts every open piece into what `func(index, piece)` gives.
        """
    def to_encoding(self, type_id: typing.SupportsInt | typing.SupportsIndex = 0, word_idx: typing.SupportsInt | typing.SupportsIndex | None = None) -> Encoding:
        ...
    def tokenize(self, func: typing.Any) -> None:
        """
        Gives every open piece the tokens of `func(text)`.
        """
class PreTokenizer:
    """
    Cuts the text into words.
    """
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    def __eq__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __getstate__(self) -> bytes:
        ...
    def __hash__(self) -> int:
        ...
    @typing.overload
    def __init__(self, json: str) -> None:
        ...
    @typing.overload
    def __init__(self, other: PreTokenizer) -> None:
        ...
    def __reduce__(self) -> tuple[..., tuple[str, bytes]]:
        ...
    def __repr__(self) -> str:
        ...
    def __str__(self) -> str:
        ...
    def _assign(self, arg0: PreTokenizer) -> None:
        ...
    def _get(self, arg0: str) -> typing.Any:
        ...
    def _set(self, arg0: str, arg1: str) -> None:
        ...
    def pre_tokenize_str(self, s: str) -> list:
        """
        [(word, (first, last + 1))] in characters of the text.
        """
    def to_json(self) -> str:
        """
        The component as it stands in tokenizer.json.
        """
class SentencePiece:
    """
    A SentencePiece model, used as it is.
    """
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    def __init__(self, model: bytes, where: str = 'SentencePiece') -> None:
        """
        From the bytes of a .model file.
        """
    def __len__(self) -> int:
        ...
    def decode(self, pieces: collections.abc.Sequence[str]) -> str:
        """
        The text of pieces.
        """
    def encode(self, text: str) -> list:
        """
        The pieces of a text.
        """
    def id_to_piece(self, id: typing.SupportsInt | typing.SupportsIndex) -> str:
        ...
    def normalize(self, text: str) -> str:
        ...
    def piece_to_id(self, piece: str) -> int:
        """
        The id of a piece, or of the unknown one.
        """
    def set_dummy_prefix(self, wanted: bool) -> None:
        ...
class Token:
    """
    A token that a model made: id, text, offsets.
    """
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    def __init__(self, id: typing.SupportsInt | typing.SupportsIndex, value: str, offsets: tuple[typing.SupportsInt | typing.SupportsIndex, typing.SupportsInt | typing.SupportsIndex]) -> None:
        ...
    def as_tuple(self) -> tuple[int, str, tuple[int, int]]:
        ...
    @property
    def id(self) -> int:
        ...
    @property
    def offsets(self) -> tuple[int, int]:
        ...
    @property
    def value(self) -> str:
        ...
class Tokenizer:
    """
    Text to token ids and back, in five steps: normalizer, pre_tokenizer, model, post_processor, decoder.
    """
    decoder: typing.Any
    encode_special_tokens: bool
    model: typing.Any
    normalizer: typing.Any
    post_processor: typing.Any
    pre_tokenizer: typing.Any
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    @staticmethod
    def from_buffer(buffer: bytes) -> Tokenizer:
        """
        From the bytes of a tokenizer.json.
        """
    @staticmethod
    def from_file(path: typing.Any) -> Tokenizer:
        """
        From a tokenizer.json.
        """
    @staticmethod
    def from_gguf(path: typing.Any) -> Tokenizer:
        """
        From the metadata of a GGUF file: `tokenizer.ggml.model` and `tokenizer.ggml.pre` decide.
        """
    @staticmethod
    def from_str(json: str) -> Tokenizer:
        """
        From the text of a tokenizer.json.
        """
    def __copy__(self) -> Tokenizer:
        ...
    def __deepcopy__(self, memo: dict) -> Tokenizer:
        ...
    def __getstate__(self) -> bytes:
        ...
    def __init__(self, model: Model) -> None:
        ...
    def __repr__(self) -> str:
        ...
    def __setstate__(self, arg0: bytes) -> None:
        ...
    def __str__(self) -> str:
        ...
    def _encode_batch_rows(self, input: list, add_special_tokens: bool = True, type_ids: bool = True, attention_mask: bool = True, made_as: str = '') -> typing.Any:
        """
        (ids, type ids or None, attention masks or None) for a batch of single texts: lists, or int64 arrays ("np") or tensors ("pt") where rows are of one size; None where only encode_batch can tell.
        """
    def add_special_tokens(self, tokens: list) -> int:
        ...
    def add_tokens(self, tokens: list) -> int:
        ...
    def decode(self, ids: typing.Any, skip_special_tokens: bool = True) -> str:
        ...
    def decode_batch(self, sequences: collections.abc.Iterable, skip_special_tokens: bool = True) -> list:
        ...
    def enable_padding(self, *, direction: str = 'right', pad_id: typing.SupportsInt | typing.SupportsIndex = 0, pad_type_id: typing.SupportsInt | typing.SupportsIndex = 0, pad_token: str = '[PAD]', length: typing.SupportsInt | typing.SupportsIndex | None = None, pad_to_multiple_of: typing.SupportsInt | typing.SupportsIndex | None = None) -> None:
        ...
    def enable_truncation(self, max_length: typing.SupportsInt | typing.SupportsIndex, *, stride: typing.SupportsInt | typing.SupportsIndex = 0, strategy: str = 'longest_first', direction: str = 'right') -> None:
        ...
    def encode(self, sequence: typing.Any, pair: typing.Any = None, is_pretokenized: bool = False, add_special_tokens: bool = True) -> Encoding:
        """
        Encodes one text, or a pair. With is_pretokenized a text is a list of words.
        """
    def encode_batch(self, input: collections.abc.Iterable, is_pretokenized: bool = False, add_special_tokens: bool = True) -> list[Encoding]:
        """
        Encodes many texts in parallel. They may come from any iterable, such as a generator, but a dict or a set.
        """
    def encode_batch_arrays(self, input: collections.abc.Iterable, is_pretokenized: bool = False, add_special_tokens: bool = True) -> tuple[numpy.typing.NDArray[numpy.int64], numpy.typing.NDArray[numpy.int64]]:
        """
        (ids of all texts one after the other, length of each) as int64 arrays.
        """
    def encode_batch_fast(self, input: collections.abc.Iterable, is_pretokenized: bool = False, add_special_tokens: bool = True) -> list[Encoding]:
        """
        As encode_batch, without offsets, tokens and words.
        """
    def get_added_tokens_decoder(self) -> dict:
        ...
    def get_vocab(self, with_added_tokens: bool = True) -> dict:
        ...
    def get_vocab_size(self, with_added_tokens: bool = True) -> int:
        ...
    def id_to_token(self, id: typing.SupportsInt | typing.SupportsIndex) -> typing.Any:
        ...
    def no_padding(self) -> None:
        ...
    def no_truncation(self) -> None:
        ...
    def num_special_tokens_to_add(self, is_pair: bool) -> int:
        ...
    def post_process(self, encoding: Encoding, pair: eigenformers._core.tokenizers.Encoding | None = None, add_special_tokens: bool = True) -> Encoding:
        ...
    def save(self, path: typing.Any, pretty: bool = True) -> None:
        ...
    def to_str(self, pretty: bool = False) -> str:
        ...
    def token_to_id(self, token: str) -> int | None:
        ...
    @property
    def _changes(self) -> int:
        """
        How often it was changed.
        """
    @property
    def padding(self) -> typing.Any:
        ...
    @property
    def truncation(self) -> typing.Any:
        ...
class _WordCounts:
    """
    How often each word occurs.
    """
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    def __init__(self, added_tokens: bool = True) -> None:
        ...
    def __len__(self) -> int:
        ...
    def feed(self, tokenizer: Tokenizer, texts: list) -> None:
        ...
    def feed_file(self, tokenizer: Tokenizer, path: str) -> None:
        ...
def _Decoder_parts(arg0: ...) -> list:
    ...
def _Decoder_sequence(arg0: collections.abc.Iterable) -> ...:
    ...
def _Decoder_set_part(arg0: ..., arg1: typing.SupportsInt | typing.SupportsIndex, arg2: typing.Any) -> None:
    ...
def _Normalizer_parts(arg0: ...) -> list:
    ...
def _Normalizer_sequence(arg0: collections.abc.Iterable) -> ...:
    ...
def _Normalizer_set_part(arg0: ..., arg1: typing.SupportsInt | typing.SupportsIndex, arg2: typing.Any) -> None:
    ...
def _PostProcessor_parts(arg0: ...) -> list:
    ...
def _PostProcessor_sequence(arg0: collections.abc.Iterable) -> ...:
    ...
def _PostProcessor_set_part(arg0: ..., arg1: typing.SupportsInt | typing.SupportsIndex, arg2: typing.Any) -> None:
    ...
def _PreTokenizer_parts(arg0: ...) -> list:
    ...
def _PreTokenizer_sequence(arg0: collections.abc.Iterable) -> ...:
    ...
def _PreTokenizer_set_part(arg0: ..., arg1: typing.SupportsInt | typing.SupportsIndex, arg2: typing.Any) -> None:
    ...
def _bpe(arg0: dict, arg1: collections.abc.Sequence[tuple[str, str]], arg2: dict) -> Model:
    ...
def _byte_alphabet() -> list:
    ...
def _custom_decoder(arg0: typing.Any) -> Decoder:
    ...
def _custom_normalizer(arg0: typing.Any) -> Normalizer:
    ...
def _custom_pre_tokenizer(arg0: typing.Any) -> PreTokenizer:
    ...
def _merges_of_vocab(vocab: dict, by_length: bool, skip: set) -> list:
    ...
def _normalize(arg0: Normalizer, arg1: NormalizedString) -> None:
    ...
def _pre_tokenize(arg0: PreTokenizer, arg1: PreTokenizedString) -> None:
    ...
def _read_sentencepiece(path: str) -> dict:
    ...
def _register_class(arg0: str, arg1: str, arg2: typing.Any) -> None:
    ...
def _set_unigram_sampling(arg0: Model, arg1: typing.SupportsFloat | typing.SupportsIndex | None, arg2: typing.SupportsInt | typing.SupportsIndex | None) -> None:
    ...
def _train(tokenizer: Tokenizer, name: str, options: str, words: _WordCounts, progress: typing.Any) -> None:
    ...
def _train_parity(tokenizer: Tokenizer, options: str, train: collections.abc.Sequence[_WordCounts], dev: collections.abc.Sequence[_WordCounts], progress: typing.Any) -> None:
    ...
def _unigram(arg0: list, arg1: typing.Any, arg2: bool) -> Model:
    ...
def _unigram_sampling(arg0: Model) -> tuple[float | None, int | None]:
    ...
def _wrap(arg0: str, arg1: str) -> typing.Any:
    ...
