// Replaces all matches of a pattern in every token.
#include "tokenizers/decoders/decoder.h"
#include "tokenizers/pattern.h"

namespace ef::tokenizers {
namespace {

class Replace : public TokenDecoder {
 public:
  explicit Replace(const Json& json)
      : pattern_(Pattern::from_json(require(json, "pattern", "Replace"), "Replace")),
        content_(get_string(json, "content", "Replace")) {}
  bool first_differs() const override { return false; }
  std::string piece(std::string token, bool) const override {
    std::string out;
    size_t at = 0;
    pattern_.for_each_match(token, [&](uint32_t begin, uint32_t end) {
      out.append(token, at, begin - at).append(content_);
      at = end;
    });
    return out.append(token, at);
  }
  Json to_json() const override {
    return {{"type", "Replace"}, {"pattern", pattern_.to_json()}, {"content", content_}};
  }

 private:
  Pattern pattern_;
  std::string content_;
};

}  // namespace

DecoderPtr read_replace_decoder(const Json& json) { return std::make_shared<Replace>(json); }

}  // namespace ef::tokenizers
