// Bounded JSON. The same documents as Python's json.loads, with a limit on depth and size.
#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "core/error.h"

namespace ef {

using Json = nlohmann::json;

struct JsonOptions {
  int max_depth = 128;
  size_t max_bytes = size_t(1) << 30;
  bool reject_duplicate_keys = false;  // else the last one wins, as in Python
  bool accept_nan = true;              // NaN, Infinity and -Infinity as Python writes them
};

// CheckpointError with file, line and column. `where` names the file.
Json parse_json(std::string_view text, const std::string& where, const JsonOptions& options = {});
Json read_json_file(const std::string& path, const JsonOptions& options = {});

// "an object", "a string", … for messages.
const char* json_kind(const Json& value);

namespace json_detail {
template <class T>
constexpr const char* wanted() {
  if constexpr (std::is_same_v<T, bool>)
    return "true or false";
  else if constexpr (std::is_integral_v<T>)
    return "an integer";
  else if constexpr (std::is_floating_point_v<T>)
    return "a number";
  else
    return "a string";
}
template <class T>
bool holds(const Json& v) {
  if constexpr (std::is_same_v<T, bool>)
    return v.is_boolean();
  else if constexpr (std::is_integral_v<T>) {
    // 4.0 counts as 4: configurations written by other tools hold such values.
    if (v.is_number_float()) {
      const double d = v.get<double>();
      return d >= -0x1p53 && d <= 0x1p53 && d == double(int64_t(d)) && (std::is_signed_v<T> || d >= 0) &&
             sizeof(T) == 8;
    }
    if (v.is_number_unsigned()) return std::in_range<T>(v.get<uint64_t>());
    return v.is_number_integer() && std::in_range<T>(v.get<int64_t>());
  } else if constexpr (std::is_floating_point_v<T>)
    return v.is_number();
  else
    return v.is_string();
}
}  // namespace json_detail

// field<int64_t>(config, "hidden_size", "config.json"): ConfigError naming `where`, the key and what was found.
// T: bool, an integer type, float, double, std::string.
const Json& json_field(const Json& object, std::string_view key, const std::string& where);
const Json* find_json_field(const Json& object, std::string_view key);  // nullptr: absent or null

template <class T>
T json_value(const Json& value, std::string_view key, const std::string& where) {
  check<ConfigError>(json_detail::holds<T>(value), where, ": '", key, "' is ", json_kind(value), ", needed ",
                     json_detail::wanted<T>());
  return value.get<T>();
}
template <class T>
T field(const Json& object, std::string_view key, const std::string& where) {
  return json_value<T>(json_field(object, key, where), key, where);
}
// Absent and null give the fallback; a wrong type is still an error.
template <class T>
T field_or(const Json& object, std::string_view key, const std::string& where, T fallback) {
  const Json* found = find_json_field(object, key);
  return found ? json_value<T>(*found, key, where) : fallback;
}

}  // namespace ef
