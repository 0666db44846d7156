"""Random stacks of components on random Unicode: the same encodings, texts and errors as the live `tokenizers` library."""

from __future__ import annotations

import json
import os

import pytest
from eigenformers import tokenizers as ours

pytestmark = pytest.mark.parity
theirs = pytest.importorskip("tokenizers")
hypothesis = pytest.importorskip("hypothesis")
st = hypothesis.strategies

LETTERS = "abcdeABCsStT019é ßΣаб中日한글กाअ▁Ġ.,!?'-_#\n\t\u0301\u00a0\u3000\u200d\ufe0f½Ⅳ👍🏽🇫🇷ﬁ"
CHARACTERS = st.one_of(
    st.sampled_from(LETTERS),
    st.sampled_from(LETTERS),
    st.characters(exclude_categories=["Cs"]),
    st.characters(max_codepoint=0x3000, exclude_categories=["Cs"]),
)
TEXT = st.text(CHARACTERS, max_size=40)
SHORT = st.text(CHARACTERS, min_size=1, max_size=3)
FLAG = st.booleans()
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|"
    r"\s+(?!\S)|\s+"
)
PATTERN = st.one_of(
    st.builds(lambda s: {"String": s}, SHORT),
    st.sampled_from(
        [{"Regex": p} for p in (GPT2, LLAMA3, r"\s", r"\d+", r"\w+|[^\w\s]+", "[a-c]+", ".", r"\p{N}{1,3}")]
    ),
)
BEHAVIOR = st.sampled_from(["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"])


def component(type_: str, **fields):
    return st.fixed_dictionaries({"type": st.just(type_), **fields})


def sequence(parts, key: str):
    return st.builds(lambda items: {"type": "Sequence", key: items}, st.lists(parts, max_size=3))


METASPACE = component(
    "Metaspace",
    replacement=st.sampled_from("▁▁_"),
    prepend_scheme=st.sampled_from(["always", "first", "never"]),
    split=FLAG,
)
NORMALIZER = st.one_of(
    *[component(name) for name in ("NFC", "NFD", "NFKC", "NFKD", "Nmt", "Lowercase", "StripAccents", "ByteLevel")],
    component(
        "BertNormalizer",
        clean_text=FLAG,
        handle_chinese_chars=FLAG,
        strip_accents=st.none() | FLAG,
        lowercase=FLAG,
    ),
    component("Strip", strip_left=FLAG, strip_right=FLAG),
    component("Prepend", prepend=SHORT),
    component("Replace", pattern=PATTERN, content=st.text(CHARACTERS, max_size=2)),
)
PRE_TOKENIZER = st.one_of(
    *[component(name) for name in ("BertPreTokenizer", "Whitespace", "WhitespaceSplit", "UnicodeScripts")],
    component("ByteLevel", add_prefix_space=FLAG, trim_offsets=FLAG, use_regex=FLAG),
    component("CharDelimiterSplit", delimiter=CHARACTERS),
    component("Digits", individual_digits=FLAG),
    component("Punctuation", behavior=BEHAVIOR),
    component("FixedLength", length=st.integers(1, 5)),
    component("Split", pattern=PATTERN, behavior=BEHAVIOR, invert=FLAG),
    METASPACE,
)
DECODER = st.one_of(
    *[component(name) for name in ("ByteFallback", "Fuse")],
    component("ByteLevel", add_prefix_space=FLAG, trim_offsets=FLAG, use_regex=FLAG),
    component("WordPiece", prefix=st.just("##"), cleanup=FLAG),
    component("BPEDecoder", suffix=st.just("</w>")),
    component("CTC", pad_token=st.just("a"), word_delimiter_token=st.just("|"), cleanup=FLAG),
    component("Strip", content=st.sampled_from(" a"), start=st.integers(0, 2), stop=st.integers(0, 2)),
    component("Replace", pattern=st.builds(lambda s: {"String": s}, SHORT), content=st.text(CHARACTERS, max_size=2)),
    METASPACE,
)
PROCESSOR = st.one_of(
    st.none(),
    component("ByteLevel", add_prefix_space=FLAG, trim_offsets=FLAG, use_regex=FLAG),
    component("BertProcessing", sep=st.just(["[S]", 1]), cls=st.just(["[C]", 2])),
    component(
        "RobertaProcessing",
        sep=st.just(["[S]", 1]),
        cls=st.just(["[C]", 2]),
        trim_offsets=FLAG,
        add_prefix_space=FLAG,
    ),
)


def alphabet() -> list[str]:
    """The printable characters that stand for the bytes."""
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    return [chr(b) for b in shown] + [chr(256 + i) for i in range(256 - len(shown))]


@st.composite
def models(draw):
    """A model with a small vocabulary."""
    kind = draw(st.sampled_from(["WordLevel", "WordPiece", "BPE", "BPE", "ByteBPE", "ByteBPE", "Unigram"]))
    special = ["[U]", "[S]", "[C]"]
    letters = draw(st.lists(st.sampled_from(LETTERS), min_size=3, max_size=25, unique=True))
    if kind == "Unigram":
        pieces = draw(st.lists(st.text(st.sampled_from(letters), min_size=1, max_size=4), max_size=20, unique=True))
        scores = draw(st.lists(st.integers(-30, -1), min_size=len(pieces), max_size=len(pieces)))
        vocab = [[t, 0.0] for t in special] + [[p, s / 4] for p, s in zip(pieces, scores)]
        if draw(FLAG):
            vocab += [[f"<0x{b:02X}>", -9.0] for b in range(256)]
        return {"type": "Unigram", "unk_id": 0, "vocab": vocab, "byte_fallback": draw(FLAG)}
    if kind in ("WordLevel", "WordPiece"):
        words = special + draw(st.lists(st.text(st.sampled_from(letters), min_size=1, max_size=4), max_size=20))
        if kind == "WordPiece":
            words += ["##" + w for w in words[3:]] + letters
        vocab = {w: i for i, w in enumerate(dict.fromkeys(words))}
        if kind == "WordLevel":
            return {"type": "WordLevel", "vocab": vocab, "unk_token": "[U]"}
        return {
            "type": "WordPiece",
            "unk_token": "[U]",
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": draw(st.sampled_from([4, 100])),
            "vocab": vocab,
        }
    tokens = special + (alphabet() if kind == "ByteBPE" else letters)
    fallback = kind == "BPE" and draw(FLAG)
    if fallback:
        tokens += [f"<0x{b:02X}>" for b in range(256)]
    merges = []
    base = [t for t in tokens[3:] if not t.startswith("<0x")]
    for _ in range(draw(st.integers(0, 25))):
        left, right = draw(st.sampled_from(base)), draw(st.sampled_from(base))
        if [left, right] not in merges and len(left + right) < 8:
            merges.append([left, right])
            base.append(left + right)
    vocab = {t: i for i, t in enumerate(dict.fromkeys(tokens + base))}
    return {
        "type": "BPE",
        "dropout": None,
        "unk_token": draw(st.sampled_from([None, "[U]"])),
        "continuing_subword_prefix": None,
        "end_of_word_suffix": None,
        "fuse_unk": draw(FLAG),
        "byte_fallback": fallback,
        "ignore_merges": draw(FLAG),
        "vocab": vocab,
        "merges": merges,
    }


@st.composite
def stacks(draw):
    """A whole tokenizer.json."""
    model = draw(models())
    names = [p[0] for p in model["vocab"]] if model["type"] == "Unigram" else list(model["vocab"])
    added = []
    for content in draw(st.lists(SHORT, max_size=3, unique=True)):
        token = {"id": names.index(content) if content in names else len(names), "content": content}
        if content not in names:
            names.append(content)
        flags = ("single_word", "lstrip", "rstrip", "normalized", "special")
        added.append({**token, **{flag: draw(FLAG) for flag in flags}})
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": sorted(added, key=lambda t: t["id"]),
        "normalizer": draw(st.none() | NORMALIZER | sequence(NORMALIZER, "normalizers")),
        "pre_tokenizer": draw(st.none() | PRE_TOKENIZER | sequence(PRE_TOKENIZER, "pretokenizers")),
        "post_processor": draw(PROCESSOR),
        "decoder": draw(st.none() | DECODER | sequence(DECODER, "decoders")),
        "model": model,
    }


def normalized_tokens(stack) -> list:
    """Contents of the added tokens that are looked for in normalized text."""
    found = [t["content"] for t in stack["added_tokens"] if t["normalized"]]
    if stack["normalizer"] is not None:
        part = ours.Tokenizer.from_str(json.dumps({**stack, "added_tokens": []})).normalizer
        found = [part.normalize_str(content) for content in found]
    return found


def ambiguous(stack) -> bool:
    """Added tokens become equal when normalized: the library takes one of them at random."""
    found = normalized_tokens(stack)
    return len(set(found)) < len(found)


def parts(encoding) -> dict:
    return {
        name: list(getattr(encoding, name))
        for name in ("ids", "tokens", "offsets", "type_ids", "attention_mask", "special_tokens_mask", "word_ids")
    }


def outcome(method, *args, **kwargs):
    """What the call gives; a refusal is one, whatever its words; a panic of the library says nothing."""
    try:
        result = method(*args, **kwargs)
        return parts(result) if hasattr(result, "ids") else result
    except Exception:
        return "refused"
    except BaseException as error:
        if type(error).__name__ == "PanicException":
            return "panicked"
        raise


def agree(found, expected) -> bool:
    return expected == "panicked" or found == expected


def compare(text: str, found, call) -> None:
    """`call` on the library gives what we found. Of added tokens that become the same text when normalized, the library
    picks one at random as it loads: where it differs, it may try again."""
    assert any(agree(found, call(theirs.Tokenizer.from_str(text))) for _ in range(12)), (text, found)


@hypothesis.settings(
    max_examples=int(os.environ.get("EF_PROPERTY_EXAMPLES", "600")),
    deadline=None,
    suppress_health_check=list(hypothesis.HealthCheck),
    database=None,
    derandomize="EF_PROPERTY_EXAMPLES" not in os.environ,  # the same cases each time, unless a search is asked for
    print_blob=True,
)
@hypothesis.given(stacks(), st.lists(TEXT, min_size=1, max_size=4), FLAG)
def test_random_stacks(stack, texts, special):
    text = json.dumps(stack)
    mine, other = outcome(ours.Tokenizer.from_str, text), outcome(theirs.Tokenizer.from_str, text)
    hypothesis.assume(not isinstance(mine, str) and not isinstance(other, str))
    # A token that normalizes to nothing the library finds between any two bytes: it cuts ASCII there, and panics elsewhere.
    hypothesis.assume("" not in normalized_tokens(stack))
    each = []
    for sample in texts:
        found = outcome(mine.encode, sample, add_special_tokens=special)
        compare(text, found, lambda t, x=sample: outcome(t.encode, x, add_special_tokens=special))
        if isinstance(found, str):
            continue
        ids = found["ids"]
        each.append(ids)
        assert mine.encode_batch_fast([sample], add_special_tokens=special)[0].ids == ids
        assert list(mine.encode_batch_arrays([sample], add_special_tokens=special)[0]) == ids
        for some in (ids, ids * 5000 if 0 < len(ids) < 8 else ids):  # many are decoded the fast way
            compare(text, outcome(mine.decode, some), lambda t, x=some: outcome(t.decode, x))
    if len(each) == len(texts):  # neighbours of a batch leave each other alone
        flat, lengths = mine.encode_batch_arrays(texts, add_special_tokens=special)
        assert (flat.tolist(), lengths.tolist()) == (sum(each, []), [len(ids) for ids in each])
    both = (texts[0], texts[-1])
    compare(text, outcome(mine.encode, *both), lambda t: outcome(t.encode, *both))
