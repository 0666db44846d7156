// Damaged tokenizer.json: each must either load and work or be refused with a typed error. EF_FUZZ_ITERATIONS sets how
// many, EF_FUZZ_SEED which.
#include <gtest/gtest.h>

#include <cstdlib>

#include "core/error.h"
#include "random_text.h"
#include "small_tokenizers.h"
#include "tokenizers/tokenizer.h"

namespace ef::tokenizers {
namespace {

int setting(const char* name, int fallback) {
  const char* text = std::getenv(name);
  return text && *text ? std::atoi(text) : fallback;
}

// A change that leaves the JSON well-formed: a digit, a letter, a truth value, a whole field.
void change_value(std::string& s, std::mt19937& r) {
  size_t at = r() % s.size();
  switch (r() % 3) {
    case 0:
      at = s.find_first_of("0123456789", at);
      if (at != std::string::npos) s[at] = char('1' + r() % 9);
      break;
    case 1:
      at = s.find_first_of("abcdefghijklmnopqrstuvwxyz", at);
      if (at != std::string::npos) s[at] = char('a' + r() % 26);
      break;
    default:
      if (const size_t yes = s.find("true", at); yes != std::string::npos)
        s.replace(yes, 4, r() % 2 ? "false" : "null");
  }
}

std::string mutated(std::string s, std::mt19937& r, const std::vector<std::string>& corpus) {
  static const std::string kPieces[] = {"\"",       "\\",
                                        "{",        "}",
                                        "[",        "]",
                                        ",",        ":",
                                        "null",     "true",
                                        "-1",       "4294967296",
                                        "1e999",    "\"\"",
                                        "\\u0000",  "é",
                                        "\xff",     "{\"type\":\"Sequence\"}",
                                        "\"type\"", "999999999999999999999",
                                        "0.5",      "\"\\ud800\"",
                                        "(((",      "[^\\p{L}]*"};
  const int edits = 1 + int(r() % 3);
  if (r() % 2) {
    for (int i = 0; i < edits; i++) change_value(s, r);
    return s;
  }
  for (int i = 0; i < edits && !s.empty(); i++) {
    const size_t at = r() % s.size(), n = std::min<size_t>(s.size() - at, 1 + r() % 12);
    switch (r() % 7) {
      case 0:
        s.erase(at, n);
        break;
      case 1:
        s.insert(at, kPieces[r() % std::size(kPieces)]);
        break;
      case 2:
        s.replace(at, n, kPieces[r() % std::size(kPieces)]);
        break;
      case 3:
        s[at] = char(r());
        break;
      case 4:
        s.resize(at);
        break;
      case 5:
        s.insert(at, s.substr(r() % s.size(), r() % 60));
        break;
      default: {  // a value of another file in place of a value
        const std::string& other = corpus[r() % corpus.size()];
        const size_t from = other.find(':', r() % other.size()), to = s.find(':', at);
        if (from == std::string::npos || to == std::string::npos) break;
        const size_t length = std::min<size_t>(other.find_first_of(",}", from) - from, 200);
        s.replace(to, std::min<size_t>(s.find_first_of(",}", to) - to, s.size() - to), other.substr(from, length));
      }
    }
  }
  return s;
}

TEST(TokenizerFuzz, DamagedFilesAreRefusedOrWork) {
  const int count = setting("EF_FUZZ_ITERATIONS", 2000);
  std::mt19937 random(unsigned(setting("EF_FUZZ_SEED", 1)));
  const std::vector<std::string> corpus = small_tokenizers();
  int loaded = 0, refused = 0;
  for (int i = 0; i < count; i++) {
    const std::string text = mutated(corpus[random() % corpus.size()], random, corpus);
    const std::string sample = random_text(random, 20);
    try {
      const Tokenizer t = Tokenizer::from_json(text);
      loaded++;
      const Encoding e = t.encode({std::string_view(sample), std::string_view("hello abc 12")});
      t.decode(e.ids(), false);
      t.to_json();
    } catch (const Error&) {
      refused++;
    }
  }
  EXPECT_GT(loaded, count / 20);  // the damage is not always at the surface
  EXPECT_GT(refused, count / 20);
}

}  // namespace
}  // namespace ef::tokenizers
