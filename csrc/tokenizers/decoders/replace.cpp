// Replaces all matches of a pattern in every token.
#include "tokenizers/decoders/decoder.h"
#include "tokenizers/pattern.h"

namespace ef::tokenizers {
namespace {

using Tokens = std::vector<std::string>;

class Replace : public Decoder {
 public:
  explicit Replace(const Json& json)
      : pattern_(Pattern::from_json(require(json, "pattern", "Replace"), "Replace")),
        content_(get_string(json, "content", "Replace")) {}
  Tokens decode_chain(Tokens tokens) const override {
    for (std::string& token : tokens) {
      std::string out;
      size_t at = 0;
      pattern_.for_each_match(token, [&](uint32_t begin, uint32_t end) {
        out.append(token, at, begin - at).append(content_);
        at = end;
      });
      token = out.append(token, at);
    }
    return tokens;
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
