// Removes a character at the ends of every token, up to so many times.
#include "tokenizers/decoders/decoder.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {
namespace {

class Strip : public TokenDecoder {
 public:
  explicit Strip(const Json& json)
      : content_(utf8::encode(get_char(json, "content", "Strip"))),
        start_(get_unsigned(json, "start", "Strip", UINT64_MAX)),
        stop_(get_unsigned(json, "stop", "Strip", UINT64_MAX)) {}
  bool first_differs() const override { return false; }
  std::string piece(std::string token, bool) const override {
    std::string_view s = token;
    for (size_t i = 0; i < start_ && s.starts_with(content_); i++) s.remove_prefix(content_.size());
    for (size_t i = 0; i < stop_ && s.ends_with(content_); i++) s.remove_suffix(content_.size());
    return std::string(s);
  }
  Json to_json() const override {
    return {{"type", "Strip"}, {"content", content_}, {"start", start_}, {"stop", stop_}};
  }

 private:
  std::string content_;
  uint64_t start_, stop_;
};

}  // namespace

DecoderPtr read_strip_decoder(const Json& json) { return std::make_shared<Strip>(json); }

}  // namespace ef::tokenizers
