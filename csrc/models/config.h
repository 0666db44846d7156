// Typed, bounded access to config.json: every number a model is built from passes here.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/error.h"
#include "io/json.h"
#include "nn/rope.h"

namespace ef {

class ConfigReader {
 public:
  explicit ConfigReader(const std::string& text);
  explicit ConfigReader(Json json, std::string where = "config.json")
      : json_(std::move(json)), where_(std::move(where)) {}
  bool has(const char* key) const;                        // present and not null
  int64_t size(const char* key) const;                    // 1 … 2^31
  int64_t size(const char* key, int64_t fallback) const;  // the same, fallback when absent or null
  int64_t integer(const char* key, int64_t fallback) const;
  double number(const char* key, double fallback) const;
  bool flag(const char* key, bool fallback) const;
  std::string text(const char* key, const std::string& fallback) const;
  std::vector<double> numbers(const char* key) const;  // empty when absent
  std::vector<std::string> texts(const char* key) const;
  // The same with each value also under its second name, where that has none.
  ConfigReader renamed(std::initializer_list<std::pair<const char*, const char*>> names) const;
  ConfigReader with(const char* key, int64_t fallback) const;  // where `key` is absent or null
  int64_t length(const char* key) const;                       // entries of an object or list; 0 when absent
  ConfigReader child(const char* key) const;

 private:
  [[noreturn]] void wrong(const char* key, const char* needed) const;
  template <class T>
  T get(const char* key, const char* needed) const;
  template <class T>
  std::vector<T> list(const char* key, const char* needed) const;
  Json json_;
  std::string where_;
};

// rope_parameters of v5, or rope_theta and rope_scaling of v4.
RopeParameters read_rope(const ConfigReader& config);
// Of one layer type, where rope_parameters are nested under layer types.
RopeParameters read_rope(const ConfigReader& config, const char* layer_type, double theta);

}  // namespace ef
