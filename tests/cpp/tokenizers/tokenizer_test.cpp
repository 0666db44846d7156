// The composition: added tokens, truncation, padding, files, threads, GGUF vocabularies, streaming.
#include "tokenizers/tokenizer.h"

#include <gtest/gtest.h>

#include <thread>

#include "core/thread_pool.h"
#include "random_text.h"
#include "small_tokenizers.h"
#include "tokenizers/byte_alphabet.h"
#include "tokenizers/decode_stream.h"
#include "tokenizers/gguf.h"

namespace ef::tokenizers {
namespace {

Tokenizer byte_level() { return Tokenizer::from_json(byte_level_json()); }
std::vector<uint32_t> ids(const Tokenizer& t, std::string_view text, bool special = true) {
  return t.encode({text, std::nullopt}, special).ids();
}
std::string error_of(std::string_view json) {
  try {
    Tokenizer::from_json(json);
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}
std::string with(const std::string& from, const std::string& to) {
  std::string json = byte_level_json();
  const size_t at = json.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return json.replace(at, from.size(), to);
}

std::vector<std::string> texts_of(const Encoding& e) {
  std::vector<std::string> out;
  for (const EncodedToken& token : e.tokens) out.emplace_back(token.text);
  return out;
}

TEST(Tokenizer, ReadsEncodesDecodes) {
  const Tokenizer t = byte_level();
  const Encoding e = t.encode({std::string_view("hello é<s>"), std::nullopt});
  EXPECT_EQ(texts_of(e), (std::vector<std::string>{"he", "ll", "o", "Ġ", "Ã", "©", "<s>"}));
  EXPECT_EQ(e.tokens[4].offset, (Span{6, 7}));
  EXPECT_EQ(e.tokens[5].offset, (Span{6, 7}));  // both bytes are of the same character
  EXPECT_EQ(e.tokens[6].offset, (Span{7, 10}));
  EXPECT_EQ(t.decode(e.ids(), true), "hello é");
  EXPECT_EQ(t.decode(e.ids(), false), "hello é<s>");
  EXPECT_EQ(t.decode(std::vector<uint32_t>{4000000000u}), "");
  const Encoding bytes = t.encode({std::string_view("hello é<s>"), std::nullopt}, true, OffsetKind::Bytes);
  EXPECT_EQ(bytes.tokens[5].offset, (Span{6, 8}));
}

TEST(Tokenizer, TextsMustBeUtf8) {
  EXPECT_THROW(ids(byte_level(), "ab\xff"), TokenizerError);
  EXPECT_EQ(ids(byte_level(), ""), std::vector<uint32_t>{});
}

TEST(Tokenizer, WritesWhatItReads) {
  for (const std::string& json : small_tokenizers()) {
    const Tokenizer t = Tokenizer::from_json(json);
    const std::string text = t.to_json();
    const Tokenizer again = Tokenizer::from_json(text);
    EXPECT_EQ(again.to_json(), text);
    EXPECT_EQ(Tokenizer::from_json(t.to_json(true)).to_json(), text);
    EXPECT_EQ(ids(again, "hello abc é 12"), ids(t, "hello abc é 12"));
  }
}

TEST(Tokenizer, ErrorsNameTheComponent) {
  EXPECT_NE(error_of(with("\"trim_offsets\":true", "\"trim_offsets\":7")).find("ByteLevel: 'trim_offsets' is a number"),
            std::string::npos);
  EXPECT_NE(error_of(with("[\"h\",\"e\"]", "[\"h\",\"q!\"]")).find("Token `q!` out of vocabulary"), std::string::npos);
  EXPECT_NE(error_of(with("\"type\":\"BPE\"", "\"type\":\"BPF\"")).find("unknown 'BPF'"), std::string::npos);
  EXPECT_NE(error_of(with("\"version\":\"1.0\"", "\"version\":\"2.0\"")).find("version '2.0'"), std::string::npos);
  EXPECT_NE(error_of(with("\"he\":256", "\"he\":4294967295")).find("has id 4294967295"), std::string::npos);
  EXPECT_NE(error_of(with("\"he\":256", "\"he\":-1")).find("whole number"), std::string::npos);
  EXPECT_NE(error_of("{\"version\":\"1.0\"}").find("missing field 'model'"), std::string::npos);
  EXPECT_NE(error_of(byte_level_json().substr(0, 500)).find("incomplete download"), std::string::npos);
  EXPECT_NE(error_of("\xff{}").find("not valid UTF-8"), std::string::npos);
  EXPECT_NE(error_of("").find("needed an object"), std::string::npos);
}

// Strings of every length at every place of a block that is read at once, and what may not stand in them.
TEST(JsonReader, StringsOfAllLengths) {
  const std::string plain = "abcdefghijklmnopqrstuvwxyzäöü\x7f~ !#[]";
  for (size_t n = 0; n < 40; n++) {
    for (size_t room = 0; room < 20; room++) {
      const std::string text = plain.substr(0, n), json = '"' + text + '"' + std::string(room, ' ');
      JsonReader reader(json, "test");
      EXPECT_EQ(reader.string(), text);
      EXPECT_EQ(reader.position(), n + 2);
      reader.finish();
      const std::string escaped = '"' + text + "\\u00e9\\n" + text + '"' + std::string(room, '\n');
      EXPECT_EQ(JsonReader(escaped, "test").string(), text + "é\n" + text);
      for (const char* bad : {"\x1f", "\n", "\\x", "\\u1g"})
        EXPECT_THROW(JsonReader('"' + text + bad + text + '"' + std::string(room, ' '), "test").string(),
                     TokenizerError);
      EXPECT_THROW(JsonReader('"' + text, "test").string(), TokenizerError);
    }
  }
}

TEST(JsonReader, WholeNumbers) {
  for (const uint32_t n : {0u, 7u, 12345678u, 123456789u, 1234567890u, 4294967295u}) {
    for (const char* behind : {"", ",", " ", "}"})
      EXPECT_EQ(JsonReader(std::to_string(n) + behind, "test").unsigned_number("it"), n);
    EXPECT_EQ(JsonReader("00" + std::to_string(n), "test").unsigned_number("it"), n);
  }
  for (const char* bad : {"", "-1", "+1", "1.0", "1e3", "4294967296", "99999999999999999999", "123456789.", "x", "1-"})
    EXPECT_THROW(JsonReader(bad, "test").unsigned_number("it"), TokenizerError) << bad;
}

// Long enough to be checked in pieces.
TEST(Tokenizer, WhereLongFilesAreNotUtf8) {
  const std::string json = byte_level_json();
  for (const char* filling : {" ", "é", "€", "𝄞"}) {
    std::string text = json.substr(0, json.size() - 1) + ",\"more\":\"";
    while (text.size() < 3 << 18) text += filling;
    const std::string valid = text + "\"}";
    EXPECT_EQ(Tokenizer::from_json(valid).to_json(), Tokenizer::from_json(json).to_json());
    for (size_t at :
         {size_t(1) << 18, (size_t(1) << 18) - 1, size_t(2) << 18, (size_t(2) << 18) + 1, valid.size() - 5}) {
      std::string bad = valid;
      bad[at] = '\xff';
      const std::string where = "not valid UTF-8 at byte " + std::to_string(utf8::find_invalid(bad));
      EXPECT_NE(error_of(bad).find(where), std::string::npos) << error_of(bad);
    }
  }
}

TEST(Tokenizer, OldFilesWithoutModelType) {
  const Tokenizer t = Tokenizer::from_json(with("\"type\":\"BPE\",", ""));
  EXPECT_STREQ(t.model()->type(), "BPE");
}

TEST(Tokenizer, AddedTokens) {
  Tokenizer t = byte_level();
  AddedToken word{"lo", true, false, false, false, false};
  AddedToken greedy{"<x>", false, true, true, false, true};
  EXPECT_EQ(t.add_tokens({word, greedy, word}), 2u);
  const auto tokens = [&](std::string_view text) { return texts_of(t.encode({text, std::nullopt})); };
  EXPECT_EQ(tokens("lo"), (std::vector<std::string>{"lo"}));
  EXPECT_EQ(tokens("hlo"), (std::vector<std::string>{"h", "l", "o"}));
  EXPECT_EQ(tokens("h  <x> \n h"), (std::vector<std::string>{"h", "  <x> \n ", "h"}));
  t.set_encode_special_tokens(true);
  EXPECT_EQ(tokens("<x>").size(), 3u);
}

TEST(Tokenizer, LeftmostThenLongest) {
  TokenTrie trie;
  uint32_t value = 0;
  for (const char* key : {"ab", "abcd", "bcde", "b"}) trie.add(key, value++);
  std::vector<std::tuple<uint32_t, uint32_t, uint32_t>> found;
  trie.for_each_match("xabcdeabcb", [&](uint32_t b, uint32_t e, uint32_t v) { found.emplace_back(b, e, v); });
  EXPECT_EQ(found, (std::vector<std::tuple<uint32_t, uint32_t, uint32_t>>{{1, 5, 1}, {6, 8, 0}, {9, 10, 3}}));
  found.clear();
  trie.add("", value);  // between any two characters, but not behind a longer one
  trie.for_each_match("éxab", [&](uint32_t b, uint32_t e, uint32_t v) { found.emplace_back(b, e, v); });
  EXPECT_EQ(found, (std::vector<std::tuple<uint32_t, uint32_t, uint32_t>>{{0, 0, 4}, {2, 2, 4}, {3, 5, 0}}));
  EXPECT_TRUE(trie.finds("xyz"));
}

TEST(Tokenizer, TruncationWithoutRoomForSpecialTokensCutsNothing) {
  Tokenizer t = byte_level();
  t.set_post_processor(
      post_processor_from_json(Json::parse(R"({"type":"BertProcessing","sep":["<s>",258],"cls":["<s>",258]})")));
  t.truncation = Truncation{Direction::Right, 1, TruncationStrategy::LongestFirst, 0};
  EXPECT_EQ(ids(t, "hello").size(), 5u);  // <s> he ll o <s>
  t.truncation->max_length = 4;
  EXPECT_EQ(ids(t, "hello").size(), 4u);
  t.truncation->stride = 2;
  EXPECT_THROW(ids(t, "hello"), TokenizerError);  // nothing would move
}

TEST(Tokenizer, BatchesEqualSingleTextsOnAnyThread) {
  const Tokenizer t = byte_level();
  std::mt19937 random(11);
  std::vector<std::string> texts;
  for (int i = 0; i < 200; i++) texts.push_back(random_text(random, 30));
  std::vector<EncodeInput> inputs;
  for (auto& text : texts) inputs.push_back({std::string_view(text), std::nullopt});
  std::vector<std::vector<uint32_t>> expected;
  for (auto& text : texts) expected.push_back(ids(t, text));
  std::vector<std::thread> threads;
  for (int k = 0; k < 3; k++)
    threads.emplace_back([&] {
      for (int round = 0; round < 3; round++) {
        const auto batch = t.encode_batch(inputs);
        for (size_t i = 0; i < batch.size(); i++) EXPECT_EQ(batch[i].ids(), expected[i]);
        const auto fast = t.encode_batch(inputs, true, OffsetKind::None);
        for (size_t i = 0; i < fast.size(); i++) EXPECT_EQ(fast[i].ids(), expected[i]);
      }
    });
  for (auto& thread : threads) thread.join();
}

TEST(Tokenizer, WhoeverInterruptsEndsABatch) {
  const Tokenizer t = byte_level();
  const std::string text(5000, 'h');  // a task of its own
  const std::vector<std::string_view> texts(64, text);
  const std::vector<EncodeInput> inputs(64, EncodeInput{text, std::nullopt});
  const std::vector<uint32_t> ids(64 * 3000, 7);
  std::vector<size_t> ends;
  for (size_t i = 1; i <= 64; i++) ends.push_back(i * 3000);
  struct Stop {};
  const auto caller = std::this_thread::get_id();
  int asked = 0;
  const Interrupt stop = [&] {
    EXPECT_EQ(std::this_thread::get_id(), caller);
    if (++asked == 3) throw Stop();
  };
  const std::vector<std::function<void()>> calls = {
      [&] { t.encode_batch(inputs, true, OffsetKind::Chars, stop); },
      [&] { t.encode_batch_ids(texts, true, false, stop); },
      [&] { t.decode_batch(ids, ends, true, stop); },
  };
  const int before = ThreadPool::instance().size();
  ThreadPool::instance().resize(1);  // the others might leave the caller too little to be asked three times
  for (const auto& call : calls) {
    asked = 0;
    EXPECT_THROW(call(), Stop);
    EXPECT_EQ(asked, 3);
  }
  ThreadPool::instance().resize(before);
  EXPECT_EQ(t.encode_batch_ids(texts).texts.size(), 64u);
}

TEST(Tokenizer, ByteLevelDecodesEveryTextBack) {
  const Tokenizer t = byte_level();
  std::mt19937 random(13);
  for (int i = 0; i < 300; i++) {
    const std::string text = random_text(random, 40);
    ASSERT_EQ(t.decode(ids(t, text), false), text);
  }
}

TEST(DecodeStream, NeverHalfACharacter) {
  const Tokenizer t = byte_level();
  std::mt19937 random(17);
  for (int i = 0; i < 100; i++) {
    const std::string text = random_text(random, 20);
    DecodeStream stream;
    std::string out;
    for (uint32_t id : ids(t, text)) {
      const auto part = stream.step(t, {id});
      if (!part) continue;
      EXPECT_EQ(utf8::find_invalid(*part), std::string::npos);
      out += *part;
    }
    // U+FFFD itself looks like an unfinished character: it waits for what comes behind it.
    if (text.find("\xef\xbf\xbd") == std::string::npos) {
      EXPECT_EQ(out, text);
    }
  }
}

GgufVocab byte_level_vocab(std::vector<std::string>& keep) {
  keep.clear();
  for (int b = 0; b < 256; b++) keep.push_back(utf8::encode(byte_to_char(uint8_t(b))));
  for (const char* token : {"20", "24", "2024", "ab", "<c>", "<u>"}) keep.emplace_back(token);
  GgufVocab v;
  v.model = "gpt2";
  v.pre = "gpt-2";
  for (auto& s : keep) v.tokens.push_back(s), v.token_types.push_back(kNormal);
  v.token_types[260] = kControl;
  v.token_types[261] = kUserDefined;
  v.merges = {"2 0", "2 4", "20 24", "a b"};
  return v;
}

TEST(Gguf, PreTokenizerDecides) {
  std::vector<std::string> keep;
  GgufVocab v = byte_level_vocab(keep);
  EXPECT_EQ(ids(tokenizer_from_gguf(v), "2024ab").size(), 2u);
  v.pre = "smollm";
  EXPECT_EQ(ids(tokenizer_from_gguf(v), "2024ab").size(), 5u);
  v.pre = "llama-bpe";
  EXPECT_EQ(ids(tokenizer_from_gguf(v), "2024ab").size(), 4u);  // three digits at a time: 20 2, 4, ab
  v.pre = "no such thing";
  try {
    tokenizer_from_gguf(v);
    FAIL();
  } catch (const UnsupportedError& e) {
    EXPECT_NE(std::string(e.what()).find("'no such thing'"), std::string::npos);
  }
}

TEST(Gguf, EveryPreTokenizerWorks) {
  std::vector<std::string> keep;
  byte_level_vocab(keep);
  keep.emplace_back("▁");  // this and what follows for those that are not byte-level
  for (int b = 0; b < 256; b++) {
    char name[8];
    std::snprintf(name, sizeof name, "<0x%02X>", b);
    keep.emplace_back(name);
  }
  GgufVocab v;
  v.model = "gpt2";
  v.tokens.assign(keep.begin(), keep.end());
  std::mt19937 random(19);
  EXPECT_GE(gguf_pre_tokenizer_names().size(), 30u);
  for (const std::string& pre : gguf_pre_tokenizer_names()) {
    v.pre = pre;
    v.add_bos = false;
    const Tokenizer t = tokenizer_from_gguf(v);
    for (int i = 0; i < 20; i++) {
      const std::string text = random_text(random, 25);
      ASSERT_EQ(t.decode(ids(t, text), false), text) << pre;
    }
  }
}

TEST(Gguf, TextWithMarkedBlanks) {
  GgufVocab v;
  v.model = "gemma4";
  v.tokens = {"<bos>", "a", "b", "▁", "\n", "▁b", "▁▁", "a▁b", "\n\n", "a\n", "<0xC3>", "<0xA9>"};
  v.merges = {"▁ b", "▁ ▁", "a ▁b", "\n \n", "a \n"};
  v.bos_id = 0;
  v.add_bos = false;  // as files had it that are read with a <bos> nevertheless
  const Tokenizer t = tokenizer_from_gguf(v);
  EXPECT_EQ(ids(t, "a b\n\n  é"), (std::vector<uint32_t>{0, 7, 8, 6, 10, 11}));
  EXPECT_EQ(ids(t, "a\n"), (std::vector<uint32_t>{0, 1, 4}));
  EXPECT_EQ(t.decode(std::vector<uint32_t>{7, 8, 6, 10, 11}), "a b\n\n  é");
  v.model = "gpt2";
  v.pre = "sarvam-moe";
  EXPECT_EQ(ids(tokenizer_from_gguf(v), "a b"), (std::vector<uint32_t>{7}));
}

TEST(Gguf, FramesOnlyWhatTheFileAsksFor) {
  std::vector<std::string> keep;
  GgufVocab v = byte_level_vocab(keep);
  v.bos_id = v.eos_id = 260;
  for (const char* pre : {"jina-v1-en", "jina-v2-code", "roberta-bpe"}) {
    v.pre = pre;
    EXPECT_EQ(ids(tokenizer_from_gguf(v), "ab"), (std::vector<uint32_t>{259}));
  }
  v.add_sep = true;  // says nothing in a byte-level model
  EXPECT_EQ(ids(tokenizer_from_gguf(v), "ab"), (std::vector<uint32_t>{259}));
  v.add_bos = v.add_eos = true;
  EXPECT_EQ(ids(tokenizer_from_gguf(v), "ab"), (std::vector<uint32_t>{260, 259, 260}));
}

TEST(Gguf, TokenTypesAndTemplate) {
  std::vector<std::string> keep;
  GgufVocab v = byte_level_vocab(keep);
  v.bos_id = 260;
  v.add_bos = true;
  const Tokenizer t = tokenizer_from_gguf(v);
  EXPECT_EQ(ids(t, "ab<u>"), (std::vector<uint32_t>{260, 259, 261}));
  EXPECT_EQ(t.decode(std::vector<uint32_t>{260, 259, 261}), "ab<u>");
}

TEST(Gguf, HostileVocabularies) {
  std::vector<std::string> keep;
  const GgufVocab good = byte_level_vocab(keep);
  const auto refuses = [&](auto&& change) {
    GgufVocab v = good;
    change(v);
    EXPECT_THROW(tokenizer_from_gguf(v), Error);
  };
  refuses([](GgufVocab& v) { v.tokens.clear(); });
  refuses([](GgufVocab& v) { v.token_types.pop_back(); });
  refuses([](GgufVocab& v) { v.scores = {1}; });
  refuses([](GgufVocab& v) { v.tokens[3] = v.tokens[4]; });
  refuses([](GgufVocab& v) { v.tokens[3] = "\xff"; });
  refuses([](GgufVocab& v) { v.merges.push_back("ab"); });
  refuses([](GgufVocab& v) { v.merges.push_back("zz yy"); });
  refuses([](GgufVocab& v) { v.model = "rwkv"; });
}

TEST(Gguf, SentencePieceMergesByScore) {
  GgufVocab v;
  v.model = "llama";
  v.tokens = {"<unk>", "<s>", "</s>", "▁", "a", "b", "c", "ab", "bc", "▁a", "<0xC3>", "<0xA9>"};
  v.token_types = {kUnknown, kControl, kControl, 1, 1, 1, 1, 1, 1, 1, kByte, kByte};
  v.scores = {0, 0, 0, -1, -2, -3, -4, -9, -5, -7, 0, 0};
  const Tokenizer t = tokenizer_from_gguf(v);
  EXPECT_EQ(ids(t, "abc"), (std::vector<uint32_t>{1, 9, 8}));  // bc before ▁a before ab
  EXPECT_EQ(ids(t, "é"), (std::vector<uint32_t>{1, 3, 10, 11}));
  EXPECT_EQ(t.decode(ids(t, "abc é")), "abc é");
}

}  // namespace
}  // namespace ef::tokenizers
