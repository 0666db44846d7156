// Pre-tokenizers that look at one character at a time: Digits, Punctuation, WhitespaceSplit, BertPreTokenizer,
// CharDelimiterSplit, Whitespace, FixedLength.
#include "tokenizers/pre_tokenizers/by_character.h"
#include "tokenizers/pre_tokenizers/pre_tokenizer.h"
#include "tokenizers/unicode.h"

namespace ef::tokenizers {
namespace {

class Digits : public PreTokenizer {
 public:
  explicit Digits(const Json& json) : individual_(get_bool(json, "individual_digits", "Digits")) {}
  void pre_tokenize(PreTokenizedString& text) const override {
    split_by_character(text, individual_ ? SplitBehavior::Isolated : SplitBehavior::Contiguous, is_numeric);
  }
  Json to_json() const override { return {{"type", "Digits"}, {"individual_digits", individual_}}; }

 private:
  bool individual_;
};

class Punctuation : public PreTokenizer {
 public:
  explicit Punctuation(const Json& json)
      : behavior_(split_behavior_from_name(get_string(json, "behavior", "Punctuation", "Isolated"), "Punctuation")) {}
  void pre_tokenize(PreTokenizedString& text) const override { split_by_character(text, behavior_, is_punctuation); }
  Json to_json() const override { return {{"type", "Punctuation"}, {"behavior", split_behavior_name(behavior_)}}; }

 private:
  SplitBehavior behavior_;
};

class WhitespaceSplit : public PreTokenizer {
 public:
  void pre_tokenize(PreTokenizedString& text) const override {
    split_by_character(text, SplitBehavior::Removed, is_white_space);
  }
  Json to_json() const override { return {{"type", "WhitespaceSplit"}}; }
};

class BertPreTokenizer : public PreTokenizer {
 public:
  void pre_tokenize(PreTokenizedString& text) const override {
    split_by_character(text, SplitBehavior::Removed, is_white_space);
    split_by_character(text, SplitBehavior::Isolated, is_punctuation);
  }
  Json to_json() const override { return {{"type", "BertPreTokenizer"}}; }
};

class CharDelimiterSplit : public PreTokenizer {
 public:
  explicit CharDelimiterSplit(const Json& json) : delimiter_(get_char(json, "delimiter", "CharDelimiterSplit")) {}
  void pre_tokenize(PreTokenizedString& text) const override {
    split_by_character(text, SplitBehavior::Removed, [&](char32_t c) { return c == delimiter_; });
  }
  Json to_json() const override { return {{"type", "CharDelimiterSplit"}, {"delimiter", utf8::encode(delimiter_)}}; }

 private:
  char32_t delimiter_;
};

// \w+|[^\w\s]+
class Whitespace : public PreTokenizer {
 public:
  void pre_tokenize(PreTokenizedString& text) const override {
    const auto kind = [](char32_t c) { return is_word_character(c) ? 1 : is_white_space(c) ? 0 : 2; };
    text.split([&](std::string_view s, auto emit) {
      uint32_t begin = 0, at = 0;
      int last = 0;
      for (auto it = utf8::chars(s).begin(); at < s.size(); ++it) {
        const int now = kind(*it);
        if (now != last) {
          if (last) emit(begin, at);
          begin = at;
          last = now;
        }
        at += uint32_t(it.length);
      }
      if (last) emit(begin, at);
    });
  }
  Json to_json() const override { return {{"type", "Whitespace"}}; }
};

class FixedLength : public PreTokenizer {
 public:
  explicit FixedLength(const Json& json)
      : length_(find(json, "length") ? uint32_t(get_unsigned(json, "length", "FixedLength")) : 5) {}
  void pre_tokenize(PreTokenizedString& text) const override {
    if (length_ == 0) return;
    text.split([&](std::string_view s, auto emit) {
      uint32_t begin = 0, at = 0, count = 0;
      for (auto it = utf8::chars(s).begin(); at < s.size(); ++it) {
        if (count == length_) emit(begin, at), begin = at, count = 0;
        at += uint32_t(it.length);
        count++;
      }
      emit(begin, at);
    });
  }
  Json to_json() const override { return {{"type", "FixedLength"}, {"length", length_}}; }

 private:
  uint32_t length_;
};

}  // namespace

PreTokenizerPtr read_digits(const Json& json) { return std::make_shared<Digits>(json); }
PreTokenizerPtr read_punctuation(const Json& json) { return std::make_shared<Punctuation>(json); }
PreTokenizerPtr read_whitespace_split(const Json&) { return std::make_shared<WhitespaceSplit>(); }
PreTokenizerPtr read_bert_pre_tokenizer(const Json&) { return std::make_shared<BertPreTokenizer>(); }
PreTokenizerPtr read_char_delimiter_split(const Json& json) { return std::make_shared<CharDelimiterSplit>(json); }
PreTokenizerPtr read_whitespace(const Json&) { return std::make_shared<Whitespace>(); }
PreTokenizerPtr read_fixed_length(const Json& json) { return std::make_shared<FixedLength>(json); }

}  // namespace ef::tokenizers
