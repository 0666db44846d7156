"""Components as objects that are shared and changed, what the calls take, and the texts of errors."""

from __future__ import annotations

import copy
import pickle
import warnings

import numpy as np

LIBRARY = "tokenizers"


def _word_tokenizer(lib):
    tokenizer = lib.Tokenizer(lib.models.WordLevel({"?": 0, "a": 1, "b": 2, "c": 3}, unk_token="?"))
    tokenizer.pre_tokenizer = lib.pre_tokenizers.Whitespace()
    return tokenizer


def case_parts_of_a_sequence_are_the_parts(lib):
    n, p, r = lib.normalizers, lib.pre_tokenizers, lib.processors
    bert, level, trim = n.BertNormalizer(), p.ByteLevel(), r.ByteLevel()
    first = n.Sequence([n.NFC(), bert])
    second = p.Sequence([level, p.Digits()])
    third = r.Sequence([trim])
    bert.lowercase = False
    first[1].strip_accents = True
    second[0].add_prefix_space = False
    second[1].individual_digits = True
    third[0].trim_offsets = False
    out = [str(x) for x in (bert, first, level, second, trim, third)]
    first[1] = n.Strip()
    third[0] = r.BertProcessing(("a", 1), ("b", 2))
    return [*out, *(str(x) for x in (bert, first, trim, third))]


def case_components_of_a_tokenizer_are_the_components(lib):
    n, p, r, d = lib.normalizers, lib.pre_tokenizers, lib.processors, lib.decoders
    model = lib.models.BPE({"a": 0, "b": 1, "ab": 2}, [("a", "b")])
    tokenizer, other = lib.Tokenizer(model), lib.Tokenizer(model)
    strip, level, trim, space = n.Strip(), p.ByteLevel(), r.ByteLevel(), d.Metaspace()
    tokenizer.normalizer = n.Sequence([strip, n.Lowercase()])
    tokenizer.pre_tokenizer, tokenizer.post_processor, tokenizer.decoder = level, trim, space
    other.decoder = space
    strip.left = False
    tokenizer.normalizer[0].right = False
    level.use_regex = False
    tokenizer.post_processor.trim_offsets = False
    tokenizer.decoder.replacement = "_"
    tokenizer.model.unk_token = "a"
    model.fuse_unk = True
    shown = [str(x) for x in (tokenizer.normalizer, strip, level, trim, space, other.decoder)]
    shown += [model.unk_token, other.model.unk_token, tokenizer.model.fuse_unk, other.to_str(), tokenizer.to_str()]
    left_behind = tokenizer.normalizer
    tokenizer.normalizer = n.NFC()
    left_behind[1] = n.NFD()
    first, second = tokenizer.normalizer, tokenizer.normalizer
    again = copy.deepcopy(tokenizer)
    again.decoder.split = False
    return [*shown, str(left_behind), str(tokenizer.normalizer), str(tokenizer.decoder), str(first) == str(second)]


def case_python_components_in_a_sequence(lib):
    class Shout:
        def normalize(self, text):
            text.append("!")

    sequence = lib.normalizers.Sequence([lib.normalizers.Normalizer.custom(Shout()), lib.normalizers.Strip()])
    out = [len(sequence), type(sequence[0]).__name__, sequence[0].normalize_str("a"), sequence.normalize_str(" a ")]
    sequence[1].left = False
    out.append(sequence.normalize_str(" a "))
    sequence[0] = lib.normalizers.Lowercase()
    return [*out, str(sequence), sequence.normalize_str(" A ")]


def case_states(lib):
    n = lib.normalizers
    strip = n.Strip()
    strip.__setstate__(b'{"type":"Strip","strip_left":false,"strip_right":true}')
    sequence = pickle.loads(pickle.dumps(n.Sequence([n.Strip(), n.NFC()])))
    sequence[0].left = False
    state = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
    levels = [lib.pre_tokenizers.ByteLevel(**state), lib.processors.ByteLevel(**state)]
    lib.decoders.ByteLevel(**state)
    bert = lib.processors.BertProcessing(sep=("[SEP]", 1), cls_token=("[CLS]", 2))
    before = [list(bert.sep), list(bert.cls), isinstance(bert.sep, tuple)]
    bert.sep, bert.cls = ("x", 4), ("y", 9)
    template = lib.processors.TemplateProcessing("$A x", special_tokens=[("x", 1)])
    texts = [template.single]
    template.single = "x:1 $A:3"
    texts += [template.single, str(template)]
    return [*(str(x) for x in (strip, sequence, *levels, bert)), before, *texts]


def case_added_tokens_become_special(lib):
    tokenizer = lib.Tokenizer(lib.models.BPE())
    plain, kept = lib.AddedToken("q"), lib.AddedToken("r", normalized=True)
    before = [plain.normalized, kept.normalized, plain.special]
    count = tokenizer.add_special_tokens([plain, kept, lib.AddedToken()])
    return [before, count, str([plain, kept]), str(tokenizer.get_added_tokens_decoder())]


def case_input_formats(lib):
    tokenizer = _word_tokenizer(lib)
    texts = [
        ["a b", "c"],
        ("a b", ("c", "a")),
        [["a b", "c"], ("b", "b")],
        np.array(["a b", "c"]),
        np.array(["a b", "c"], dtype=object),
        np.array([["a b", "c"], ["b", "b"]]),
        [np.array(["a", "b"])],
    ]
    words = [
        [["a", "b"], ["c"]],
        [["a"]],
        (("a", "b", "c"), ("c",)),
        [(["a"], ["b", "c"]), [("a",), ("b",)]],
        np.array([["a", "b"], ["c", "c"]], dtype=object),
        np.array([[["a", "b"], ["c", "c"]]], dtype=object),
    ]
    out = [[(e.ids, e.type_ids) for e in tokenizer.encode_batch(batch)] for batch in texts]
    out += [[(e.ids, e.type_ids, e.word_ids) for e in tokenizer.encode_batch(w, is_pretokenized=True)] for w in words]
    single = [tokenizer.encode(["a", "b"], ("c",), is_pretokenized=True), tokenizer.encode(np.str_("a b"))]
    single.append(tokenizer.encode(np.array(["a", "b"], dtype=object), is_pretokenized=True))
    return [out, [(e.ids, e.type_ids) for e in single]]


def case_texts_of_errors(lib):
    tokenizer = _word_tokenizer(lib)
    encoding = tokenizer.encode("a b")
    n, r, m = lib.normalizers, lib.processors, lib.models

    def assign(target, name, value):
        setattr(target, name, value)

    calls = [
        lambda: encoding.truncate(1, direction="up"),
        lambda: encoding.pad(3, direction="up"),
        lambda: tokenizer.enable_truncation(4, strategy="all"),
        lambda: tokenizer.enable_truncation(2, stride=4),
        lambda: tokenizer.enable_padding(direction="up"),
        lambda: n.Sequence([n.NFC(), 1]),
        lambda: n.Sequence([n.NFC()])[2],
        lambda: n.Sequence([n.NFC()]).__setitem__(2, n.NFC()),
        lambda: n.Sequence([n.NFC()]).__setitem__(0, 4),
        lambda: assign(tokenizer, "normalizer", 3),
        lambda: assign(tokenizer, "pre_tokenizer", n.NFC()),
        lambda: assign(tokenizer, "post_processor", 3),
        lambda: assign(tokenizer, "decoder", 3),
        lambda: lib.Tokenizer(3),
        lambda: n.unicode_normalizer_from_str("x"),
        lambda: r.TemplateProcessing("$A", "$A"),
        lambda: r.TemplateProcessing(["$A", "x"], special_tokens=[{"id": "x", "ids": [1]}]),
        lambda: r.TemplateProcessing(["$A", "x"], special_tokens=[3]),
        lambda: m.BPE("vocab.json", []),
        lambda: m.Unigram(unk_id=0),
        lambda: m.Unigram([("a", -1.0)]).tokenize("b"),
        lambda: lib.PreTokenizedString("a").to_encoding(),
        lambda: lib.PreTokenizedString("a").split(3),
        lambda: lib.PreTokenizedString("a").normalize(3),
        lambda: lib.PreTokenizedString("a").tokenize(3),
        lambda: lib.PreTokenizedString("a").split(lambda i, part: [3]),
        lambda: lib.PreTokenizedString("a").tokenize(lambda part: [3]),
        lambda: n.Normalizer.custom(3).normalize_str("a"),
        lambda: lib.NormalizedString("a").filter(3),
        lambda: lib.NormalizedString("a").map(3),
        lambda: lib.NormalizedString("a").for_each(3),
        lambda: lib.decoders.DecodeStream().step(tokenizer, "a"),
        lambda: tokenizer.encode_batch("ab"),
        lambda: tokenizer.encode_batch([3]),
        lambda: tokenizer.encode_batch([("a", 3)]),
        lambda: tokenizer.encode_batch(np.array([1, 2])),
        lambda: tokenizer.encode_batch(["a"], is_pretokenized=True),
        lambda: tokenizer.encode_batch([[3]], is_pretokenized=True),
        lambda: tokenizer.encode([3], is_pretokenized=True),
        lambda: lib.Regex(3),
    ]
    return [_message(call) for call in calls]


def _message(call):
    try:
        call()
    except Exception as error:  # noqa: BLE001 (whatever it is)
        return str(error).rstrip(".")
    return "no error"


def case_neither_flag_nor_sequence(lib):
    """`is_pair` is True or False; a dict or a set is no batch."""

    def outcome(make):
        try:
            return make()
        except TypeError as error:
            return f"TypeError: {error}"

    tokenizer = lib.Tokenizer(lib.models.WordLevel({"a": 0, "s": 1}, unk_token="a"))
    tokenizer.post_processor = lib.processors.BertProcessing(("s", 1), ("s", 1))
    values, out = (True, False, None, 5, 0, "x", [], 1.0), []
    for owner in (tokenizer, tokenizer.post_processor):
        out.append([str(outcome(lambda: owner.num_special_tokens_to_add(value))).partition(":")[0] for value in values])  # noqa: B023
    for encode in (tokenizer.encode_batch, tokenizer.encode_batch_fast):
        batches = ({"a": 1}, {"a"}, frozenset("a"), ("a", "a"), [])
        out.append([outcome(lambda: [encoding.ids for encoding in encode(batch)]) for batch in batches])  # noqa: B023
    return out


def case_words_are_deprecated(lib):
    encoding = _word_tokenizer(lib).encode("a b")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        words = encoding.words
    return [words, [w.category.__name__ for w in caught]]


def case_slices_of_a_text(lib):
    text = lib.NormalizedString("abc")
    ranges = [(1, 9), (3, 3), (4, 9), (0, 0), slice(-2, None), slice(1, 99), -3, 2, 3]
    return [None if text[r] is None else text[r].normalized for r in ranges]


def case_copies_of_a_stream(lib):
    tokenizer = _word_tokenizer(lib)
    stream = lib.decoders.DecodeStream([1])
    copies = [copy.copy(stream), copy.deepcopy(stream)]
    return [s.step(tokenizer, ids) for s, ids in zip([stream, *copies], (2, 2, [2, 3]))] + [
        copies[0].step(tokenizer, 3)
    ]


def case_unigram_options(lib):
    model = lib.models.Unigram(alpha=0.5, nbest_size=4)
    out = [model.alpha, model.nbest_size, str(model)]
    model.alpha, model.nbest_size = None, 9
    out += [model.alpha, model.nbest_size]
    plain = lib.models.Unigram([("<unk>", 0.0), ("a", -1.0), ("b", -2.0), ("ab", -5.0)], 0, alpha=0.0)
    tokenizer = lib.Tokenizer(plain)
    out.append([tokenizer.encode("abab?").tokens, tokenizer.to_str(), plain.alpha])
    one_way = lib.models.Unigram([("<unk>", 0.0), ("a", -1.0), ("bc", -2.0)], 0, alpha=0.3, nbest_size=8)
    return [*out, [t.as_tuple() for t in one_way.tokenize("abc??a")]]


def case_names(lib):
    enums = (lib.OffsetReferential, lib.OffsetType, lib.SplitDelimiterBehavior)
    types = (lib.Offsets, lib.TextInputSequence, lib.InputSequence, lib.EncodeInput)
    return [[(x.name, x.value) for e in enums for x in e], len(types), sorted(lib.normalizers.NORMALIZERS)]


def case_long_texts_shown(lib):
    """str() shows the first hundred bytes of a text."""
    parts = [lib.normalizers.Replace("a" * 150, "é" * 60), lib.models.WordLevel({"q" * 130: 0}, "u" * 101),
             lib.normalizers.Prepend("b" * 100)]  # fmt: skip
    return [[str(part), repr(part)] for part in parts]


def case_decoders_of_nothing(lib):
    rows = [[], ["ab", "ca"], ["é"], ["", "a"]]
    return [[lib.decoders.Replace("", "x").decode(list(row)), lib.decoders.BPEDecoder(suffix="").decode(list(row))] for row in rows]


def case_sequences_in_sequences(lib):
    n, p, r, d = lib.normalizers, lib.pre_tokenizers, lib.processors, lib.decoders
    inner = n.Sequence([n.Lowercase(), n.Strip()])
    outer = n.Sequence([n.NFC(), inner, n.Sequence([])])
    inner[1].left = False
    outer[2].right = False
    nested = [str(role.Sequence([role.Sequence([]), role.Sequence([role.Sequence([])])])) for role in (n, p, r, d)]
    return [len(outer), str(outer), str(inner), nested]


def case_added_again(lib):
    """A token that is added twice is the later one."""
    out = []
    for flags in ((False, True), (True, False)):
        tokenizer = lib.Tokenizer(lib.models.WordLevel({"<unk>": 0, "ab": 1}, unk_token="<unk>"))
        tokenizer.normalizer = lib.normalizers.Replace(lib.Regex("a|b"), "_")
        tokenizer.add_tokens([lib.AddedToken("ab", normalized=flag) for flag in flags])
        out += [[e.ids, e.tokens, e.offsets] for e in map(tokenizer.encode, ("ab", "x ab", "__"))]
    return out


BEHAVIORS = ("isolated", "removed", "merged_with_previous", "merged_with_next", "contiguous")


def case_empty_literals(lib):
    n, p = lib.normalizers, lib.pre_tokenizers
    texts = ("", " ", "ab c", "é中 x")
    splits = [p.Split("", behavior, invert) for behavior in BEHAVIORS for invert in (False, True)]
    tokenizer = lib.Tokenizer(lib.models.BPE({"a": 0, "b": 1, " ": 2, "-": 3, "ab": 4}, [("a", "b")]))
    tokenizer.normalizer, tokenizer.pre_tokenizer = n.Replace("", "-"), p.Split("", "isolated")
    again = lib.Tokenizer.from_str(tokenizer.to_str())
    return {
        "replaced": [[n.Replace("", to).normalize_str(text) for to in ("-", "")] for text in texts],
        "split": [[list(map(list, split.pre_tokenize_str(text))) for text in texts] for split in splits],
        "states": [n.Replace("", "-").__getstate__().decode(), splits[0].__getstate__().decode()],
        "encoded": [[list(map(list, t.encode(text).offsets)) for text in texts] for t in (tokenizer, again)],
        "ids": [t.encode("ab a").ids for t in (tokenizer, again)],
    }


def case_limits_shown(lib):
    tokenizer = lib.Tokenizer(lib.models.WordLevel({"a": 0}, unk_token="a"))
    shown = []
    for options in (
        {"max_length": 5, "stride": 2, "direction": "left", "strategy": "only_first"},
        {"max_length": 0},
        {"max_length": 512, "strategy": "only_second"},
    ):
        tokenizer.enable_truncation(**options)
        shown += [repr(tokenizer), str(tokenizer)]
    for options in (
        {},
        {"length": 5, "direction": "left", "pad_to_multiple_of": 3, "pad_id": 1, "pad_type_id": 2},
        {"pad_token": 'a"\\\nb', "pad_to_multiple_of": 8},
        {"pad_token": "x" * 150, "length": 0},
    ):
        tokenizer.enable_padding(**options)
        shown += [repr(tokenizer), str(tokenizer)]
        tokenizer.no_truncation()
    return shown


def case_numbers_and_behaviors_shown(lib):
    out = []
    for dropout in (0.1, 0.3, 0.5, 1.0, 0.0, 1 / 3, 1e-7):
        model = lib.models.BPE({"a": 0}, [], dropout=dropout)
        file = lib.Tokenizer(model).to_str()
        out += [repr(model), repr(model.dropout), repr(lib.Tokenizer.from_str(file).model.dropout), file]
    for behavior in BEHAVIORS:
        split, punctuation = lib.pre_tokenizers.Split("a", behavior), lib.pre_tokenizers.Punctuation(behavior)
        out += [split.behavior, punctuation.behavior, repr(split)]
        split.behavior = behavior
        out.append(split.behavior)
    return out


def case_texts_in_python(lib):
    mapped = lib.NormalizedString("straße İ")
    mapped.map(str.upper)
    cleared = lib.NormalizedString("abc")
    cleared.clear()
    texts = [lib.NormalizedString(text) for text in ("", "a", "abca", "bab")] + [cleared]
    patterns = ("a", "ab", "", lib.Regex(""), lib.Regex("a*"))
    return {
        "mapped": mapped.normalized,
        "shown": [repr(lib.NormalizedString(text)) for text in ('a\n"\\', "", "é\t", "x" * 150)],
        "parts": [
            [[part.normalized, part.original] for part in text.split(pattern, behavior)]
            for text in texts
            for pattern in patterns
            for behavior in BEHAVIORS
        ],
    }


def case_kept_pieces(lib):
    kept = []

    def cut(index, piece):
        parts = piece.split("b", "isolated")
        kept.extend([piece, *parts])
        return parts

    text = lib.PreTokenizedString("ébcbd")
    text.split(cut)
    text.split(lambda index, piece: [kept[1 + index]])
    for piece in kept:
        piece.uppercase()
    splits = [[part, list(span)] for part, span, _ in text.get_splits()]

    class Cutter:
        def pre_tokenize(self, text):
            text.split(cut)

    lib.pre_tokenizers.PreTokenizer.custom(Cutter()).pre_tokenize_str("xby")
    return [splits, [[piece.normalized, piece.original, str(piece.slice((0, 1)))] for piece in kept]]
