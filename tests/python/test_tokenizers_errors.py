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
    (lambda t: t.encode(), TypeError, "Tokenizer.encode() missing 1 required positional argument: 'sequence'"),
    (lambda t: t.encode("a", "b", False, True, 1), TypeError,
     "Tokenizer.encode() takes from 1 to 4 positional arguments but 5 were given"),
    (lambda t: t.encode("a", foo=1), TypeError, "Tokenizer.encode() got an unexpected keyword argument 'foo'"),
    (lambda t: t.encode("a", sequence="b"), TypeError, "Tokenizer.encode() got multiple values for argument 'sequence'"),
    (lambda t: t.token_to_id("a", "b"), TypeError, "Tokenizer.token_to_id() takes 1 positional arguments but 2 were given"),
    (lambda t: t.no_padding(1), TypeError, "Tokenizer.no_padding() takes no arguments (1 given)"),
    (lambda t: t.enable_padding(1), TypeError, "Tokenizer.enable_padding() takes 0 positional arguments but 1 was given"),
    (lambda t: t.train(), TypeError, "Tokenizer.train() missing 1 required positional argument: 'files'"),
    (lambda t: t.post_process(1), TypeError, "'int' object is not an instance of 'Encoding'"),
    (lambda t: T.Tokenizer(), TypeError, "Tokenizer.__new__() missing 1 required positional argument: 'model'"),
    (lambda t: T.Tokenizer.from_str(), TypeError, "Tokenizer.from_str() missing 1 required positional argument: 'json'"),
    (lambda t: T.Encoding(1), TypeError, "Encoding.__new__() takes 0 positional arguments but 1 was given"),
    (lambda t: T.AddedToken("a", "b"), TypeError,
     "AddedToken.__new__() takes from 0 to 1 positional arguments but 2 were given"),
    (lambda t: T.Encoding().token_to_word("a"), TypeError, "'str' object cannot be interpreted as an integer"),
    (lambda t: T.Encoding().token_to_word(-1), OverflowError, "can't convert negative int to unsigned"),
    (lambda t: T.Encoding().pad(1, pad_token=3), TypeError, "'int' object is not an instance of 'str'"),
    (lambda t: T.decoders.Fuse().decode(["a"], 1), TypeError,
     "Decoder.decode() takes 1 positional arguments but 2 were given"),
    (lambda t: T.decoders.Fuse().decode("a"), TypeError, "Can't extract `str` to `Vec`"),
    (lambda t: T.decoders.Fuse().decode([1]), TypeError, "'int' object is not an instance of 'str'"),
    (lambda t: T.decoders.DecodeStream().step(), TypeError,
     "DecodeStream.step() missing 2 required positional arguments: 'tokenizer' and 'id'"),
    (lambda t: T.decoders.DecodeStream().step(1, 1), TypeError, "'int' object is not an instance of 'Tokenizer'"),
    (lambda t: T.PreTokenizedString("a").to_encoding(1, 2, 3), TypeError,
     "PreTokenizedString.to_encoding() takes from 0 to 2 positional arguments but 3 were given"),
    (lambda t: T.pre_tokenizers.Whitespace().pre_tokenize("a"), TypeError,
     "'str' object is not an instance of 'PreTokenizedString'"),
    (lambda t: t.encode("a", add_special_tokens=1), TypeError, "'int' object is not an instance of 'bool'"),
    (lambda t: setattr(t, "encode_special_tokens", 1), TypeError, "'int' object is not an instance of 'bool'"),
    (lambda t: T.AddedToken("a", special=1), TypeError, "'int' object is not an instance of 'bool'"),
    (lambda t: T.AddedToken("a", lstrip=1), TypeError, "'int' object is not an instance of 'bool'"),
    (lambda t: setattr(T.AddedToken("a"), "content", 1), TypeError, "'int' object is not an instance of 'str'"),
    (lambda t: T.normalizers.Strip("a"), TypeError, "'str' object is not an instance of 'bool'"),
    (lambda t: T.pre_tokenizers.Metaspace(1), TypeError, "'int' object is not an instance of 'str'"),
    (lambda t: T.pre_tokenizers.FixedLength("a"), TypeError, "'str' object cannot be interpreted as an integer"),
    (lambda t: T.decoders.Strip("a", -1), OverflowError, "can't convert negative int to unsigned"),
    (lambda t: T.processors.RobertaProcessing(("a", 1), ("b", 2), 1), TypeError,
     "'int' object is not an instance of 'bool'"),
    (lambda t: T.models.BPE(dropout="x"), TypeError, "must be real number, not str"),
    (lambda t: setattr(T.models.Unigram(), "alpha", "x"), TypeError, "must be real number, not str"),
    (lambda t: T.pre_tokenizers.Split("a", 1), TypeError, "'int' object is not an instance of 'str'"),
    (lambda t: setattr(T.pre_tokenizers.Metaspace(), "replacement", 1), TypeError,
     "'int' object is not an instance of 'str'"),
    (lambda t: setattr(T.normalizers.Strip(), "left", 1), TypeError, "'int' object is not an instance of 'bool'"),
    (lambda t: T.models.BPE({}, [], unk_token=1), TypeError, "'int' object is not an instance of 'str'"),
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


def test_flags_of_numpy():
    assert T.AddedToken("a", lstrip=np.bool_(True)).lstrip is True
    assert T.pre_tokenizers.Digits(np.bool_(True)).individual_digits is True


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


def test_errors_of_what_is_called_back_are_their_own():
    class Items:
        def __len__(self):
            return 1

        def __getitem__(self, index):
            T.AddedToken(1, 2, 3)

    def texts():
        yield "a"
        T.Tokenizer.from_str(3)

    engine = T.Tokenizer(T.models.WordLevel({"a": 0}, "a"))
    wanted = []
    for call in (lambda: T.AddedToken(1, 2, 3), lambda: T.Tokenizer.from_str(3)):
        with pytest.raises(TypeError) as found:
            call()
        wanted.append(str(found.value))
    with pytest.raises(TypeError) as found:
        T.NormalizedString("abc").filter(lambda _: T.AddedToken(1, 2, 3))
    assert str(found.value) == wanted[0]
    with pytest.raises(TypeError) as found:
        engine.encode_batch(texts())
    assert str(found.value) == wanted[1]
    with pytest.raises(TypeError) as found:
        engine.decode(Items())
    assert str(found.value) == wanted[0]


def test_a_keyword_that_is_no_text():
    engine = T.Tokenizer(T.models.WordLevel({"a": 0}, "a"))
    with pytest.raises((TypeError, UnicodeError)):
        engine.encode("a", **{"x\ud800": 1})
