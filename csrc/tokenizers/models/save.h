#pragma once
#include <string>
#include <string_view>

namespace ef::tokenizers {

// Writes folder/prefix-name (folder/name for an empty prefix) and returns the path.
std::string write_model_file(const std::string& folder, const std::string& prefix, const std::string& name,
                             std::string_view content);

}  // namespace ef::tokenizers
