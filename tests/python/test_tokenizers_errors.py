"""repr of large tokenizers takes no time to speak of, and wrong arguments give short errors: types and texts as in tokenizers."""

import time

import numpy as np
import pytest
from eigenformers import tokenizers as T

ERRORS = [  # as tokenizers 0.23 has them
    (lambda t: t.token_to_id(None), TypeError, "'None' is not an instance of 'str'"),
    (lambda t: t.token_to_id(3), TypeError, "'int' object is not an instance of 'str'"),
    (lambda t: t.id_to_token(-1), OverflowError, "number too small to fit in target type"),
    (lambda t: t.id_to_token(2**32), OverflowError, "number too large to fit in target type"),
    (lambda t: t.id_to_token(2**70), OverflowError, "Python int too large to convert to C long"),
    (lambda t: t.id_to_token(1.0), TypeError, "'float' object cannot be interpreted as an integer"),
    (lambda t: t.encode("a", is_pretokenized="x"), TypeError, "'str' object is not an instance of 'bool'"),
    (lambda t: t.encode_batch(None), TypeError, "'None' is not an instance of 'Sequence'"),
    (lambda t: t.encode_batch("ab"), TypeError, "Can't extract `str` to `Vec`"),
    (lambda t: t.decode(None), TypeError, "'None' is not an instance of 'Sequence'"),
    (lambda t: t.decode("x"), TypeError, "Can't extract `str` to `Vec`"),
    (lambda t: t.decode([None]), TypeError, "'NoneType' object cannot be interpreted as an integer"),
    (lambda t: t.decode([-1]), OverflowError, "number too small to fit in target type"),
    (lambda t: t.decode(np.array([0.0])), TypeError, "'numpy.float64' object cannot be interpreted as an integer"),
    (lambda t: t.decode_batch(3), TypeError, "'int' object is not an instance of 'Sequence'"),
    (lambda t: t.decode_batch([None]), TypeError, "'None' is not an instance of 'Sequence'"),
    (lambda t: t.num_special_tokens_to_add(1), TypeError, "'int' object is not an instance of 'bool'"),
    (lambda t: t.add_tokens("x"), TypeError, "'str' object is not an instance of 'list'"),
    (lambda t: t.add_special_tokens(None), TypeError, "'None' is not an instance of 'list'"),
    (lambda t: t.enable_truncation("3"), TypeError, "'str' object cannot be interpreted as an integer"),
    (lambda t: t.enable_truncation(3.0), TypeError, "'float' object cannot be interpreted as an integer"),
    (lambda t: t.enable_truncation(5, stride=-1), OverflowError, "can't convert negative int to unsigned"),
    (lambda t: t.enable_truncation(2**64), OverflowError, "int too big to convert"),
    (lambda t: t.enable_truncation(5, strategy=3), TypeError, "'int' object is not an instance of 'str'"),
    (lambda t: t.enable_padding(pad_id=-1), OverflowError, "number too small to fit in target type"),
    (lambda t: t.enable_padding(pad_token=None), TypeError, "'None' is not an instance of 'str'"),
    (lambda t: t.enable_padding(length=3.0), TypeError, "'float' object cannot be interpreted as an integer"),
    (lambda t: T.decoders.DecodeStream(3), TypeError, "'int' object is not an instance of 'Sequence'"),
    (lambda t: T.decoders.DecodeStream(ids=[-1]), OverflowError, "number too small to fit in target type"),
]


@pytest.fixture
def tokenizer():
    made = T.Tokenizer(T.models.WordLevel({"a": 0, "b": 1, "[UNK]": 2}, unk_token="[UNK]"))
    made.pre_tokenizer = T.pre_tokenizers.Whitespace()
    return made


@pytest.mark.parametrize("call, error, text", ERRORS)
def test_wrong_arguments(tokenizer, call, error, text):
    with pytest.raises(error) as found:
        call(tokenizer)
    assert str(found.value) == text


def test_arrays_and_bytes_of_ids(tokenizer):
    assert tokenizer.decode(np.array([])) == ""
    assert tokenizer.decode(np.array([0, 1])) == "a b"
    T.decoders.DecodeStream(ids=b"\0\1")
    for one in (np.array(1), np.int64(1), np.array([1]), True):
        assert T.decoders.DecodeStream().step(tokenizer, one) == "b"


def test_repr_shows_99_items(tokenizer):
    def model(size):
        return T.models.WordLevel({f"a{i}": i for i in range(size)}, unk_token="a0")

    assert "..." not in repr(model(99)) and repr(model(99)).count(":") == 99
    assert "..." in repr(model(100)) and repr(model(100)).count(":") == 99
    assert str(model(6)).count(":") == 5


def test_repr_of_a_large_vocabulary():
    words = {f"w{i}": i for i in range(250_000)}
    tokenizer = T.Tokenizer(T.models.WordLevel(words, unk_token="w0"))
    start = time.perf_counter()
    text = repr(tokenizer)
    with pytest.raises(TypeError):
        tokenizer.encode()
    assert time.perf_counter() - start < 10  # minutes where it is quadratic
    assert text.endswith('"w98":98, ...}, unk_token="w0"))')
