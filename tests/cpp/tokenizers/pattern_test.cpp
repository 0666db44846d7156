// Splitting patterns: the hand-written scanners against PCRE2, the translation of Oniguruma's syntax, limits.
#include "tokenizers/pattern.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "random_text.h"
#include "tokenizers/regex.h"

namespace ef::tokenizers {
namespace {

std::vector<Span> matches(const Pattern& pattern, std::string_view text) {
  std::vector<Span> out;
  pattern.for_each_match(text, [&](uint32_t begin, uint32_t end) { out.push_back({begin, end}); });
  return out;
}
std::string replaced(const std::string& pattern, std::string_view text) {
  NormalizedString s(text);
  s.replace(Pattern::regex(pattern, false), "-");
  return std::string(s.text());
}

TEST(Scanners, FindWhatTheRegularExpressionFinds) {
  ASSERT_GE(scanner_patterns().size(), 10u);
  std::mt19937 random(7);
  std::vector<std::string> texts;
  for (int i = 0; i < 400; i++) texts.push_back(random_text(random, 1 + int(random() % 40)));
  for (size_t i = 0; i < 200; i++)
    texts.push_back(random_text(random, int(random() % 30)) + std::string(random() % 4, ' ') +
                    random_text(random, int(random() % 30)));
  for (std::string_view source : scanner_patterns()) {
    const Pattern fast = Pattern::regex(std::string(source)), slow = Pattern::regex(std::string(source), false);
    ASSERT_TRUE(fast.has_scanner());
    ASSERT_FALSE(slow.has_scanner());
    size_t found = 0;
    for (const std::string& text : texts) {
      const auto expected = matches(slow, text);
      found += expected.size();
      ASSERT_EQ(matches(fast, text), expected) << source << "\non: " << text;
    }
    EXPECT_GT(found, 100u) << source;  // the texts do exercise it
  }
}

TEST(Scanners, AreFoundWhetherLineEndsAreEscapedOrNot) {
  std::string raw(patterns::kQwen2);
  for (const auto& [from, to] : {std::pair<std::string, std::string>{"\\r", "\r"}, {"\\n", "\n"}})
    for (size_t at; (at = raw.find(from)) != std::string::npos;) raw.replace(at, from.size(), to);
  EXPECT_EQ(find_scanner(raw), find_scanner(patterns::kQwen2));
  EXPECT_NE(find_scanner(raw), nullptr);
  EXPECT_EQ(find_scanner("\\p{L}+x"), nullptr);
}

// Expected values from the `tokenizers` library.
TEST(Regex, HasTheMeaningOfRubySyntax) {
  const std::string text = "aaaaab]b[c1\n中Aé\vx\\";
  const std::pair<const char*, const char*> cases[] = {
      {"a{2}+", "-ab]b[c1\n中Aé\vx\\"},                 // not possessive: once more
      {"a{2}?", "--a-b-]-b-[-c-1-\n-中-A-é-\v-x-\\-"},  // an option, not lazy
      {"a{,2}", "---b-]-b-[-c-1-\n-中-A-é-\v-x-\\-"},
      {"[a[bc]]", "------]-[-1\n中Aé\vx\\"},  // nested classes join
      {"[]a]", "-----b-b[c1\n中Aé\vx\\"},
      {"\\v", "aaaaab]b[c1\n中Aé-x\\"},  // one character
      {"\\p{^L}", "aaaaab-b-c--中Aé-x-"},
      {"\\p{Letter}", "------]-[-1\n---\v-\\"},
      {"\\p{Han}", "aaaaab]b[c1\n-Aé\vx\\"},
      {"(?m:.)", "------------------"},  // dot matches all
      {"\\u0041", "aaaaab]b[c1\n中-é\vx\\"},
      {"\\h", "------]-[--\n中-é\vx\\"},  // hexadecimal digits
  };
  for (auto& [pattern, expected] : cases) EXPECT_EQ(replaced(pattern, text), expected) << pattern;
  EXPECT_EQ(replaced("$", "ab\ncd\n"), "ab-\ncd-\n-");  // about lines
  EXPECT_EQ(replaced("^", "ab\ncd\n"), "-ab\n-cd\n");
  EXPECT_EQ(replaced("\\bé", "é aé é"), "- aé -");
  EXPECT_EQ(replaced("(?i:'s)", "'S 'ſ"), "- -");
  EXPECT_EQ(replaced("(?i)ss", "ß SS ſs"), "- - -");  // one character for two, and the other way round
  EXPECT_EQ(replaced("(?i)[ß]+t", "ẞsst"), "-");
  EXPECT_EQ(replaced("(?i)s{2}", "ß ss"), "ß -");
  EXPECT_EQ(replaced("(?~ab)b", "cab"), "ca-");
  EXPECT_EQ(replaced("(?<n>a)(?<n>b)\\k<n>", "abaabb"), "--");
  EXPECT_EQ(replaced("(?<=a+|b(?:c|de))x", "aax bcx bdex x"), "aa- bc- bde- x");
}

TEST(Regex, SetsWithinSets) {
  const auto count = [](const char* pattern, const char* text) { return Regex(pattern).find_all(text).size(); };
  EXPECT_EQ(count("[a-z&&[^aeiou]]", "abcde"), 3u);
  EXPECT_EQ(count("[^a&&b]", "ab"), 2u);
  EXPECT_EQ(count("[a-d&&b-e&&c]", "abcde"), 1u);
  EXPECT_EQ(count("[a&&]", "a"), 0u);
  EXPECT_EQ(count("[[^a]b]", "abc"), 2u);
  EXPECT_EQ(count("[\\w&&[^\\d]]", "a1_"), 2u);
  EXPECT_EQ(count("\\p{InHiragana}", "a\u3072\u3089"), 2u);
  EXPECT_EQ(count("a**", "aab"), 2u);
  EXPECT_EQ(count("\\x41+*b", "b"), 1u);
  EXPECT_EQ(count("a(?i)b|c", "aBcaC"), 2u);  // the option holds for both alternatives, which both follow the a
}

TEST(Regex, ManyLongClasses) {
  std::string many;
  for (int i = 0; i < 30; i++) many += "(?i:[\\w.])\\W|";
  EXPECT_EQ(Regex(many + "x").find_all("a b").size(), 1u);
}

TEST(Regex, RefusesWhatItCannotDo) {
  EXPECT_THROW(Regex("(unclosed"), TokenizerError);
  EXPECT_THROW(Regex("(?~|abc)"), UnsupportedError);
  EXPECT_THROW(Regex("(?<=a.*b)"), UnsupportedError);
  EXPECT_THROW(Regex("(a)\\1\\g<1>"), UnsupportedError);
  EXPECT_THROW(Regex("\\y"), UnsupportedError);
  EXPECT_THROW(Regex("\\xe9"), TokenizerError);
  EXPECT_THROW(Regex("(?s:a)"), TokenizerError);
  EXPECT_THROW(Regex("[b-a&&a]"), TokenizerError);
  EXPECT_THROW(Regex("[a&&"), TokenizerError);
  EXPECT_THROW(Regex(std::string(200000, 'a')), TokenizerError);
  EXPECT_THROW(Regex("\xff"), TokenizerError);
  EXPECT_THROW(Regex("\\p{Nonsense}"), TokenizerError);
  EXPECT_THROW(Regex(std::string(5000, '(') + std::string(5000, ')')), TokenizerError);
}

TEST(Regex, PatternsThatNestWithoutEnd) {
  const auto times = [](const std::string& text, int n) {
    std::string out;
    for (int i = 0; i < n; i++) out += text;
    return out;
  };
  EXPECT_THROW(Regex("a" + times("*", 20000)), TokenizerError);
  EXPECT_THROW(Regex("a" + times("??", 40000)), TokenizerError);
  EXPECT_EQ(replaced("a?+*", "aab"), "-b-");
  // Each level looked at twice, this would never end.
  EXPECT_EQ(replaced("(?<=" + times("(?:", 60) + "a?" + times(")?", 60) + ")c", "acb"), "a-b");
}

// Blanks of extended mode, and characters as they are seen, as Oniguruma has them.
TEST(Regex, BlanksAndClusters) {
  EXPECT_EQ(replaced("(?x: a\tb # end\n c)", "abc a b"), "- a b");
  EXPECT_EQ(replaced("(?x:a\u00a0b)", "ab a\u00a0b"), "ab -");
  using namespace std::string_literals;
  EXPECT_EQ(replaced("(?x:a\0b)"s, "ab a\0b"s), "ab -");
  EXPECT_EQ(replaced("\\X", "😀😀"), "--");
  EXPECT_EQ(replaced("\\X", "👍🏽👨‍👩‍👧e\u0301🇩🇪🇫🇷"), "-----");
}

TEST(Regex, CatastrophicBacktrackingEnds) {
  const Regex regex("(?:x+x+)+[yz]");
  EXPECT_THROW(regex.find_all(std::string(5000, 'x')), TokenizerError);
}

TEST(Regex, EmptyMatches) {
  EXPECT_EQ(replaced("X*", "aXbXX"), "-a-b-");
  EXPECT_EQ(replaced("x*", ""), "");
  EXPECT_EQ(replaced("x*", "é中"), "-é-中-");
}

}  // namespace
}  // namespace ef::tokenizers
