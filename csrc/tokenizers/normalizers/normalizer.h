// First role: changes the text (case, accents, Unicode form) and keeps track of where each part came from.
#pragma once
#include <memory>
#include <vector>

#include "core/registry.h"
#include "tokenizers/json.h"
#include "tokenizers/normalized_string.h"

namespace ef::tokenizers {

class Normalizer {
 public:
  virtual ~Normalizer() = default;
  virtual void normalize(NormalizedString& text) const = 0;
  virtual bool needs_source() const { return false; }  // asks where in the original a text stands
  virtual Json to_json() const = 0;
  // What a Sequence is made of; null for everything else.
  virtual const std::vector<std::shared_ptr<const Normalizer>>* parts() const { return nullptr; }
  // What it has to do with the marks that stand for blanks (mark.h): puts them there, or one in front.
  enum class Marks { None, Blanks, Front };
  virtual Marks marks() const { return Marks::None; }
};
using NormalizerPtr = std::shared_ptr<const Normalizer>;

// A component in JSON names itself by "type"; the other fields are its options.
using NormalizerFactory = NormalizerPtr (*)(const Json&);
const Registry<NormalizerFactory>& normalizer_registry();
NormalizerPtr normalizer_from_json(const Json& json);                      // null gives nullptr
NormalizerPtr make_normalizer_sequence(std::vector<NormalizerPtr> parts);  // one after the other

}  // namespace ef::tokenizers
