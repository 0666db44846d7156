// Fifth role: turns tokens back into text.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "core/registry.h"
#include "tokenizers/json.h"

namespace ef::tokenizers {

class Decoder {
 public:
  virtual ~Decoder() = default;
  // The texts of the tokens, one after the other; joined they are the decoded text.
  virtual std::vector<std::string> decode_chain(std::vector<std::string> tokens) const = 0;
  virtual Json to_json() const = 0;
  // What a Sequence is made of; null for everything else.
  virtual const std::vector<std::shared_ptr<const Decoder>>* parts() const { return nullptr; }

  // Most decoders look at each token by itself: then the decoded text is what piece() makes of the tokens, joined, with
  // bytes that are not UTF-8 replaced. Such pieces can be made before they are needed.
  virtual bool by_token() const { return false; }
  virtual std::string piece(std::string token, bool first) const { return token; }

  std::string decode(std::vector<std::string> tokens) const {
    std::string out;
    for (auto& part : decode_chain(std::move(tokens))) out += part;
    return out;
  }
};
class TokenDecoder : public Decoder {
 public:
  bool by_token() const final { return true; }
  std::vector<std::string> decode_chain(std::vector<std::string> tokens) const override {
    for (size_t i = 0; i < tokens.size(); i++) tokens[i] = piece(std::move(tokens[i]), i == 0);
    return tokens;
  }
};
using DecoderPtr = std::shared_ptr<const Decoder>;

using DecoderFactory = DecoderPtr (*)(const Json&);
const Registry<DecoderFactory>& decoder_registry();
DecoderPtr decoder_from_json(const Json& json);                   // null gives nullptr
DecoderPtr make_decoder_sequence(std::vector<DecoderPtr> parts);  // one after the other

}  // namespace ef::tokenizers
