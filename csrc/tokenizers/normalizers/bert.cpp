// What BERT does to a text: control characters out, ideographs apart, accents off, lower case.
#include "tokenizers/character_map.h"
#include "tokenizers/normal_forms.h"
#include "tokenizers/normalizers/normalizer.h"
#include "tokenizers/unicode.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {
namespace {

class BertNormalizer : public Normalizer {
 public:
  explicit BertNormalizer(const Json& json)
      : clean_text_(get_bool(json, "clean_text", "BertNormalizer")),
        handle_chinese_chars_(get_bool(json, "handle_chinese_chars", "BertNormalizer")),
        lowercase_(get_bool(json, "lowercase", "BertNormalizer")) {
    if (find(json, "strip_accents")) strip_accents_ = get_bool(json, "strip_accents", "BertNormalizer");
    for (size_t c = 0; c < ascii_.size(); c++) {
      ascii_[c] = uint8_t(lowercase_ && c >= 'A' && c <= 'Z' ? c + 32 : c);
      if (!clean_text_) continue;
      if (is_bert_control(char32_t(c)))
        ascii_[c] = NormalizedString::kDropped;
      else if (is_white_space(char32_t(c)))
        ascii_[c] = ' ';
    }
  }
  // None of the steps looks beyond a run of ASCII characters, or of others, unless what stands between two runs goes.
  void normalize(NormalizedString& text) const override {
    text.map_characters(ascii_, others_, [this](NormalizedString& part) { normalize_part(part); });
  }
  Json to_json() const override {
    return {{"type", "BertNormalizer"},
            {"clean_text", clean_text_},
            {"handle_chinese_chars", handle_chinese_chars_},
            {"strip_accents", strip_accents_ ? Json(*strip_accents_) : Json()},
            {"lowercase", lowercase_}};
  }

 private:
  // Neighbours matter only where marks change places and some of them stay.
  bool normalize_character(char32_t c, std::string& out) const {
    const std::string original = utf8::encode(c);
    NormalizedString text(original, false);
    normalize_part(text);
    out = text.text();
    if (!strip_accents_.value_or(lowercase_)) return true;
    if (out.empty()) return true;
    if (combining_class(c)) return false;
    for (char32_t after : utf8::chars(out))
      if (combining_class(after)) return false;
    return true;
  }
  void normalize_part(NormalizedString& text) const {
    if (clean_text_) {
      text.filter([](char32_t c) { return !is_bert_control(c); });
      text.map([](char32_t c) { return is_white_space(c) ? U' ' : c; });
    }
    if (handle_chinese_chars_) set_apart(text);
    if (strip_accents_.value_or(lowercase_)) {
      apply_normal_form(text, NormalForm::D);
      text.filter([](char32_t c) { return !is_nonspacing_mark(c); });
    }
    if (lowercase_) text.lowercase();
  }
  static void set_apart(NormalizedString& text) {
    std::vector<NormalizedString::Change> changes;
    bool any = false;
    for (char32_t c : utf8::chars(text.text())) {
      if (!is_chinese_char(c)) {
        changes.push_back({c, 0});
        continue;
      }
      any = true;
      changes.push_back({U' ', 0});
      changes.push_back({c, 1});
      changes.push_back({U' ', 1});
    }
    if (any) text.transform(changes);
  }
  bool clean_text_, handle_chinese_chars_, lowercase_;
  std::optional<bool> strip_accents_;
  std::array<uint8_t, 128> ascii_;
  CharacterMap others_{[this](char32_t c, std::string& out) { return normalize_character(c, out); }};
};

}  // namespace

NormalizerPtr read_bert_normalizer(const Json& json) { return std::make_shared<BertNormalizer>(json); }

}  // namespace ef::tokenizers
