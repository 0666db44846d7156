#include "tokenizers/metaspace.h"

#include "tokenizers/utf8.h"

namespace ef::tokenizers {

MetaspaceOptions MetaspaceOptions::from_json(const Json& json) {
  MetaspaceOptions out;
  out.replacement = get_char(json, "replacement", "Metaspace");
  std::optional<std::string> scheme;
  if (has(json, "prepend_scheme")) scheme = get_string(json, "prepend_scheme", "Metaspace");
  if (scheme == "first")
    out.prepend = Prepend::First;
  else if (scheme == "never")
    out.prepend = Prepend::Never;
  else
    check<TokenizerError>(!scheme || scheme == "always", "Metaspace: prepend_scheme: ", scheme.value_or(""),
                          " is an unknown variant, should be one of ['first', 'never', 'always']");
  if (!get_bool(json, "add_prefix_space", "Metaspace", true)) {
    check<TokenizerError>(!scheme || out.prepend == Prepend::Never,
                          "Metaspace: add_prefix_space does not match declared prepend_scheme.");
    out.prepend = Prepend::Never;
  }
  out.split = get_bool(json, "split", "Metaspace", true);
  return out;
}
Json MetaspaceOptions::to_json() const {
  return {{"type", "Metaspace"},
          {"replacement", utf8::encode(replacement)},
          {"prepend_scheme", prepend == Prepend::Always  ? "always"
                             : prepend == Prepend::First ? "first"
                                                         : "never"},
          {"split", split}};
}

}  // namespace ef::tokenizers
