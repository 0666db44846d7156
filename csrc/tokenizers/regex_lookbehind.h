// What a look-behind may find, as alternatives that are each of one length: PCRE2 takes no others.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "tokenizers/regex_tree.h"

namespace ef::tokenizers::regex {

// nullopt: there are too many, or the length has no bound.
std::optional<std::vector<Node>> of_one_length(const Node& node);

}  // namespace ef::tokenizers::regex
