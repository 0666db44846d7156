// What a code point is. The tables follow the `tokenizers` library (see tools/gen_unicode_tables.py), not the Unicode
// version of any library at hand.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ef::tokenizers {

enum class Category : uint8_t {
  Cn,
  Lu,
  Ll,
  Lt,
  Lm,
  Lo,
  Mn,
  Mc,
  Me,
  Nd,
  Nl,
  No,
  Pc,
  Pd,
  Ps,
  Pe,
  Pi,
  Pf,
  Po,
  Sm,
  Sc,
  Sk,
  So,
  Zs,
  Zl,
  Zp,
  Cc,
  Cf,
  Co,
  Cs,
};
constexpr int kCategoryCount = 30;

// Eight bits that are all the splitting patterns of real tokenizers ask about.
enum TextClass : uint8_t {
  kLetter = 1,
  kNumber = 2,
  kSpace = 4,
  kMark = 8,
  kPunctuation = 16,
  kSymbol = 32,
  kUpper = 64,   // Lu Lt Lm Lo M: what may stand before the lower-case part of a word
  kLower = 128,  // Ll Lm Lo M
};

class UnicodeTables {
 public:
  static const UnicodeTables& instance() {
    static const UnicodeTables tables;
    return tables;
  }
  uint16_t properties(char32_t c) const { return properties_[pages_[c >> 8] << 8 | (c & 255)]; }
  uint8_t text_class(char32_t c) const { return classes_[pages_[c >> 8] << 8 | (c & 255)]; }

 private:
  UnicodeTables();
  std::vector<uint16_t> pages_, properties_;
  std::vector<uint8_t> classes_;
};

inline Category category(char32_t c) { return Category(UnicodeTables::instance().properties(c) & 31); }
inline uint8_t text_class(char32_t c) { return UnicodeTables::instance().text_class(c); }

// Each of these is the notion of one component of the library; they differ in Unicode version and in detail.
inline bool has_property(char32_t c, int bit) { return UnicodeTables::instance().properties(c) >> bit & 1; }
inline bool is_numeric(char32_t c) { return has_property(c, 5); }           // Digits
inline bool is_punctuation(char32_t c) { return has_property(c, 6); }       // Punctuation, BertPreTokenizer
inline bool is_bert_control(char32_t c) { return has_property(c, 7); }      // removed by BertNormalizer
inline bool is_combining_mark(char32_t c) { return has_property(c, 8); }    // StripAccents
inline bool is_word_character(char32_t c) { return has_property(c, 9); }    // single_word of added tokens
inline bool is_nonspacing_mark(char32_t c) { return has_property(c, 10); }  // BertNormalizer's strip_accents
inline bool is_chinese_char(char32_t c) { return has_property(c, 11); }     // BertNormalizer
inline bool is_white_space(char32_t c) {
  if (c < 0x80) return c == ' ' || (c >= 9 && c <= 13);
  return c == 0x85 || c == 0xa0 || (c >= 0x1680 && text_class(c) & kSpace);
}

// Lower case of one code point, without regard to its neighbours: one or two code points. Returns how many.
int to_lower(char32_t c, char32_t out[2]);
int to_upper(char32_t c, char32_t out[3]);

// UnicodeScripts: a number for every script; 0 goes with every other.
int script_of(char32_t c);

// Younger than the library's data for the normal forms: they do nothing there.
bool is_inert(char32_t c);
// Younger than utf8proc's data for graphemes: they belong to the character before them.
bool is_joining(char32_t c);

// Code point ranges of a general category ("L", "Lu", …); false when there is no such category.
bool category_ranges(std::string_view name, std::vector<std::pair<char32_t, char32_t>>& out);

}  // namespace ef::tokenizers
