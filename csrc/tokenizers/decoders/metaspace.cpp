// Turns the visible character for a blank back into one.
#include "tokenizers/decoders/decoder.h"
#include "tokenizers/decoders/text.h"
#include "tokenizers/metaspace.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {
namespace {

using Tokens = std::vector<std::string>;

class Metaspace : public Decoder {
 public:
  explicit Metaspace(const Json& json)
      : options_(MetaspaceOptions::from_json(json)), mark_(utf8::encode(options_.replacement)) {}
  Tokens decode_chain(Tokens tokens) const override {
    for (size_t i = 0; i < tokens.size(); i++) {
      const bool added = i == 0 && options_.prepend != MetaspaceOptions::Prepend::Never;
      replace_all(tokens[i], mark_, added ? "" : " ");
    }
    return tokens;
  }
  Json to_json() const override { return options_.to_json(); }

 private:
  MetaspaceOptions options_;
  std::string mark_;
};

}  // namespace

DecoderPtr read_metaspace_decoder(const Json& json) { return std::make_shared<Metaspace>(json); }

}  // namespace ef::tokenizers
