"""Random components, encodings, added tokens and trainers: the same JSON, texts and pieces as the live `tokenizers` library."""

from __future__ import annotations

import copy
import importlib.util
import json
import os
import pickle
from pathlib import Path

import pytest
from eigenformers import tokenizers as ours

pytestmark = pytest.mark.parity
theirs = pytest.importorskip("tokenizers")
hypothesis = pytest.importorskip("hypothesis")
st = hypothesis.strategies
_spec = importlib.util.spec_from_file_location(
    "stacks_of_components", Path(__file__).parent / "test_tokenizers_property.py"
)
base = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(base)
FLAG, TEXT, SHORT, CHARACTERS = base.FLAG, base.TEXT, base.SHORT, base.CHARACTERS

SETTINGS = hypothesis.settings(
    max_examples=int(os.environ.get("EF_PROPERTY_EXAMPLES", "200")),
    deadline=None,
    suppress_health_check=list(hypothesis.HealthCheck),
    database=None,
    derandomize="EF_PROPERTY_EXAMPLES" not in os.environ,
    print_blob=True,
)
SPECIAL = ["[S]", "[C]", "[U]"]
ONE = st.sampled_from(["$A", "$A:0", "$A:3", "$", "$0", "$1", "[S]", "[C]:1", "[S]:5"])
TWO = st.one_of(ONE, ONE, st.sampled_from(["$B", "$B:1", "$B:2"]))


def outcome(call, *args, **kwargs):
    """What a call gives; a refusal is one, whatever its words; a panic of the library says nothing."""
    try:
        return call(*args, **kwargs)
    except Exception:
        return "refused"
    except BaseException as error:
        if type(error).__name__ == "PanicException":
            return "panicked"
        raise


def agree(found, other) -> bool:
    """Equal, but where the library panicked."""
    if other == "panicked":
        return True
    if isinstance(found, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(found) == len(other) and all(map(agree, found, other))
    return found == other


def same(call) -> None:
    """`call(library)` gives equal results."""
    found, other = outcome(lambda: call(ours)), outcome(lambda: call(theirs))
    if not agree(found, other):
        assert found == other


def parts(encoding) -> list:
    return [base.parts(encoding), encoding.sequence_ids, encoding.n_sequences, len(encoding),
            [base.parts(e) for e in encoding.overflowing]]  # fmt: skip


def state(component) -> list:
    if type(component).__module__.startswith("eigenformers"):  # the library cannot copy all of its components
        for copied in (copy.deepcopy(component), pickle.loads(pickle.dumps(component))):
            assert repr(copied) == repr(component)
    return [repr(component), str(component), json.loads(component.__getstate__())]


@SETTINGS
@hypothesis.given(base.stacks())
def test_json_and_copies(stack):
    text = json.dumps(stack)

    def states(lib):
        tokenizer = lib.Tokenizer.from_str(text)
        roles = [getattr(tokenizer, role) for role in ("normalizer", "pre_tokenizer", "post_processor", "decoder")]
        return [json.loads(tokenizer.to_str()), [state(part) for part in roles if part is not None],
                json.loads(pickle.loads(pickle.dumps(tokenizer)).to_str()),
                json.loads(copy.deepcopy(tokenizer).to_str(pretty=True))]  # fmt: skip

    if outcome(lambda: len(theirs.Tokenizer.from_str(text).get_vocab())) != "refused":
        same(states)


@SETTINGS
@hypothesis.given(base.NORMALIZER, base.PRE_TOKENIZER, base.DECODER, TEXT, st.lists(TEXT, max_size=5))
def test_components_alone(normalizer, pre_tokenizer, decoder, text, tokens):
    def run(lib):
        stack = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": normalizer,
                 "pre_tokenizer": pre_tokenizer, "post_processor": None, "decoder": decoder,
                 "model": {"type": "WordLevel", "vocab": {"[U]": 0}, "unk_token": "[U]"}}  # fmt: skip
        tokenizer = lib.Tokenizer.from_str(json.dumps(stack))
        normalized = lib.NormalizedString(text)
        tokenizer.normalizer.normalize(normalized)
        split = lib.PreTokenizedString(text)
        tokenizer.pre_tokenizer.pre_tokenize(split)
        return [
            tokenizer.normalizer.normalize_str(text), normalized.normalized, normalized.original,
            tokenizer.pre_tokenizer.pre_tokenize_str(text), split.get_splits(),
            split.get_splits("normalized", "byte"), tokenizer.decoder.decode(tokens),
        ]  # fmt: skip

    same(run)


SIDE = st.sampled_from(["left", "right"])
STRATEGY = st.sampled_from(["longest_first", "only_first", "only_second"])
TRUNCATION = st.none() | st.tuples(st.integers(0, 9), st.integers(0, 4), STRATEGY, SIDE)
PADDING = st.none() | st.tuples(SIDE, st.none() | st.integers(0, 12), st.none() | st.integers(0, 5))
TEXTS = st.lists(TEXT, min_size=2, max_size=3)


@SETTINGS
@hypothesis.given(base.models(), st.lists(ONE, max_size=5), st.lists(TWO, max_size=6), TEXTS, FLAG, TRUNCATION, PADDING)
def test_templates_truncation_padding(model, single, pair, texts, roberta, truncation, padding):
    if truncation:  # what is cut off multiplies with every use of a text: the library takes gigabytes for five of them
        hypothesis.assume(all(sum(piece.startswith("$") for piece in t) <= 2 for t in (single, pair)))
    if truncation:  # a length without room for the special tokens is refused; the library then cuts nothing
        needed = max(sum(not piece.startswith("$") for piece in template) for template in (single, pair))
        hypothesis.assume(truncation[0] - needed >= truncation[1])  # a longer stride is refused, here when it is used

    def run(lib):
        stack = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None,
                 "pre_tokenizer": {"type": "Whitespace"}, "post_processor": None, "decoder": None, "model": model}  # fmt: skip
        tokenizer = lib.Tokenizer.from_str(json.dumps(stack))
        template = lib.processors.TemplateProcessing(
            single=single, pair=pair, special_tokens=[("[S]", 1), ("[C]", 2), ("[S]", 1)]
        )
        tokenizer.post_processor = (
            lib.processors.Sequence([lib.processors.ByteLevel(trim_offsets=True), template]) if roberta else template
        )
        if truncation:
            length, stride, strategy, direction = truncation
            tokenizer.enable_truncation(length, stride=stride, strategy=strategy, direction=direction)
        if padding:
            direction, length, multiple = padding
            tokenizer.enable_padding(
                direction=direction,
                length=length,
                pad_to_multiple_of=multiple,
                pad_id=3,
                pad_type_id=7,
                pad_token="[P]",
            )
        return [
            state(template), tokenizer.truncation, tokenizer.padding, tokenizer.num_special_tokens_to_add(True),
            tokenizer.num_special_tokens_to_add(False), outcome(lambda: parts(tokenizer.encode(texts[0]))),
            outcome(lambda: parts(tokenizer.encode(texts[0], texts[1]))),
            outcome(lambda: parts(tokenizer.encode(texts[0], texts[1], add_special_tokens=False))),
            outcome(lambda: [parts(e) for e in tokenizer.encode_batch([*texts, (texts[0], texts[1])])]),
            outcome(lambda: [e.ids for e in tokenizer.encode_batch_fast(texts)]),
            outcome(lambda: parts(tokenizer.encode(texts[0].split() or ["a"], texts, is_pretokenized=True))),
        ]  # fmt: skip

    same(run)


@SETTINGS
@hypothesis.given(
    base.stacks(),
    st.lists(TEXT, min_size=3, max_size=3),
    st.lists(st.integers(-1, 30), min_size=6, max_size=6),
    FLAG,
    FLAG,
)
def test_encodings(stack, texts, numbers, growing, left):
    text = json.dumps(stack)

    def run(lib):
        tokenizer = lib.Tokenizer.from_str(text)
        encodings = [tokenizer.encode(t) for t in texts]
        merged = lib.Encoding.merge(encodings, growing_offsets=growing)
        pair = tokenizer.encode(texts[0], texts[1])
        out = [parts(merged), repr(pair)]
        for e in (pair, merged):
            for n in numbers:
                for call in (e.char_to_token, e.char_to_word, e.word_to_tokens, e.word_to_chars):
                    out += [outcome(call, n, 0), outcome(call, n, 1)]
                out += [outcome(call, n) for call in (e.token_to_chars, e.token_to_word, e.token_to_sequence)]
        direction = "left" if left else "right"
        length, stride, to = max(numbers[0], 0), max(numbers[1] % 7, 0), max(numbers[2], 0)
        filler = {"direction": direction, "pad_id": 9, "pad_type_id": 4, "pad_token": "*"}
        for e in (pair, encodings[2], copy.deepcopy(merged), pickle.loads(pickle.dumps(merged))):
            out += [outcome(e.truncate, length, stride=stride, direction=direction), parts(e)]
            out += [outcome(e.pad, to, **filler), parts(e)]
        return out

    if outcome(lambda: theirs.Tokenizer.from_str(text) and 1) == 1:
        hypothesis.assume(not base.ambiguous(stack))
        same(run)


CONTENT = st.one_of(
    SHORT,
    st.text(st.sampled_from("ab <>A é"), max_size=4),
    st.sampled_from(["<a>", "<a", "a>", " a", "a ", "  ", "<a><a>", "A", "é", "e\u0301", ""]),
)
ADDED = st.lists(
    st.tuples(
        CONTENT, st.fixed_dictionaries({f: FLAG for f in ("single_word", "lstrip", "rstrip", "normalized", "special")})
    ),
    max_size=6,
)


@SETTINGS
@hypothesis.given(
    base.models(),
    st.sampled_from([None, "NFC", "NFD", "Lowercase", "StripAccents"]),
    st.sampled_from([None, "Whitespace", "ByteLevel", "Metaspace"]),
    ADDED,
    ADDED,
    st.lists(st.text(st.sampled_from("ab <>A é\u0301xX.\n"), max_size=14), min_size=1, max_size=3),
    FLAG,
)
def test_added_tokens(model, normalizer, pre_tokenizer, added, special, texts, encode_special):
    contents = [c for c, _ in [*added, *special]]
    rows = [{"content": c, "normalized": flags["normalized"]} for c, flags in [*added, *special]]
    stack = {"normalizer": normalizer and {"type": normalizer}, "added_tokens": rows, "model": model, "version": "1.0"}
    hypothesis.assume(len(set(contents)) == len(contents) or not normalizer)
    hypothesis.assume(not normalizer or not base.ambiguous(stack))

    def run(lib):
        stack = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "post_processor": None,
                 "decoder": None, "normalizer": normalizer and {"type": normalizer}, "pre_tokenizer": None,
                 "model": model}  # fmt: skip
        tokenizer = lib.Tokenizer.from_str(json.dumps(stack))
        if pre_tokenizer:
            tokenizer.pre_tokenizer = getattr(lib.pre_tokenizers, pre_tokenizer)()
        tokens = [[lib.AddedToken(c, **flags) for c, flags in rows] for rows in (added, special)]
        out = [[repr(t), str(t), hash(t) == hash(copy.copy(t)), t == copy.deepcopy(t)] for t in tokens[0]]
        out.append(
            [
                tokenizer.add_tokens(tokens[0]),
                tokenizer.add_special_tokens([*tokens[1], "[U]"]),
                tokenizer.get_vocab_size(),
            ]
        )
        tokenizer.encode_special_tokens = encode_special
        out.append(json.loads(tokenizer.to_str())["added_tokens"])
        out.append({i: repr(t) for i, t in tokenizer.get_added_tokens_decoder().items()})
        for source in (tokenizer, lib.Tokenizer.from_str(tokenizer.to_str())):
            for text in texts:
                encoding = source.encode(text)
                out.append(base.parts(encoding))
                out.append([source.decode(encoding.ids), source.decode(encoding.ids, skip_special_tokens=False)])
            out.append([source.token_to_id(c) for c in contents])
            source.encode_special_tokens = encode_special
        return out

    same(run)


@SETTINGS
@hypothesis.given(base.stacks(), TEXT, st.lists(st.integers(0, 60), max_size=12), FLAG)
def test_decode_stream(stack, text, ids, skip):
    source = json.dumps(stack)

    def run(lib):
        tokenizer = lib.Tokenizer.from_str(source)
        out = []
        for row in (tokenizer.encode(text).ids, ids):
            stream = lib.decoders.DecodeStream(skip_special_tokens=skip)
            for index in row:
                out.append(outcome(stream.step, tokenizer, index))
                if out[-1] in ("refused", "panicked"):
                    break
        return out

    if outcome(lambda: theirs.Tokenizer.from_str(source) and 1) == 1:
        hypothesis.assume(not base.ambiguous(stack))
        same(run)


WORD = st.text(st.sampled_from("abcdé日Ж"), min_size=1, max_size=6)
LINES = st.lists(st.lists(WORD, min_size=1, max_size=12).map(" ".join), max_size=8)
OPTIONS = st.fixed_dictionaries({
    "vocab_size": st.integers(0, 60), "min_frequency": st.integers(0, 3),
    "special_tokens": st.lists(st.sampled_from(["[U]", "ab", "<x>", "a"]), max_size=3, unique=True),
    "initial_alphabet": st.lists(st.sampled_from("xyzé"), max_size=3, unique=True),
})  # fmt: skip


@SETTINGS
@hypothesis.given(
    LINES,
    OPTIONS,
    st.none() | st.integers(1, 6),
    st.sampled_from(["Whitespace", "ByteLevel", None]),
    st.sampled_from(["BPE", "WordLevel", "WordPiece"]),
)
def test_trainers(lines, options, length, pre_tokenizer, kind):
    def run(lib):
        model = getattr(lib.models, kind)()
        tokenizer = lib.Tokenizer(model)
        if pre_tokenizer:
            tokenizer.pre_tokenizer = getattr(lib.pre_tokenizers, pre_tokenizer)()
        kept = dict(options, show_progress=False)
        if kind == "WordLevel":
            kept.pop("initial_alphabet")
        if kind == "BPE":
            kept["max_token_length"] = length
        if kind == "WordPiece":
            kept["continuing_subword_prefix"] = ""  # there, the pieces with one come in an order of chance
        trainer = getattr(lib.trainers, "BpeTrainer" if kind == "BPE" else f"{kind}Trainer")(**kept)
        shown = repr(trainer) if len(options["initial_alphabet"]) < 2 else ""
        tokenizer.train_from_iterator(lines, trainer)
        spec = json.loads(tokenizer.to_str())
        return [spec["model"], spec["added_tokens"], shown]

    same(run)
