// The models, each against a plain reference or known values.
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <map>
#include <set>

#include "core/error.h"
#include "random_text.h"
#include "tokenizers/byte_alphabet.h"
#include "tokenizers/mark.h"
#include "tokenizers/models/bpe.h"
#include "tokenizers/models/word_loop.h"
#include "tokenizers/models/piece_automaton.h"
#include "tokenizers/models/prefix_trie.h"
#include "tokenizers/models/simple.h"

namespace ef::tokenizers {
namespace {

Vocab vocab_of(const std::vector<std::string>& tokens) {
  Vocab vocab;
  for (size_t i = 0; i < tokens.size(); i++) vocab.add(tokens[i], uint32_t(i));
  vocab.finish("test");
  return vocab;
}
std::vector<std::string> texts(const Model& model, std::string_view word) {
  std::vector<Token> tokens;
  model.tokenize(word, Spelling::Vocabulary, nullptr, tokens);
  std::vector<std::string> out;
  uint32_t at = 0;
  for (const Token& t : tokens) {
    EXPECT_EQ(t.begin, at);
    at = t.end;
    out.emplace_back(*model.id_to_token(t.id));
  }
  return out;
}
using Strings = std::vector<std::string>;

TEST(Vocab, FindsTokensOfEveryLength) {
  Vocab vocab;
  std::string token;
  for (uint32_t i = 0; i < 60; i++) vocab.add(token, i), token += char('a' + i % 3);
  vocab.finish("test");
  token.clear();
  for (uint32_t i = 0; i < 60; i++) {
    EXPECT_EQ(vocab.find(token), i);
    EXPECT_EQ(vocab.token(i), token);
    EXPECT_EQ(vocab.find(token + "\0"), token + "\0" == token ? std::optional(i) : std::nullopt);
    if (!token.empty()) EXPECT_EQ(vocab.find(token + "x"), std::nullopt);
    token += char('a' + i % 3);
  }
  EXPECT_EQ(vocab.find(std::string("a\0", 2)), std::nullopt);  // zero bytes count
  EXPECT_EQ(vocab.token(60), std::nullopt);
  vocab.add("a", 7);
  vocab.finish("test");
  EXPECT_EQ(vocab.find("a"), 7u);  // the last of equal tokens
}

TEST(Vocab, RefusesAbsurdIds) {
  Vocab vocab;
  vocab.add("a", 4000000000u);
  EXPECT_THROW(vocab.finish("test"), TokenizerError);
}

// A random vocabulary over four letters, and a merge loop that is nothing but the definition.
struct RandomBpe {
  std::vector<std::string> tokens{"a", "b", "c", "d"};
  std::vector<std::pair<std::string, std::string>> pairs;
  Merges merges;
  explicit RandomBpe(unsigned seed) {
    std::mt19937 random(seed);
    while (pairs.size() < 60) {
      const std::string left = tokens[random() % tokens.size()], right = tokens[random() % tokens.size()];
      if (left.size() + right.size() > 12 ||
          std::find(pairs.begin(), pairs.end(), std::pair(left, right)) != pairs.end())
        continue;
      pairs.emplace_back(left, right);
      merges.add(left, right);
      if (std::find(tokens.begin(), tokens.end(), left + right) == tokens.end()) tokens.push_back(left + right);
    }
  }
  Strings reference(const std::string& word) const {
    Strings parts;
    for (char c : word) parts.emplace_back(1, c);
    for (;;) {
      size_t best = pairs.size(), at = 0;
      for (size_t i = 0; i + 1 < parts.size(); i++) {
        const size_t rank =
            size_t(std::find(pairs.begin(), pairs.end(), std::pair(parts[i], parts[i + 1])) - pairs.begin());
        if (rank < best) best = rank, at = i;
      }
      if (best == pairs.size()) return parts;
      parts[at] += parts[at + 1];
      parts.erase(parts.begin() + ptrdiff_t(at) + 1);
    }
  }
};

TEST(Bpe, ShortAndLongWordsFollowTheDefinition) {
  for (unsigned seed = 0; seed < 8; seed++) {
    const RandomBpe bpe(seed);
    const Bpe model(vocab_of(bpe.tokens), bpe.merges, {});
    std::mt19937 random(seed + 100);
    for (size_t length : {1, 2, 3, 7, 16, 17, 40, 63, 64, 65, 66, 130, 300}) {
      for (int i = 0; i < 8; i++) {
        std::string word;
        for (size_t k = 0; k < length; k++) word += "abcd"[random() % (i % 2 ? 4 : 2)];
        ASSERT_EQ(texts(model, word), bpe.reference(word)) << word;
      }
    }
  }
}

// The same through the byte-level way, which has look-ups and caches of its own.
TEST(Bpe, BytesGiveTheSameAsTheirSpelling) {
  for (const bool ignore_merges : {false, true}) {
    RandomBpe bpe(42);
    bpe.tokens.push_back("dcba");  // a token that no merge leads to
    for (int b = 0; b < 256; b++)
      if (b < 'a' || b > 'd') bpe.tokens.push_back(utf8::encode(byte_to_char(uint8_t(b))));
    BpeOptions options;
    options.ignore_merges = ignore_merges;
    const Bpe model(vocab_of(bpe.tokens), bpe.merges, options);
    ASSERT_TRUE(model.accepts(Spelling::Bytes));
    const auto workspace = model.workspace();
    std::mt19937 random(1);
    for (int i = 0; i < 3000; i++) {
      std::string bytes;
      const size_t length = random() % (i % 10 ? 20 : 200);
      for (size_t k = 0; k < length; k++) bytes += random() % 9 ? char('a' + random() % 4) : char(random());
      if (i % 7 == 0) bytes = "dcba";
      std::vector<Token> fast, slow;
      model.tokenize(bytes, Spelling::Bytes, workspace.get(), fast);
      model.tokenize(spell_bytes(bytes), Spelling::Vocabulary, nullptr, slow);
      ASSERT_EQ(fast.size(), slow.size()) << bytes;
      uint32_t at = 0;
      for (size_t k = 0; k < fast.size(); k++) {
        ASSERT_EQ(fast[k].id, slow[k].id) << bytes;
        ASSERT_EQ(fast[k].begin, at);
        at = fast[k].end;
      }
      ASSERT_EQ(at, bytes.size());
    }
  }
}

// A workspace that has seen some bytes knows merges of bytes that are sure to happen, and a table of near tokens.
TEST(Bpe, WhatIsKnownBeforehandChangesNothing) {
  for (unsigned seed = 0; seed < 24; seed++) {
    RandomBpe bpe(seed);
    for (int b = 0; b < 256; b++)
      if (b < 'a' || b > 'd') bpe.tokens.push_back(utf8::encode(byte_to_char(uint8_t(b))));
    std::mt19937 random(seed);
    if (seed % 2) std::shuffle(bpe.pairs.begin(), bpe.pairs.end(), random);  // ranks need not grow with the tokens
    Merges merges;
    for (const auto& [left, right] : bpe.pairs) merges.add(left, right);
    const Bpe model(vocab_of(bpe.tokens), merges, {});
    const auto workspace = model.workspace();
    for (int i = 0; i < 3000; i++) {
      std::string bytes;
      const size_t length = i < 1000 ? 60 : 1 + random() % (i % 10 ? 14 : 70);
      for (size_t k = 0; k < length; k++) bytes += random() % 30 ? char('a' + random() % 4) : char(random());
      std::vector<Token> fast, slow;
      model.tokenize(bytes, Spelling::Bytes, workspace.get(), fast);
      if (i < 1000) continue;
      model.tokenize(spell_bytes(bytes), Spelling::Vocabulary, nullptr, slow);
      ASSERT_EQ(fast.size(), slow.size()) << "seed " << seed << " word " << bytes;
      for (size_t k = 0, at = 0; k < fast.size(); at = fast[k++].end) {
        ASSERT_EQ(fast[k].id, slow[k].id) << "seed " << seed << " word " << bytes;
        ASSERT_EQ(fast[k].begin, at);
      }
    }
  }
}

// A workspace that has seen other words than ASCII cuts them where no merge goes across, and remembers the parts.
TEST(Bpe, PartsOfWordsGiveTheSameAsTheWholeWord) {
  const std::vector<std::string> letters{"中", "国", "人", "б", "в", "é", "😀", "😁", "a", "b", " "};
  for (unsigned seed = 0; seed < 24; seed++) {
    std::mt19937 random(seed);
    const auto one_of = [&](const std::vector<std::string>& from) { return from[random() % from.size()]; };
    std::vector<std::string> known;  // bytes of tokens; each merge takes what stands in a text of letters, or anything
    for (int b = 0; b < 256; b++) known.emplace_back(1, char(b));
    std::vector<std::string> tokens;
    for (const auto& bytes : known) tokens.push_back(spell_bytes(bytes));
    Merges merges;
    for (int i = 0; i < 120; i++) {
      std::string left = one_of(known), right = one_of(known);
      const std::string text = one_of(letters) + one_of(letters) + one_of(letters);
      const auto ends_at = [&](size_t at, const std::string& s) {
        return at >= s.size() && text.substr(at - s.size(), s.size()) == s;
      };
      if (i % 8) {  // the longest tokens on both sides of a place
        const size_t at = 1 + random() % (text.size() - 1);
        for (const auto& s : known) {
          if (ends_at(at, s) && (!ends_at(at, left) || random() % 2)) left = s;
          if (text.compare(at, s.size(), s) == 0 && (text.compare(at, right.size(), right) || random() % 2)) right = s;
        }
      }
      if (left.size() + right.size() > 14 || std::find(known.begin(), known.end(), left + right) != known.end())
        continue;
      merges.add(spell_bytes(left), spell_bytes(right));
      known.push_back(left + right);
      tokens.push_back(spell_bytes(left + right));
    }
    for (const char* token : {"中国人", "人人", "国"}) {  // no merge leads to these, perhaps
      const std::string spelled = spell_bytes(token);
      if (std::find(tokens.begin(), tokens.end(), spelled) == tokens.end()) tokens.push_back(spelled);
    }
    BpeOptions options;
    options.ignore_merges = seed % 2;
    const Bpe model(vocab_of(tokens), merges, options);
    const auto workspace = model.workspace();
    for (int i = 0; i < 2500; i++) {
      std::string word;
      for (size_t k = 1 + random() % (i % 9 ? 8 : 60); k > 0; k--)
        word += random() % 40 ? one_of(letters) : std::string(1, char(random()));  // now and then no UTF-8
      std::vector<Token> fast, slow;
      model.tokenize(word, Spelling::Bytes, workspace.get(), fast);
      model.tokenize(spell_bytes(word), Spelling::Vocabulary, nullptr, slow);
      ASSERT_EQ(fast.size(), slow.size()) << "seed " << seed << " word " << word;
      for (size_t k = 0, at = 0; k < fast.size(); at = fast[k++].end) {
        ASSERT_EQ(fast[k].id, slow[k].id) << "seed " << seed << " word " << word;
        ASSERT_EQ(fast[k].begin, at);
      }
      ASSERT_EQ(fast.back().end, word.size());
    }
  }
}

// A workspace that has seen many bytes takes the way of bpe_fit.cpp for long words.
TEST(Bpe, LongestTokensThatFitAreThoseOfTheMerges) {
  for (unsigned seed = 0; seed < 6; seed++) {
    RandomBpe bpe(seed);
    bpe.tokens.push_back("dcbaabcd");  // a token that no merge leads to
    for (int b = 0; b < 256; b++)
      if (b < 'a' || b > 'd') bpe.tokens.push_back(utf8::encode(byte_to_char(uint8_t(b))));
    const Bpe model(vocab_of(bpe.tokens), bpe.merges, {});
    const auto seasoned = model.workspace();
    std::mt19937 random(seed);
    std::vector<Token> unused;
    for (int i = 0; i < 4; i++) model.tokenize(std::string(600000, 'd'), Spelling::Bytes, seasoned.get(), unused);
    for (int i = 0; i < 400; i++) {
      std::string bytes;
      const size_t length = i ? 40 + random() % 120 : 60000;
      const unsigned letters = 1 + random() % 4;
      for (size_t k = 0; k < length; k++) bytes += random() % 60 ? char('a' + random() % letters) : char(random());
      std::vector<Token> fast, slow;
      model.tokenize(bytes, Spelling::Bytes, seasoned.get(), fast);
      model.tokenize(spell_bytes(bytes), Spelling::Vocabulary, nullptr, slow);
      ASSERT_EQ(fast.size(), slow.size());
      for (size_t k = 0; k < fast.size(); k++)
        ASSERT_EQ(fast[k].id, slow[k].id) << "seed " << seed << " word " << i << " token " << k;
    }
  }
}

TEST(Bpe, LongWordsAreNotQuadratic) {
  const RandomBpe bpe(3);
  const Bpe model(vocab_of(bpe.tokens), bpe.merges, {});
  const auto seconds = [&](size_t length) {
    std::string word;
    std::mt19937 random(5);
    for (size_t i = 0; i < length; i++) word += "abcd"[random() % 4];
    std::vector<Token> tokens;
    const auto start = std::chrono::steady_clock::now();
    model.tokenize(word, Spelling::Vocabulary, nullptr, tokens);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  // Half a megabyte takes well below a second; quadratic it would be hours. The bound leaves room for sanitizers.
  EXPECT_LT(seconds(500000), 60);
}

TEST(Bpe, Dropout) {
  Merges merges;
  merges.add("a", "b");
  merges.add("ab", "c");
  const std::vector<std::string> tokens{"a", "b", "c", "ab", "abc"};
  const auto model = [&](double dropout) {
    BpeOptions options;
    options.dropout = dropout;
    return Bpe(vocab_of(tokens), merges, options);
  };
  EXPECT_EQ(texts(model(1.0), "abcab"), (Strings{"a", "b", "c", "a", "b"}));
  EXPECT_EQ(texts(model(0.0), "abcab"), (Strings{"abc", "ab"}));
  const Bpe half = model(0.5);
  std::set<Strings> seen;
  for (int i = 0; i < 200; i++) {
    const Strings parts = texts(half, "abc");
    std::string joined;
    for (auto& p : parts) joined += p;
    EXPECT_EQ(joined, "abc");
    seen.insert(parts);
  }
  EXPECT_EQ(seen, (std::set<Strings>{{"a", "b", "c"}, {"ab", "c"}, {"abc"}}));
  EXPECT_THROW(model(1.5), TokenizerError);
  EXPECT_THROW(model(-0.1), TokenizerError);
}

// Texts with blanks, in the parts that no merge brings together, against all of each with marks. Characters without a
// token are unknown, or spelled as bytes, of which all or all but one have tokens.
TEST(Bpe, BlanksAndPartsGiveTheSameAsTheWholeText) {
  for (unsigned seed = 0; seed < 24; seed++) {
    std::mt19937 random(seed);
    const unsigned bytes = seed / 2 % 3 * 128 - (seed / 2 % 3 == 1);  // 0, 127, 256
    std::vector<std::string> tokens{"<unk>", std::string(kMark), "a", "b", "é", "漢", "字", "😀"};
    const size_t single = tokens.size();
    Merges merges;
    for (int i = 0; i < 25; i++) {
      const std::string left = tokens[1 + random() % (tokens.size() - 1)];
      const std::string right = tokens[1 + random() % (i % 3 ? single - 1 : tokens.size() - 1)];
      if (std::find(tokens.begin(), tokens.end(), left + right) != tokens.end()) continue;
      merges.add(left, right);
      tokens.push_back(left + right);
    }
    for (unsigned i = 0; i < bytes; i++)
      tokens.push_back("<0x" + std::string(1, "0123456789ABCDEF"[i / 16]) + "0123456789ABCDEF"[i % 16] + ">");
    BpeOptions options;
    options.unk_token = "<unk>";
    options.fuse_unk = seed % 2;
    options.byte_fallback = bytes;
    const Bpe model(vocab_of(tokens), merges, options);
    ASSERT_TRUE(model.cuts_words() && model.accepts(Spelling::Blanks));
    const auto workspace = model.workspace();
    for (int i = 0; i < 200; i++) {
      std::string text;
      std::vector<Span> words;  // a few texts behind each other, some of them empty
      for (size_t w = random() % 5 + 1; w > 0; w--) {
        const auto begin = uint32_t(text.size());
        size_t ascii = random() % 3 ? 0 : random() % 150;  // characters, then others among them
        for (size_t n = ascii + random() % 40; n > 0; n--) {
          size_t k = random() % (single + 4);
          if (ascii && ascii-- && k > 3 && k < single) k = 2 + random() % 2;
          text += k == 0 ? "?" : k == 1 && !ascii ? "ж" : k == 1 || k >= single ? " " : tokens[k];
        }
        words.push_back({begin, uint32_t(text.size())});
      }
      WordTokens parts;
      tokenize_words(model, text, words, Spelling::Blanks, *workspace, true, parts);
      ASSERT_EQ(parts.ends.size(), words.size());
      size_t at = 0;
      for (size_t w = 0; w < words.size(); w++) {
        const std::string word = text.substr(words[w].begin, words[w].end - words[w].begin);
        std::vector<Token> whole;
        model.tokenize(blanks_to_marks(word), Spelling::Vocabulary, nullptr, whole);
        ASSERT_EQ(parts.ends[w], at + whole.size()) << word;
        for (const Token& token : whole) {
          ASSERT_EQ(parts.ids[at], token.id) << word;
          const std::string before = text.substr(words[w].begin, parts.spans[at++].end - words[w].begin);
          ASSERT_EQ(blanks_to_marks(before).size(), token.end) << word;
        }
      }
    }
  }
}

// The same for words of ASCII, of which a workspace knows more once it has seen enough of them; "~" and the tab have no
// token.
TEST(Bpe, WhatIsKnownBeforehandOfBlanksChangesNothing) {
  for (unsigned seed = 0; seed < 16; seed++) {
    std::mt19937 random(seed);
    const bool many = seed % 4 == 3;  // tokens, more than are near
    std::vector<std::string> tokens{"<unk>"}, letters{std::string(kMark), "a", "b", "c", "d", "é", "漢"};
    if (seed % 2)
      for (int b = 0; b < 256; b++)
        tokens.push_back("<0x" + std::string(1, "0123456789ABCDEF"[b / 16]) + "0123456789ABCDEF"[b % 16] + ">");
    const size_t begin = tokens.size();
    tokens.insert(tokens.end(), letters.begin(), letters.end());
    std::set<std::string> known(tokens.begin(), tokens.end());
    std::vector<std::pair<std::string, std::string>> pairs;
    for (int i = 0; i < (many ? 3000 : 60); i++) {
      const auto any = [&] { return tokens[begin + random() % (tokens.size() - begin)]; };
      const std::string left = any(), right = random() % 3 ? letters[random() % letters.size()] : any();
      if ((left + right).size() < 20 && known.insert(left + right).second) tokens.push_back(left + right);
      if (known.count(left + right)) pairs.emplace_back(left, right);
    }
    if (seed % 8 > 3) std::shuffle(pairs.begin(), pairs.end(), random);
    Merges merges;
    for (const auto& [left, right] : pairs) merges.add(left, right);
    if (seed % 2)
      std::rotate(tokens.begin() + ptrdiff_t(begin), tokens.begin() + ptrdiff_t(begin + letters.size()), tokens.end());
    BpeOptions options;
    options.unk_token = "<unk>";
    options.fuse_unk = true;
    options.byte_fallback = seed % 2;
    const Bpe model(vocab_of(tokens), merges, options);
    ASSERT_TRUE(model.accepts(Spelling::Blanks));
    const auto workspace = model.workspace();
    for (int i = 0; i < 3000; i++) {
      std::string text;
      const size_t length = i < 1000 ? 60 : 1 + random() % (i % 10 ? 14 : 150);
      for (size_t k = 0; k < length; k++) text += random() % 60 ? " abcd"[random() % 5] : "~\t"[random() % 2];
      std::vector<Token> fast, slow;
      model.tokenize(text, Spelling::Blanks, workspace.get(), fast);
      if (i < 1000) continue;
      model.tokenize(blanks_to_marks(text), Spelling::Vocabulary, nullptr, slow);
      ASSERT_EQ(fast.size(), slow.size()) << "seed " << seed << " text " << text;
      for (size_t k = 0; k < fast.size(); k++) {
        ASSERT_EQ(fast[k].id, slow[k].id) << "seed " << seed << " text " << text;
        ASSERT_EQ(blanks_to_marks(text.substr(0, fast[k].end)).size(), slow[k].end) << text;
      }
    }
  }
}

// Unknown characters without a token vanish, and what stands around them merges.
TEST(Bpe, CharactersThatVanish) {
  Merges merges;
  merges.add("a", "b");
  const Bpe model(vocab_of({"a", "b", "ab", std::string(kMark)}), merges, {});
  EXPECT_FALSE(model.cuts_words() || model.accepts(Spelling::Blanks));
  EXPECT_EQ(texts(model, "a?b"), Strings{"ab"});
}

TEST(Bpe, MergeOfUnknownTokens) {
  Merges merges;
  merges.add("a", "z");
  try {
    Bpe(vocab_of({"a", "b"}), merges, {});
    FAIL();
  } catch (const TokenizerError& e) {
    EXPECT_STREQ(e.what(), "BPE: Token `z` out of vocabulary");
  }
}

// What a merge makes has the id that the vocabulary says, whether the ids follow the ranks, jump, or are shared.
TEST(Bpe, IdsOfMadeTokens) {
  Vocab vocab;
  std::vector<std::string> pairs;
  for (char c = 'a'; c <= 'z'; c++) vocab.add(std::string(1, c), uint32_t(c));
  for (char l = 'a'; l <= 'z'; l++)
    for (char r = 'a'; r <= 'z'; r++) pairs.push_back({l, r});
  for (uint32_t i = 0; i < pairs.size(); i++) vocab.add(pairs[i], 200 + i + i / 100 * 50 - (i % 7 == 0 && i % 2));
  vocab.finish("test");
  std::swap_ranges(pairs.begin() + 200, pairs.begin() + 300, pairs.begin() + 400);
  Merges merges;
  for (const std::string& pair : pairs) merges.add(pair.substr(0, 1), pair.substr(1));
  const Bpe model(vocab, merges, {});
  for (const std::string& pair : pairs) {
    std::vector<Token> tokens;
    model.tokenize(pair, Spelling::Vocabulary, nullptr, tokens);
    ASSERT_EQ(tokens.size(), 1u) << pair;
    EXPECT_EQ(tokens[0].id, vocab.find(pair)) << pair;
  }
}

// Of several errors, the first one is told, for any number of threads.
TEST(Bpe, TheFirstUnknownTokenOfManyMerges) {
  std::vector<std::string> names{"a", "b", "ab"};
  Merges merges;
  for (int i = 0; i < 50000; i++) merges.add("a", i > 12345 ? "z" + std::to_string(i) : "b");
  try {
    Bpe(vocab_of(names), merges, {});
    FAIL();
  } catch (const TokenizerError& e) {
    EXPECT_STREQ(e.what(), "BPE: Token `z12346` out of vocabulary");
  }
}

TEST(PrefixTrie, ListsAllPrefixes) {
  const std::vector<std::string_view> keys{"a", "abc", "b", "ab", "abcd", "é", "ab"};
  const PrefixTrie trie(keys);
  std::vector<std::pair<uint32_t, uint32_t>> found;
  trie.for_each_prefix("abcx", [&](uint32_t length, uint32_t value) { found.emplace_back(length, value); });
  EXPECT_EQ(found, (std::vector<std::pair<uint32_t, uint32_t>>{{1, 0}, {2, 6}, {3, 1}}));  // the last of equal keys
  trie.for_each_prefix("x", [](uint32_t, uint32_t) { FAIL(); });
  trie.for_each_prefix("", [](uint32_t, uint32_t) { FAIL(); });

  found.clear();
  trie.for_each_prefix(trie.after("a"), "bcx",
                       [&](uint32_t length, uint32_t value) { found.emplace_back(length, value); });
  EXPECT_EQ(found, (std::vector<std::pair<uint32_t, uint32_t>>{{1, 6}, {2, 1}}));
  trie.for_each_prefix(trie.after("ax"), "a", [](uint32_t, uint32_t) { FAIL(); });
}

TEST(PrefixTrie, AgreesWithALookThroughAllKeys) {
  std::mt19937 random(11);
  std::vector<std::string> keys;
  for (int i = 0; i < 3000; i++) {
    std::string key;
    for (size_t n = 1 + random() % (i % 50 ? 6 : 40); n > 0; n--) key += char(random() % (i % 3 ? 5 : 256));
    keys.push_back(key);
  }
  std::map<std::string, uint32_t> last;
  for (uint32_t i = 0; i < keys.size(); i++) last[keys[i]] = i;
  const PrefixTrie trie(std::vector<std::string_view>(keys.begin(), keys.end()));
  for (int i = 0; i < 3000; i++) {
    std::string text = i % 2 ? keys[random() % keys.size()] : std::string();
    for (size_t n = random() % 6; n > 0; n--) text += char(random() % (i % 4 ? 5 : 256));
    std::vector<std::pair<uint32_t, uint32_t>> found, wanted;
    trie.for_each_prefix(text, [&](uint32_t length, uint32_t value) { found.emplace_back(length, value); });
    for (uint32_t n = 1; n <= text.size(); n++)
      if (const auto it = last.find(text.substr(0, n)); it != last.end()) wanted.emplace_back(n, it->second);
    ASSERT_EQ(found, wanted);
  }
}

// Texts and pieces of few characters, of one to four bytes, or of many.
std::string random_characters(std::mt19937& random, size_t most, bool few, bool ascii = false) {
  std::string out;
  for (size_t n = 1 + random() % most; n > 0; n--) {
    if (ascii)
      out += char(few ? 'a' + random() % 3 : random() % 128);
    else if (few)
      out += std::vector<std::string>{"a", "b", "é", "漢", "😀"}[random() % 5];
    else
      utf8::append(out, char32_t(random() % (random() % 2 ? 0x80 : 0x800)));
  }
  return out;
}

template <class Walk>
std::vector<uint32_t> ids_at_the_end(const PieceAutomaton& automaton, std::string_view text) {
  Walk walk(automaton);
  for (const char byte : text) walk.read(uint8_t(byte));
  std::vector<uint32_t> out;
  automaton.for_each_end(walk.state(), [&](uint32_t slot, uint32_t) { out.push_back(automaton.id(slot)); });
  return out;
}

// Every place of random texts against all pieces.
TEST(PieceAutomaton, FindsThePiecesThatEndAtEachPlace) {
  std::mt19937 random(12);
  std::vector<std::string> pieces{"", "\x80", "b\xff"};  // never found
  const size_t none = pieces.size();
  for (int i = 0; i < 3000; i++) pieces.push_back(random_characters(random, i % 50 ? 7 : 40, i % 3, i % 2));
  std::map<std::string, uint32_t> last;
  for (uint32_t i = uint32_t(none); i < pieces.size(); i++) last[pieces[i]] = i;
  const PieceAutomaton automaton(std::vector<std::string_view>(pieces.begin(), pieces.end()),
                                 std::vector<double>(pieces.size(), -1.0), -11.0);
  for (int i = 0; i < 1000; i++) {
    const std::string text =
        random_characters(random, 60, i % 3, i % 2) + pieces[none + random() % (pieces.size() - none)];
    for (size_t begin = 0, end; begin < text.size(); begin = end) {
      end = begin + size_t(utf8::length_of(text[begin]));
      std::vector<uint32_t> wanted;
      for (size_t from = 0; from < end; from++)
        if (const auto it = last.find(text.substr(from, end - from)); it != last.end()) wanted.push_back(it->second);
      if (!last.contains(text.substr(begin, end - begin))) wanted.push_back(PieceAutomaton::kNone);
      const std::string_view read = std::string_view(text).substr(0, end);
      ASSERT_EQ(ids_at_the_end<PieceAutomaton::Walk>(automaton, read), wanted);
      ASSERT_EQ(ids_at_the_end<PieceAutomaton::LevelWalk>(automaton, read), wanted);
    }
  }
}

// One place after the other, and from each all pieces, as the library goes.
std::vector<Token> best_path(const std::map<std::string, std::pair<uint32_t, double>>& pieces, double unknown,
                             std::string_view text) {
  struct Best {
    double score = 0;
    size_t begin = SIZE_MAX;
    uint32_t id = 0;
  };
  std::vector<Best> best(text.size() + 1);
  for (size_t at = 0, next; at < text.size(); at = next) {
    next = at + size_t(utf8::length_of(text[at]));
    const auto offer = [&](size_t end, uint32_t id, double score) {
      Best& there = best[end];
      const double sum = best[at].score + score;
      if (there.begin == SIZE_MAX || sum > there.score) there = {sum, at, id};
    };
    for (size_t end = next; end <= std::min(text.size(), at + 80); end++)  // bytes of the longest piece
      if (const auto it = pieces.find(std::string(text.substr(at, end - at))); it != pieces.end())
        offer(end, it->second.first, it->second.second);
    if (!pieces.contains(std::string(text.substr(at, next - at)))) offer(next, 0, unknown);
  }
  std::vector<Token> out;
  for (size_t end = text.size(); end > 0; end = best[end].begin) {
    if (best[end].id == 0 && !out.empty() && out.back().id == 0)
      out.back().begin = uint32_t(best[end].begin);
    else
      out.push_back({best[end].id, uint32_t(best[end].begin), uint32_t(end)});
  }
  std::reverse(out.begin(), out.end());
  return out;
}

// Few different scores, so that many paths are equally good.
TEST(Unigram, TakesTheLibrarysPathOfEqualOnes) {
  std::mt19937 random(13);
  for (int round = 0; round < 20; round++) {
    std::vector<std::pair<std::string, double>> pieces{{"<unk>", 0}};
    std::map<std::string, std::pair<uint32_t, double>> known;
    double lowest = 0;
    const uint32_t kinds = 1 + random() % 6;
    const double unit = round % 2 ? 0.5 : 0.1;  // sums of the second kind are rounded
    for (int i = 0; i < 400; i++) {
      const std::string piece = random_characters(random, i % 20 ? 6 : 20, i % 3, random() % 2);
      if (round % 3 == 0 && utf8::count(piece) < size_t(round % 7)) continue;  // characters that are no pieces
      if (piece.find("▁") != std::string::npos || known.contains(piece)) continue;
      const double score = -1.0 - unit * double(random() % kinds) * double(utf8::count(piece));
      lowest = std::min(lowest, score);
      known[piece] = {uint32_t(pieces.size()), score};
      pieces.emplace_back(piece, score);
    }
    const auto model = make_unigram(pieces, 0, false);
    const auto workspace = model->workspace();
    for (int i = 0; i < 200; i++) {
      std::string text = random_characters(random, i % 10 ? 30 : 300, i % 4, i % 2);
      if (i % 3 == 0) text += pieces[1 + random() % (pieces.size() - 1)].first;
      std::vector<Token> tokens;
      model->tokenize(text, Spelling::Vocabulary, workspace.get(), tokens);
      ASSERT_EQ(tokens, best_path(known, lowest - 10, text)) << text;
    }
  }
}

// What is not UTF-8 is refused before; here it only must not lead anywhere else.
TEST(PieceAutomaton, BytesThatAreNeverInTexts) {
  const std::vector<std::string_view> pieces{"a", "ab", "abc\xff", "é", "bc", "b", "ab\xff", "\xf0", "a\xc3"};
  const PieceAutomaton automaton(pieces, std::vector<double>(pieces.size(), -1.0), -11.0);
  for (const std::string_view text : {"\xff", "a\xff", "ab\xff\xff", "abc\xff", "abc\xff\xff"}) {
    const std::vector<uint32_t> unknown{PieceAutomaton::kNone};
    EXPECT_EQ(ids_at_the_end<PieceAutomaton::Walk>(automaton, text), unknown);
    EXPECT_EQ(ids_at_the_end<PieceAutomaton::LevelWalk>(automaton, text), unknown);
  }
}

TEST(Unigram, ScoresWithoutBounds) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  const auto model = make_unigram({{"<unk>", 0}, {"a", -kInf}, {"ab", -kInf}, {"b", NAN}, {"abcde", kInf}}, 0, false);
  EXPECT_EQ(texts(*model, "abcde"), std::vector<std::string>{"abcde"});
  std::vector<Token> tokens;
  model->tokenize("aabxbéb", Spelling::Vocabulary, nullptr, tokens);
  EXPECT_EQ(tokens.front().begin, 0u);
  EXPECT_EQ(tokens.back().end, 8u);
}

// The best path against all paths.
TEST(Unigram, FindsTheHighestScore) {
  std::vector<std::pair<std::string, double>> pieces{{"<unk>", 0}};
  std::mt19937 random(9);
  for (const char* piece : {"a", "b", "ab", "ba", "aab", "bb", "abb", "aa", "babb"})
    pieces.emplace_back(piece, -1.0 - random() % 1000 / 250.0);
  const auto model = make_unigram(pieces, 0, false);
  const auto score = [&](const std::string& piece) {
    for (auto& [text, s] : pieces)
      if (text == piece) return s;
    return -1e9;
  };
  const std::function<double(const std::string&)> best = [&](const std::string& rest) -> double {
    if (rest.empty()) return 0;
    double out = -1e9;
    for (size_t n = 1; n <= 4 && n <= rest.size(); n++)
      out = std::max(out, score(rest.substr(0, n)) + best(rest.substr(n)));
    return out;
  };
  for (int i = 0; i < 60; i++) {
    std::string word;
    for (size_t k = 0; k < 1 + random() % 12; k++) word += "ab"[random() % 2];
    double total = 0;
    for (const std::string& piece : texts(*model, word)) total += score(piece);
    EXPECT_NEAR(total, best(word), 1e-9) << word;
  }
}

TEST(Unigram, BlanksGiveTheSameAsMarks) {
  std::vector<std::pair<std::string, double>> pieces{{"<unk>", 0}, {"▁", -3}, {"a b", -0.1}};
  std::mt19937 random(4);
  for (const char* piece : {"▁a", "a", "b", "▁▁", "▁▁b", "ab▁", "é▁", "é", "漢字", "字"})
    pieces.emplace_back(piece, -1.0 - random() % 1000 / 250.0);
  const auto model = make_unigram(pieces, 0, false);
  ASSERT_TRUE(model->accepts(Spelling::Blanks));
  for (int i = 0; i < 500; i++) {
    std::string text;
    for (size_t n = 1 + random() % 12; n > 0; n--)
      text += std::vector<std::string>{" ", "a", "b", "é", "漢", "字", "?"}[random() % 7];
    std::vector<Token> blanks, marks;
    model->tokenize(text, Spelling::Blanks, nullptr, blanks);
    model->tokenize(blanks_to_marks(text), Spelling::Vocabulary, nullptr, marks);
    ASSERT_EQ(blanks.size(), marks.size()) << text;
    for (size_t k = 0; k < marks.size(); k++) {
      ASSERT_EQ(blanks[k].id, marks[k].id) << text;
      ASSERT_EQ(blanks_to_marks(text.substr(0, blanks[k].end)).size(), marks[k].end) << text;
    }
  }
}

TEST(Unigram, Errors) {
  EXPECT_THROW(make_unigram({{"a", -1}}, 5, false), TokenizerError);
  EXPECT_THROW(make_unigram({}, 0, false), TokenizerError);
  const auto model = make_unigram({{"a", -1}}, std::nullopt, false);
  std::vector<Token> tokens;
  EXPECT_THROW(model->tokenize("b", Spelling::Vocabulary, nullptr, tokens), TokenizerError);

  // Where the best way to some place needs an unknown piece, whether the best way to the end does or not.
  const auto two = make_unigram({{"a", -1}, {"ab", -1}}, std::nullopt, false);
  tokens.clear();
  two->tokenize("aab", Spelling::Vocabulary, nullptr, tokens);
  EXPECT_EQ(tokens, (std::vector<Token>{{0, 0, 1}, {1, 1, 3}}));
  const auto late = make_unigram({{"a", -1}, {"abc", -1}}, std::nullopt, false);
  EXPECT_THROW(late->tokenize("abc", Spelling::Vocabulary, nullptr, tokens), TokenizerError);
}

}  // namespace
}  // namespace ef::tokenizers
