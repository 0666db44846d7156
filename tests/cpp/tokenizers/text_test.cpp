// UTF-8, Unicode properties, JSON and the string that remembers offsets.
#include <gtest/gtest.h>

#include "core/error.h"
#include "random_text.h"
#include "tokenizers/char_index.h"
#include "tokenizers/json.h"
#include "tokenizers/normal_forms.h"
#include "tokenizers/normalized_string.h"
#include "tokenizers/normalizers/normalizer.h"
#include "tokenizers/pattern.h"
#include "tokenizers/pre_tokenizers/pre_tokenizer.h"
#include "tokenizers/unicode.h"

namespace ef::tokenizers {
namespace {

TEST(Utf8, RoundTrip) {
  for (char32_t c = 0; c < 0x110000; c += c < 0x3000 ? 1 : 97) {
    if (c >= 0xd800 && c < 0xe000) continue;
    const std::string s = utf8::encode(c);
    int length;
    EXPECT_EQ(utf8::decode(s.data(), length), c);
    EXPECT_EQ(size_t(length), s.size());
    EXPECT_EQ(utf8::find_invalid(s), std::string::npos);
  }
}

TEST(Utf8, FindsWhatIsMalformed) {
  const std::pair<std::string, size_t> cases[] = {{"abc\xff", 3},      {"\xc0\x80", 0},         {"\xe0\x80\x80", 0},
                                                  {"\xed\xa0\x80", 0}, {"\xf4\x90\x80\x80", 0}, {"x\xe4\xb8", 1},
                                                  {"abcdefgh\x80", 8}};
  for (auto& [bytes, at] : cases) EXPECT_EQ(utf8::find_invalid(bytes), at);
}

// The quick way and the one that replaces agree on bytes at the borders of all that is allowed, at every distance from
// the blocks that are read at once.
TEST(Utf8, ValidTextsAreThoseThatNothingIsReplacedIn) {
  const std::string bytes =
      "a\x7f\x80\x8f\x90\x9f\xa0\xbf\xc0\xc1\xc2\xdf\xe0\xe1\xec\xed\xee\xef\xf0\xf1\xf3\xf4\xf5\xff";
  std::mt19937 random(7);
  int valid = 0;
  const auto check_one = [&](const std::string& text) {
    const bool good = utf8::lossy(text) == text;
    valid += good;
    ASSERT_EQ(utf8::find_invalid(text) == std::string::npos, good);
  };
  for (char a : bytes)
    for (char b : bytes)
      for (char c : bytes)
        for (char d : {'a', '\x80', '\x90', '\xbf', '\xe0'})
          check_one(std::string(random() % 33, 'a') + a + b + c + d + std::string(random() % 20, 'b'));
  EXPECT_GT(valid, 100);
  for (int i = 0; i < 3000; i++) {
    std::string text = random_text(random, 1 + int(random() % 30));
    check_one(text);
    if (!text.empty()) text[random() % text.size()] = bytes[random() % bytes.size()];
    check_one(text);
  }
}

TEST(Utf8, LossyReplacesMaximalParts) {
  EXPECT_EQ(utf8::lossy("a\xe4\xb8z"), "a\xef\xbf\xbdz");
  EXPECT_EQ(utf8::lossy("\xf0\x9f\x98\xff"), "\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(utf8::lossy("\xed\xa0\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(utf8::lossy("é中"), "é中");
}

TEST(Unicode, Properties) {
  EXPECT_EQ(category(U'A'), Category::Lu);
  EXPECT_EQ(category(U'中'), Category::Lo);
  EXPECT_EQ(category(0x1c89), Category::Lu);  // Unicode 16
  EXPECT_EQ(text_class(0x301), kMark | kUpper | kLower);
  EXPECT_EQ(text_class(0x85), kSpace);
  EXPECT_TRUE(is_white_space(0x3000));
  EXPECT_FALSE(is_white_space(0x200b));
  char32_t lower[2];
  EXPECT_EQ(to_lower(0x130, lower), 2);  // İ
  EXPECT_EQ(lower[0], U'i');
  EXPECT_EQ(lower[1], char32_t(0x307));
}

TEST(WhitespaceSplit, CutsAtAllWhiteSpace) {
  const std::string right(5, 'y');
  for (char32_t c = 0; c < 0x110000; c += c < 0x3100 ? 1 : 97) {
    if (c >= 0xd800 && c < 0xe000) continue;
    const bool cuts = text_class(c) & kSpace;
    for (const size_t before : {1, 2, 3, 20}) {
      const std::string left(before, 'x');
      std::string text = left;
      for (int i = 0; i < 9; i++) text += utf8::encode(c);
      text += right;
      const std::vector<std::string> wanted = cuts ? std::vector{left, right} : std::vector{text};
      Span words[8], *out = words;
      const char* const end = text.data() + text.size();
      ASSERT_EQ(cut_at_white_space(text.data(), text.data(), end, out, std::end(words)), end);
      std::vector<std::string> found;
      for (const Span* w = words; w < out; w++) found.push_back(text.substr(w->begin, w->end - w->begin));
      ASSERT_EQ(found, wanted) << uint32_t(c);
    }
  }
}

TEST(CharIndex, CountsCodePoints) {
  std::mt19937 random(3);
  for (int i = 0; i < 50; i++) {
    const std::string text = random_text(random, 200);
    const CharIndex index(text);
    uint32_t chars = 0;
    for (uint32_t b = 0; b < text.size(); b++) {
      chars += !utf8::is_continuation(text[b]);
      ASSERT_EQ(index(b), chars - 1);
    }
  }
}

// Where each character of the text came from, as texts.
std::vector<std::string> origins(const NormalizedString& s) {
  std::vector<std::string> out;
  const std::string_view text = s.text();
  for (uint32_t i = 0, n; i < text.size(); i += n) {
    n = uint32_t(utf8::length_of(text[i]));
    const Span from = s.source(i, i + n);
    out.emplace_back(s.original().substr(from.begin, from.end - from.begin));
  }
  return out;
}
using Strings = std::vector<std::string>;

TEST(NormalizedString, RemembersWhereCharactersCameFrom) {
  NormalizedString s("  héllo  ");
  s.strip(true, true);
  EXPECT_EQ(s.text(), "héllo");
  EXPECT_EQ(origins(s), (Strings{"h", "é", "l", "l", "o"}));
  s.prepend("▁x");
  EXPECT_EQ(origins(s), (Strings{"h", "h", "h", "é", "l", "l", "o"}));
  s.append("中");
  EXPECT_EQ(origins(s).back(), "o");
  s.replace(Pattern::literal("ll"), "éY");
  EXPECT_EQ(s.text(), "▁xhééYo中");
  EXPECT_EQ(origins(s)[4], "l");
  s.filter([](char32_t c) { return c != U'é'; });
  EXPECT_EQ(s.text(), "▁xhYo中");
  EXPECT_EQ(s.source(), (Span{0, 10}));
}

TEST(NormalizedString, LowercaseMayGrow) {
  NormalizedString s("Iİ");
  s.lowercase();
  EXPECT_EQ(s.text(), "ii\u0307");
  EXPECT_EQ(origins(s), (Strings{"I", "İ", "İ"}));
}

TEST(Json, SkipsAValueByItsBracketsAndStrings) {
  const std::string values[] = {R"({"a\\": [1, {"]}": "\""}], "[{": "\\\""})", R"([["Ġ", "\\"], ["\"]", "}"], []])"};
  for (const std::string& value : values)
    for (size_t shift = 0; shift < 130; shift++) {  // every place in the blocks in which it is read
      const std::string whole = "[" + std::string(shift, ' ') + value + "]", text = whole + "  , 7";
      JsonReader reader(text, "test");
      reader.skip_unread();
      ASSERT_EQ(reader.position(), whole.size()) << value;
      JsonReader cut(std::string_view(text).substr(0, whole.size() - 1), "test");
      EXPECT_THROW(cut.skip_unread(), TokenizerError);
    }
}

TEST(Utf8, CountsCharacters) {
  std::string text;
  size_t n = 0;
  for (char32_t c : {U'a', U'é', U'€', U'𝄞', U'ÿ', U'b'})
    for (int i = 0; i < 9; i++) {
      utf8::append(text, c);
      EXPECT_EQ(utf8::count(text), ++n);
    }
}

TEST(NormalizedString, SlicesShareAlignments) {
  NormalizedString whole("aé中");
  whole.replace(Pattern::literal("é"), "xy");
  const NormalizedString part(whole, 1, 6);
  EXPECT_EQ(part.text(), "xy中");
  EXPECT_EQ(origins(part), (Strings{"é", "é", "中"}));
  NormalizedString changed = part;
  changed.prepend("-");
  EXPECT_EQ(origins(changed), (Strings{"é", "é", "é", "中"}));
  EXPECT_EQ(part.text(), "xy中");
}

Json parse(std::string_view text) {
  JsonReader reader(text, "test");
  Json out = reader.value();
  reader.finish();
  return out;
}

TEST(Json, ReadsAndWrites) {
  const std::string text = R"({"b":[1,-2,3.5,1e-7,"é\n\"\\",true,false,null,{}],"a":{"x":[]}})";
  EXPECT_EQ(dump(parse(text), false), text);
  EXPECT_EQ(parse("\"\\ud83d\\ude00\\u0041\""), "😀A");
  EXPECT_EQ(dump(parse("[0.1,-8.153762817382812,1e300,123456789012345680.0,2]"), false),
            "[0.1,-8.153762817382812,1e+300,1.2345678901234568e+17,2]");
  EXPECT_EQ(dump(parse(R"({"a":[1]})"), true), "{\n  \"a\": [\n    1\n  ]\n}");
}

// serde_json's rounding, as the library reports these scores.
TEST(Json, NumbersAreThoseOfTheLibrary) {
  const std::pair<const char*, double> cases[] = {{"-2.0122928619384766", -2.012292861938477},
                                                  {"-3.9598512649536133", -3.9598512649536137},
                                                  {"-7.4370903968811035", -7.437090396881104},
                                                  {"0", 0},
                                                  {"12.5e-1", 1.25},
                                                  {"3E+2", 300},
                                                  {"-0.5", -0.5},
                                                  {"123456789012345678901234567890", 123456789012345678901234567890.0},
                                                  {"1e-320", 1e-320}};
  for (auto& [text, value] : cases) EXPECT_DOUBLE_EQ(JsonReader(text, "test").number(), value) << text;
  EXPECT_EQ(JsonReader(cases[0].first, "test").number(), cases[0].second);
}

TEST(Json, RefusesWhatIsNotJson) {
  for (const char* text : {"", "{", "[1,]", "{\"a\":1,}", "{\"a\" 1}", "[1 2]", "tru", "\"\\x\"", "\"\\ud800\"",
                           "\"\\u12\"", "01x", "+1", "\"a\nb\"", "{\"a\":1,\"a\":2}", "1 2", "nul", "[", "\"abc"})
    EXPECT_THROW(parse(text), TokenizerError) << text;
  EXPECT_THROW(parse(std::string(1000, '[')), TokenizerError);
}

TEST(Json, ErrorsNamePlaceAndComponent) {
  try {
    parse("{\n  \"a\": ?}");
    FAIL();
  } catch (const TokenizerError& e) {
    EXPECT_NE(std::string(e.what()).find("test: line 2, column 8"), std::string::npos) << e.what();
  }
  try {
    get_bool(parse(R"({"x":"y"})"), "x", "ByteLevel");
    FAIL();
  } catch (const TokenizerError& e) {
    EXPECT_STREQ(e.what(), "ByteLevel: 'x' is a string, needed true or false");
  }
}

// A control character between two marks goes before they are put in order.
TEST(BertNormalizer, MarksMeetWhereAControlCharacterWas) {
  const auto normalizer = normalizer_from_json(Json::parse(
      R"({"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true})"));
  const std::string text = "\u0345\x0e\u302f";
  NormalizedString s(text);
  normalizer->normalize(s);
  EXPECT_EQ(s.text(), "\u302f");
  EXPECT_EQ(s.alignment(0), (Span{0, 2}));  // the first mark's place: so the library reports it
}

// Most characters become what a table says; a run with a mark that stays (U+302E) goes the long way. Both agree.
TEST(BertNormalizer, TableAndRulesAgree) {
  const auto normalizer = normalizer_from_json(Json::parse(
      R"({"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true})"));
  const auto normalized = [&](const std::string& text, bool tracked, std::vector<Span>& sources) {
    NormalizedString s(text, tracked);
    normalizer->normalize(s);
    sources.clear();
    for (uint32_t i = 0; tracked && i < s.size(); i++) sources.push_back(s.alignment(i));
    return std::string(s.text());
  };
  const std::string mark = "\u302e";
  std::vector<Span> alone, together;
  for (char32_t c = 0x80; c < 0x20000; c++) {
    if ((c >= 0xd800 && c < 0xe000) || combining_class(c)) continue;
    const std::string text = utf8::encode(c);
    const std::string by_table = normalized(text, true, alone);
    ASSERT_EQ(normalized(text + mark, true, together), by_table + mark) << uint32_t(c);
    together.resize(alone.size());
    ASSERT_EQ(together, alone) << uint32_t(c);
    ASSERT_EQ(normalized(text, false, together), by_table) << uint32_t(c);
  }
}

}  // namespace
}  // namespace ef::tokenizers
