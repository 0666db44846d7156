"""Training of models: the same corpus gives the same vocabulary, where the real library's result is the same each time."""

from __future__ import annotations

import json
import os
import pickle
import random
import tempfile

LIBRARY = "tokenizers"

WORDS = """the of and to in a is that for it as was with be by on not he his but at are this have from or had an
which one you were her all she there would their we him been has when who will more no if out so said what up its
about into than them can only other new some could time these two may then do first any my now such like our over
man me even most made after also did many before must through back years where much your way well down should
because each just those people how too little state good very make world still own see men work long get here
between both life being under never day same another know while last might us great old year off come since against
go came right used take three low lower lowest slow slowest newer newest wide wider widest über café naïve 日本 日本語
привет мир""".split()


def corpus(lines=400, seed=11):
    pick = random.Random(seed)
    weights = [1 / (1 + index) for index in range(len(WORDS))]
    return [" ".join(pick.choices(WORDS, weights, k=pick.randint(3, 14))) + pick.choice([".", "!", ", 12", ""])
            for _ in range(lines)]  # fmt: skip


def trained(lib, model, trainer, pre_tokenizer="Whitespace", texts=None, normalizer=None):
    tokenizer = lib.Tokenizer(model)
    if pre_tokenizer == "ByteLevel":
        tokenizer.pre_tokenizer = lib.pre_tokenizers.ByteLevel(add_prefix_space=False)
    elif pre_tokenizer:
        tokenizer.pre_tokenizer = getattr(lib.pre_tokenizers, pre_tokenizer)()
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    tokenizer.train_from_iterator(corpus() if texts is None else texts, trainer)
    return tokenizer


def model_of(tokenizer):
    model = json.loads(tokenizer.to_str())
    return {**model["model"], "added": [token["content"] for token in model["added_tokens"]]}


def case_bpe(lib):
    def bpe(pre_tokenizer="Whitespace", model=None, **options):
        trainer = lib.trainers.BpeTrainer(show_progress=False, **options)
        model = lib.models.BPE(unk_token="<unk>") if model is None else model
        out = model_of(trained(lib, model, trainer, pre_tokenizer))
        return {**out, "vocab": list(out["vocab"].items())}

    special = ["<unk>", lib.AddedToken("<mask>", lstrip=True), "low"]
    alphabet = lib.pre_tokenizers.ByteLevel.alphabet()
    return {
        "small": bpe(vocab_size=120, special_tokens=["<unk>"]),
        "special": bpe(vocab_size=150, special_tokens=special),
        "to the end": bpe(vocab_size=5000, special_tokens=["<unk>"]),
        "frequency": bpe(vocab_size=5000, min_frequency=40, special_tokens=["<unk>"]),
        "alphabet": bpe(vocab_size=100, initial_alphabet=["zz", "q", "€"], special_tokens=["<unk>"]),
        "limited": bpe(vocab_size=90, limit_alphabet=24, special_tokens=["<unk>"]),
        "length": bpe(vocab_size=200, max_token_length=4, special_tokens=["<unk>"]),
        "bytes": bpe("ByteLevel", lib.models.BPE(), vocab_size=400, initial_alphabet=alphabet),
        "whole lines": bpe(None, vocab_size=180, special_tokens=["<unk>"]),
        "options stay": bpe(model=lib.models.BPE(unk_token="<unk>", dropout=0.5, fuse_unk=True, byte_fallback=True),
                            vocab_size=80, special_tokens=["<unk>"]),
        "affixes of the model go": bpe(model=lib.models.BPE(unk_token="<unk>", dropout=0.1, end_of_word_suffix="</w>",
                                                            continuing_subword_prefix="##"),
                                       vocab_size=60, special_tokens=["<unk>"]),
        "default trainer": bpe_default(lib),
    }  # fmt: skip


def bpe_default(lib):
    tokenizer = lib.Tokenizer(lib.models.BPE())
    tokenizer.pre_tokenizer = lib.pre_tokenizers.WhitespaceSplit()
    tokenizer.train_from_iterator(["low low lower", "lowest"])
    return model_of(tokenizer)["merges"]


def case_word_piece(lib):
    """With the prefix the real library numbers the letters at random: then the words that are tokens are compared."""

    def word_piece(**options):
        trainer = lib.trainers.WordPieceTrainer(show_progress=False, special_tokens=["[UNK]", "[CLS]"], **options)
        return trained(lib, lib.models.WordPiece(unk_token="[UNK]"), trainer)

    plain = model_of(word_piece(vocab_size=160, continuing_subword_prefix=""))
    full = word_piece(vocab_size=5000)
    return {
        "no prefix": {**plain, "vocab": list(plain["vocab"].items())},
        "words": sorted(word for word in WORDS if full.token_to_id(word) is not None),
        "prefix": full.model.continuing_subword_prefix,
        "letters": sorted(token for token in full.get_vocab() if len(token) == 3 and token.startswith("##")),
    }


def case_word_level(lib):
    def word_level(**options):
        trainer = lib.trainers.WordLevelTrainer(show_progress=False, **options)
        out = model_of(trained(lib, lib.models.WordLevel(unk_token="[UNK]"), trainer))
        return {**out, "vocab": list(out["vocab"].items())}

    return {
        "all": word_level(special_tokens=["[UNK]", "[PAD]"]), "few": word_level(vocab_size=20, special_tokens=["[UNK]"]),
        "frequent": word_level(min_frequency=25),
    }  # fmt: skip


def case_unigram(lib):
    def unigram(model=None, **options):
        trainer = lib.trainers.UnigramTrainer(show_progress=False, **options)
        tokenizer = trained(lib, lib.models.Unigram() if model is None else model, trainer, "Metaspace")
        out = model_of(tokenizer)
        pieces = sorted(map(tuple, out["vocab"]))  # letters that were pruned get their scores in random order
        return {
            "unk": out["unk_id"], "added": out["added"], "pieces": [piece for piece, _ in pieces],
            "scores": [score for piece, score in pieces if len(piece) > 1],
            "tokens": [tokenizer.encode(text).tokens for text in corpus(12, 5)],
        }  # fmt: skip

    return {  # as many pieces as there are
        "unknown": unigram(vocab_size=600, unk_token="<unk>", special_tokens=["<s>", "<unk>"]),
        "more rounds": unigram(vocab_size=600, unk_token="<unk>", n_sub_iterations=4),
        "short": unigram(vocab_size=500, max_piece_length=3, n_sub_iterations=1, initial_alphabet=["€"]),
    }


def case_unigram_pruned(lib):
    """Which pieces stay, and how good they are; which of the letters has which score is random."""
    out = {}
    for options in (
        {"vocab_size": 60}, {"vocab_size": 140}, {"vocab_size": 160, "shrinking_factor": 0.9},
        {"vocab_size": 120, "n_sub_iterations": 4}, {"vocab_size": 120, "max_piece_length": 3},
        {"vocab_size": 120, "seed_size": 200}, {"vocab_size": 500, "seed_size": 70}, {"vocab_size": 500, "seed_size": 5},
        {"vocab_size": 150, "special_tokens": ["<s>", "<unk>"], "unk_token": "<unk>", "initial_alphabet": ["€"]},
    ):
        trainer = lib.trainers.UnigramTrainer(show_progress=False, **options)
        vocab = model_of(trained(lib, lib.models.Unigram(), trainer, "Metaspace"))["vocab"]
        out[str(options)] = [
            " ".join(sorted(piece for piece, _ in vocab)),
            sorted(round(score, 6) for piece, score in vocab if len(piece) > 1),
        ]
    return out


def case_unigram_corners(lib):
    """More special tokens than the size, the same one twice; what the old model did with bytes is gone."""
    bytes_ = [("<unk>", 0.0), *((f"<0x{byte:02X}>", -1.0) for byte in range(256))]
    out = []
    for model, options in (
        (lib.models.Unigram(), {"vocab_size": 3, "special_tokens": ["<a>", "<b>", "<c>", "<d>", "<b>"], "unk_token": "<u>"}),
        (lib.models.Unigram(), {"vocab_size": 2, "special_tokens": ["<a>", "x"]}),
        (lib.models.Unigram(bytes_, 0, byte_fallback=True), {"vocab_size": 40, "unk_token": "<unk>"}),
    ):
        trainer = lib.trainers.UnigramTrainer(show_progress=False, **options)
        # The real one never ends where the letters do not fit, and its order of equally frequent ones is random.
        texts = ["xx"] if options["vocab_size"] > 9 else []
        tokenizer = trained(lib, model, trainer, "Metaspace", texts=texts)
        out.append([model_of(tokenizer), json.loads(tokenizer.to_str())["added_tokens"]])
    return out


def case_empty_corpus(lib):
    """Nothing, blanks, or letters alone, with options at their ends."""
    out = {}
    for name, options in (
        ("Bpe", {"special_tokens": ["<s>", "<s>", "a"], "limit_alphabet": 0}), ("Bpe", {"initial_alphabet": ["zz", "", "é"]}),
        ("Bpe", {"vocab_size": 0, "special_tokens": ["<s>"]}), ("Bpe", {"max_token_length": 0}), ("Bpe", {"max_token_length": 1}),
        ("Bpe", {"end_of_word_suffix": ""}), ("Bpe", {"min_frequency": 2}),
        ("WordLevel", {"special_tokens": ["a", "[UNK]", "a"], "vocab_size": 1}), ("WordLevel", {"vocab_size": 0}),
        ("WordPiece", {"vocab_size": 0, "continuing_subword_prefix": ""}),
    ):
        for texts in ([], [""], [" \n"], ["a b"], ["ab ab cd"]):
            model = getattr(lib.models, {"Bpe": "BPE"}.get(name, name))()
            trainer = getattr(lib.trainers, f"{name}Trainer")(show_progress=False, **options)
            made = model_of(trained(lib, model, trainer, texts=texts))
            out[f"{name} {options} {texts}"] = [list(made["vocab"].items()), made.get("merges"), made["added"]]
    return out


def case_added_tokens(lib):
    """Found in the texts as when encoding; each is a word, that is cut no further."""
    added, pre = lib.AddedToken, lib.pre_tokenizers
    texts = ["foo bar <x> foo", "bar <x>", "FOO fox<x>  far a <x>b boo"]
    out = {}

    def case(name, tokens=(), special=(), pre_tokenizer=None, normalizer=None, keep=True, kind="BPE", first=()):
        tokenizer = lib.Tokenizer(getattr(lib.models, kind)())
        tokenizer.pre_tokenizer = pre_tokenizer or pre.Whitespace()
        tokenizer.normalizer = normalizer
        tokenizer.add_tokens(list(tokens))
        tokenizer.add_special_tokens(list(special))
        tokenizer.encode_special_tokens = not keep
        options = {"continuing_subword_prefix": ""} if kind == "WordPiece" else {}
        trainer = getattr(lib.trainers, f"{kind.title() if kind == 'BPE' else kind}Trainer")(
            show_progress=False, special_tokens=list(first), **options
        )
        for _ in range(2 if first else 1):
            tokenizer.train_from_iterator(texts, trainer)
        made = model_of(tokenizer)
        vocab = sorted(piece for piece, _ in made["vocab"]) if kind == "Unigram" else list(made["vocab"].items())
        out[name] = [vocab, made.get("merges"), made["added"]]

    case("none")
    case("token", ["<x>"])
    case("special", special=["<x>"])
    case("special as text", special=["<x>"], keep=False)
    case("several words", ["foo bar"])
    case("part of a word", ["o"])
    case("single word", [added("a", single_word=True), added("fo", single_word=True)])
    case("white space", special=[added("<x>", lstrip=True, rstrip=True)], pre_tokenizer=pre.WhitespaceSplit())
    case("normalized", ["foo"], normalizer=lib.normalizers.Lowercase())
    case("not normalized", [added("FOO", normalized=False)], normalizer=lib.normalizers.Lowercase())
    case("bytes", ["é"], ["<x>"], pre_tokenizer=pre.ByteLevel())
    case("metaspace", special=["<x>"], pre_tokenizer=pre.Metaspace())
    case("first metaspace", special=["<x>"], pre_tokenizer=pre.Metaspace(prepend_scheme="first"))
    case("second training", first=["<x>"])
    for kind in ("WordPiece", "WordLevel", "Unigram"):
        case(kind, ["o"], ["<x>"], kind=kind)
    tokenizer = lib.Tokenizer(lib.models.BPE())
    tokenizer.pre_tokenizer = pre.Whitespace()
    tokenizer.add_special_tokens(["<x>"])
    trainer = lib.trainers.ParityBpeTrainer(num_merges=20, show_progress=False)
    trainer.train_from_iterator(tokenizer, [texts[:2], texts[2:]], dev_iterators=[["a <x>"], ["<x>b"]])
    out["several languages"] = model_of(tokenizer)
    return out


def case_files_and_iterators(lib):
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for name, text in (("a.txt", "low lower\nlowest low\n"), ("b.txt", "new newest\n\nlow"), ("c.txt", "")):
            paths.append(os.path.join(folder, name))
            with open(paths[-1], "w", encoding="utf-8") as file:
                file.write(text)
        tokenizer = lib.Tokenizer(lib.models.BPE())
        tokenizer.train(paths, lib.trainers.BpeTrainer(vocab_size=20, show_progress=False))
        from_files = model_of(tokenizer)
    trainer = lib.trainers.BpeTrainer(vocab_size=20, show_progress=False)
    nested = trained(lib, lib.models.BPE(), trainer, texts=[["low lower", "x"], ("lowest",), "new"])
    count = trainer.get_word_count()
    one = trained(lib, lib.models.BPE(), trainer, texts=(text for text in ["low lower lowest"]))
    lower = trained(lib, lib.models.BPE(), trainer, texts=["LOW Low low"], normalizer=lib.normalizers.Lowercase())
    return {
        "files": [sorted(from_files["vocab"]), from_files["merges"]], "nested": model_of(nested)["merges"],
        "count": count, "one": model_of(one)["merges"], "lower": model_of(lower)["vocab"],
    }  # fmt: skip


def case_trainers(lib):
    t = lib.trainers
    made = [
        t.BpeTrainer(), t.WordPieceTrainer(), t.WordLevelTrainer(), t.UnigramTrainer(),
        t.BpeTrainer(vocab_size=7, special_tokens=["a", lib.AddedToken("b", lstrip=True)], limit_alphabet=3,
                     initial_alphabet=["x"], end_of_word_suffix="</w>", max_token_length=5, progress_format="silent"),
        t.UnigramTrainer(unk_token="<u>", shrinking_factor=0.5, initial_alphabet=["abc"]),
    ]  # fmt: skip
    out = {"repr": [repr(trainer) for trainer in made], "str": [str(trainer) for trainer in made]}
    out["state"] = [json.loads(trainer.__getstate__()) for trainer in made]
    out["again"] = [repr(pickle.loads(pickle.dumps(trainer))) for trainer in made[:2]]  # noqa: S301
    changed = t.BpeTrainer()
    changed.vocab_size, changed.min_frequency, changed.special_tokens = 9, 3, ["<x>"]
    changed.initial_alphabet = ["q"]
    out["changed"] = [
        changed.vocab_size,
        changed.min_frequency,
        [str(getattr(t, "content", t)) for t in changed.special_tokens],
    ]
    return out


def case_options(lib):
    """What is no option, or can't be its value, is refused at once."""

    def outcome(make):
        try:
            value = make()
            return [str(token) for token in value] if isinstance(value, list) else value
        except AttributeError:
            return "AttributeError"  # its text names the module
        except (TypeError, ValueError, OverflowError) as error:
            return f"{type(error).__name__}: {error}"

    def changed(made, name, value):
        setattr(made, name, value)
        return getattr(made, name)

    values = {
        "vocab_size": ["x", object(), None, 1.5, [], 7, True], "min_frequency": ["x", -1, 1 << 64, 3],
        "show_progress": ["x", 1, None, False], "initial_alphabet": ["abc", object(), [1], ["ab"], ["a"], []],
        "limit_alphabet": ["x", -1, 2.0, None, 3], "continuing_subword_prefix": [3, None, "##"],
        "end_of_word_suffix": [b"x", "</w>"], "max_token_length": ["x", -3, None, 4],
        "special_tokens": [["a", lib.AddedToken("b", lstrip=True)], []],
        "vocabsize": [5], "zzz": [None], "num_merges": ["x", -1, 5], "alpha": ["1", object(), 2, 0.5],
        "total_symbols": [0, True], "window_size": [-1, 3],
    }  # fmt: skip
    t, m, out = lib.trainers, lib.models, {}
    for kind in (t.BpeTrainer, t.WordPieceTrainer, t.WordLevelTrainer, t.UnigramTrainer, t.ParityBpeTrainer):
        name = kind.__name__
        for option, some in values.items():
            if name != "WordPieceTrainer" or option != "max_token_length":
                out[f"{name}.{option}"] = [outcome(lambda: changed(kind(), option, value)) for value in some]  # noqa: B023
        found = [object(), 3, "ab", [1], [None]]
        out[f"{name}, special tokens"] = [outcome(lambda: kind(special_tokens=v)).partition(":")[0] for v in found]  # noqa: B023
    made = [{"vocab_size": -1}, {"vocab_size": "x"}, {"min_frequency": 1.0}, {"max_token_length": -1}, {"show_progress": 0}]
    out["made"] = [outcome(lambda: t.BpeTrainer(**options)) for options in made]  # noqa: B023
    kept = t.BpeTrainer(special_tokens=["a"])
    kept.special_tokens.append("b")
    out["copies"] = len(kept.special_tokens)
    out["seeds"] = json.loads(t.UnigramTrainer(seed_size=77).__getstate__())
    out["models"] = [outcome(lambda: changed(kind(), "zzz", 3)) for kind in (m.BPE, m.WordPiece, m.WordLevel, m.Unigram)]  # noqa: B023
    for kind in (m.BPE, m.Unigram):
        sizes = [0, 5, -1, None, "x", 1.5]
        out[f"cache of {kind.__name__}"] = [kind()._clear_cache(), [outcome(lambda: kind()._resize_cache(n)) for n in sizes]]  # noqa: B023
    return out


def case_errors(lib):
    def error(make):
        try:
            make()
        except Exception as problem:  # noqa: BLE001 (the text is what is compared)
            return str(problem)
        return "no error"

    def run(model, trainer):
        return error(lambda: trained(lib, model, trainer, texts=["a b c d e f"]))

    bpe, word = lib.trainers.BpeTrainer(show_progress=False), lib.trainers.WordLevelTrainer(show_progress=False)
    out = [run(lib.models.WordLevel(), bpe), run(lib.models.BPE(), word)]
    small = run(lib.models.Unigram(), lib.trainers.UnigramTrainer(vocab_size=2, show_progress=False))
    return [text[:30] for text in out] + ["The vocabulary is not large enough" in small,
                                          error(lambda: lib.trainers.BpeTrainer(special_tokens=[3]))]  # fmt: skip


LANGUAGES = {"en": "low lower lowest new newer newest wide wider", "de": "über älter kälter tief tiefer tiefste",
             "ja": "日本語 日本 東京 京都", "rare": "zz zzz zzzz"}  # fmt: skip


def case_parity_bpe(lib):
    """Several languages at once, by each of the rules."""
    pick = random.Random(5)
    train = [[" ".join(pick.choices(words.split(), k=8)) for _ in range(count)]
             for words, count in zip(LANGUAGES.values(), (40, 20, 10, 3))]  # fmt: skip
    dev = [[" ".join(pick.choices(words.split(), k=6)) for _ in range(4)] for words in LANGUAGES.values()]

    def parity(ratio=None, dev=None, **options):
        tokenizer = lib.Tokenizer(lib.models.BPE(unk_token="<unk>"))  # the model is another one afterwards
        tokenizer.pre_tokenizer = lib.pre_tokenizers.Whitespace()
        trainer = lib.trainers.ParityBpeTrainer(show_progress=False, **options)
        trainer.train_from_iterator(tokenizer, train, dev_iterators=dev, ratio=ratio)
        out = model_of(tokenizer)
        return [out, repr(trainer), trainer.__getstate__(), pickle.loads(pickle.dumps(trainer)).__getstate__()]

    def refused(*iterators, dev=None, ratio=None, **options):
        try:
            tokenizer = lib.Tokenizer(lib.models.BPE())
            lib.trainers.ParityBpeTrainer(show_progress=False, **options).train_from_iterator(
                tokenizer, list(iterators), dev, ratio
            )
        except (ValueError, RuntimeError) as error:
            return str(error).rpartition(": ")[2].strip()
        return "no error"

    special = ["<s>", lib.AddedToken("<m>", lstrip=True), "low"]
    return {
        "training texts": parity(num_merges=25), "dev": parity(dev=dev, num_merges=25),
        "ratio": parity(ratio=[1.0, 1.2, 0.5, 2.0], num_merges=25), "ratio of the trainer": parity(num_merges=10, ratio=[1.0, 9, 1, 1]),
        "dev before ratio": parity(ratio=[1.0, 9, 1, 1], dev=dev, num_merges=10),
        "window": parity(num_merges=25, variant="window", window_size=4, alpha=1.5),
        "window of ratios": parity(num_merges=25, variant="window", window_size=6, ratio=[1.0, 2.0, 3.0, 4.0]),
        "global": parity(num_merges=20, global_merges=8, dev=dev), "frequency": parity(num_merges=90, min_frequency=9),
        "to the end": parity(num_merges=500, max_token_length=4, special_tokens=special),
        "symbols": parity(num_merges=60, total_symbols=True, special_tokens=special, initial_alphabet=["q", "x"]),
        "errors": [
            refused(), refused(["a b"], dev=[["a"], ["b"]]), refused(["a b"], ratio=[1.0, 2.0]), refused(["a"], variant="x"),
            refused(["a"], ratio=[-1.0]), refused(["a"], variant="window", window_size=0),
            refused(["a"], variant="window", alpha=-1.0),
        ],
    }  # fmt: skip


def case_special_token_lengths(lib):
    """A special token that a merge makes again has the length that it has in words."""
    trainer = lib.trainers.BpeTrainer(
        vocab_size=60, max_token_length=4, special_tokens=["ab", "abc"], show_progress=False
    )
    out = model_of(trained(lib, lib.models.BPE(), trainer, texts=["abcabcabc abcde abcdef deabc"] * 3))
    return [out["vocab"], out["merges"]]


def case_ready_made(lib):
    """The pipelines of `implementations`, trained and made from a vocabulary."""
    made = [
        lib.ByteLevelBPETokenizer(lowercase=True, unicode_normalizer="nfkc"), lib.CharBPETokenizer(lowercase=True),
        lib.SentencePieceBPETokenizer(), lib.SentencePieceUnigramTokenizer(),
    ]  # fmt: skip
    out = []
    for tokenizer in made:
        options = {"unk_token": "<unk>"} if tokenizer is made[3] else {"min_frequency": 1}
        tokenizer.train_from_iterator(corpus(60), vocab_size=900, show_progress=False, **options)
        encoding = tokenizer.encode("The  Lowest naïve x")
        out.append([repr(tokenizer), encoding.tokens, encoding.offsets, tokenizer.decode(encoding.ids)])
    vocab = {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "[MASK]": 4, "low": 5, "##est": 6}
    bert = lib.BertWordPieceTokenizer(vocab)
    out.append([repr(bert), bert.encode("Lowest [MASK]", "low").ids, bert.normalize("LÖW"), bert.get_vocab_size()])
    bert.enable_padding(length=8)
    out.append([bert.encode("low").ids, bert.padding["length"], str(bert.get_added_tokens_decoder()[4].content)])
    return out
