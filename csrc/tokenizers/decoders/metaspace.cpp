// Turns the visible character for a blank back into one.
#include "tokenizers/decoders/decoder.h"
#include "tokenizers/decoders/text.h"
#include "tokenizers/metaspace.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {
namespace {

class Metaspace : public TokenDecoder {
 public:
  explicit Metaspace(const Json& json)
      : options_(MetaspaceOptions::from_json(json)), mark_(utf8::encode(options_.replacement)) {}
  std::string piece(std::string token, bool first) const override {
    const bool added = first && options_.prepend != MetaspaceOptions::Prepend::Never;
    replace_all(token, mark_, added ? "" : " ");
    return token;
  }
  Json to_json() const override { return options_.to_json(); }

 private:
  MetaspaceOptions options_;
  std::string mark_;
};

}  // namespace

DecoderPtr read_metaspace_decoder(const Json& json) { return std::make_shared<Metaspace>(json); }

}  // namespace ef::tokenizers
