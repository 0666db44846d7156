// The normalizers that are one operation of NormalizedString: Lowercase, Strip, StripAccents, Prepend, Nmt, ByteLevel.
#include "tokenizers/byte_alphabet.h"
#include "tokenizers/normalizers/normalizer.h"
#include "tokenizers/unicode.h"

namespace ef::tokenizers {
namespace {

class Lowercase : public Normalizer {
 public:
  void normalize(NormalizedString& text) const override { text.lowercase(); }
  Json to_json() const override { return {{"type", "Lowercase"}}; }
};

class Strip : public Normalizer {
 public:
  explicit Strip(const Json& json)
      : left_(get_bool(json, "strip_left", "Strip")), right_(get_bool(json, "strip_right", "Strip")) {}
  void normalize(NormalizedString& text) const override { text.strip(left_, right_); }
  Json to_json() const override { return {{"type", "Strip"}, {"strip_left", left_}, {"strip_right", right_}}; }

 private:
  bool left_, right_;
};

class StripAccents : public Normalizer {
 public:
  void normalize(NormalizedString& text) const override {
    text.filter([](char32_t c) { return !is_combining_mark(c); });
  }
  Json to_json() const override { return {{"type", "StripAccents"}}; }
};

class Prepend : public Normalizer {
 public:
  explicit Prepend(const Json& json) : prepend_(get_string(json, "prepend", "Prepend")) {}
  void normalize(NormalizedString& text) const override { text.prepend(prepend_); }
  Json to_json() const override { return {{"type", "Prepend"}, {"prepend", prepend_}}; }

 private:
  std::string prepend_;
};

class Nmt : public Normalizer {
 public:
  void normalize(NormalizedString& text) const override {
    text.filter([](char32_t c) {
      return !((c >= 1 && c <= 8) || c == 0xb || (c >= 0xe && c <= 0x1f) || c == 0x7f || c == 0x8f || c == 0x9f);
    });
    text.map([](char32_t c) -> char32_t {
      const bool blank = c == 9 || c == 10 || c == 12 || c == 13 || c == 0x1680 || (c >= 0x200b && c <= 0x200f) ||
                         c == 0x2028 || c == 0x2029 || c == 0x2581 || c == 0xfeff || c == 0xfffd;
      return blank ? U' ' : c;
    });
  }
  Json to_json() const override { return {{"type", "Nmt"}}; }
};

class ByteLevel : public Normalizer {
 public:
  void normalize(NormalizedString& text) const override {
    if (!text.text().empty()) spell_as_bytes(text);
  }
  Json to_json() const override { return {{"type", "ByteLevel"}}; }
};

}  // namespace

NormalizerPtr read_lowercase(const Json&) { return std::make_shared<Lowercase>(); }
NormalizerPtr read_strip(const Json& json) { return std::make_shared<Strip>(json); }
NormalizerPtr read_strip_accents(const Json&) { return std::make_shared<StripAccents>(); }
NormalizerPtr read_prepend(const Json& json) { return std::make_shared<Prepend>(json); }
NormalizerPtr read_nmt(const Json&) { return std::make_shared<Nmt>(); }
NormalizerPtr read_byte_level_normalizer(const Json&) { return std::make_shared<ByteLevel>(); }

}  // namespace ef::tokenizers
