// Fifth role: turns tokens back into text.
#pragma once
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "core/registry.h"
#include "tokenizers/json.h"

namespace ef::tokenizers {

class TokenDecoder;

// What most decoders come down to, so that the pieces can be made before they are needed: each token goes through
// `tokens` by itself; then runs of tokens that name bytes become the characters that these spell, if wanted; all of it
// is one text, with bytes that are not UTF-8 replaced, which goes through `whole`.
struct DecodePlan {
  std::vector<const TokenDecoder*> tokens, whole;
  bool byte_runs = false;  // of tokens like <0xE5>
  bool fused = false;      // what comes next sees one text
  bool raw = false;        // tokens became bytes: nothing can follow
  std::string piece(std::string token, bool first) const;
  bool first_differs() const;  // for some tokens
};

class Decoder {
 public:
  virtual ~Decoder() = default;
  // The texts of the tokens, one after the other; joined they are the decoded text.
  virtual std::vector<std::string> decode_chain(std::vector<std::string> tokens) const = 0;
  virtual Json to_json() const = 0;
  // What a Sequence is made of; null for everything else.
  virtual const std::vector<std::shared_ptr<const Decoder>>* parts() const { return nullptr; }

  virtual bool add_to(DecodePlan& plan) const { return false; }  // false: it cannot be said this way

  std::string decode(std::vector<std::string> tokens) const {
    std::string out;
    for (auto& part : decode_chain(std::move(tokens))) out += part;
    return out;
  }
};
// Looks at each token by itself.
class TokenDecoder : public Decoder {
 public:
  virtual std::string piece(std::string token, bool first) const = 0;
  virtual bool first_differs() const { return true; }  // false: piece() does not ask for `first`
  std::vector<std::string> decode_chain(std::vector<std::string> tokens) const override {
    for (size_t i = 0; i < tokens.size(); i++) tokens[i] = piece(std::move(tokens[i]), i == 0);
    return tokens;
  }
  bool add_to(DecodePlan& plan) const override {
    if (plan.raw || (plan.byte_runs && !plan.fused)) return false;
    (plan.fused ? plan.whole : plan.tokens).push_back(this);
    return true;
  }
};
inline std::string DecodePlan::piece(std::string token, bool first) const {
  for (const TokenDecoder* decoder : tokens) token = decoder->piece(std::move(token), first);
  return token;
}
inline bool DecodePlan::first_differs() const {
  return std::any_of(tokens.begin(), tokens.end(), [](auto decoder) { return decoder->first_differs(); });
}
using DecoderPtr = std::shared_ptr<const Decoder>;

using DecoderFactory = DecoderPtr (*)(const Json&);
const Registry<DecoderFactory>& decoder_registry();
DecoderPtr decoder_from_json(const Json& json);                   // null gives nullptr
DecoderPtr make_decoder_sequence(std::vector<DecoderPtr> parts);  // one after the other

}  // namespace ef::tokenizers
