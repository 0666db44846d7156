#include "models/config.h"

#include <cmath>

namespace ef {

ConfigReader::ConfigReader(const std::string& text) : where_("config.json") {
  try {
    json_ = parse_json(text, where_);
  } catch (const CheckpointError& e) {
    fail<ConfigError>(e.what());
  }
  check<ConfigError>(json_.is_object(), "config.json: found ", json_kind(json_), ", needed an object");
}

bool ConfigReader::has(const char* key) const { return find_json_field(json_, key) != nullptr; }

void ConfigReader::wrong(const char* key, const char* needed) const {
  if (!json_.contains(key)) fail<ConfigError>(where_, ": '", key, "' is missing, needed ", needed);
  const std::string found = json_[key].dump(-1, ' ', false, Json::error_handler_t::replace).substr(0, 80);
  fail<ConfigError>(where_, ": '", key, "' is ", found, ", needed ", needed);
}

template <class T>
T ConfigReader::get(const char* key, const char* needed) const {
  const Json* found = find_json_field(json_, key);
  if (!found || !json_detail::holds<T>(*found)) wrong(key, needed);
  return found->get<T>();
}

template <class T>
std::vector<T> ConfigReader::list(const char* key, const char* needed) const {
  std::vector<T> out;
  if (!has(key)) return out;
  if (!json_[key].is_array()) wrong(key, needed);
  for (auto& v : json_[key]) {
    if (!json_detail::holds<T>(v)) wrong(key, needed);
    out.push_back(v.get<T>());
  }
  return out;
}

int64_t ConfigReader::size(const char* key) const {
  const auto v = get<int64_t>(key, "a whole number from 1 to 2147483647");
  if (v < 1 || v > INT32_MAX) wrong(key, "a whole number from 1 to 2147483647");
  return v;
}
int64_t ConfigReader::size(const char* key, int64_t fallback) const { return has(key) ? size(key) : fallback; }

int64_t ConfigReader::integer(const char* key, int64_t fallback) const {
  return has(key) ? get<int64_t>(key, "a whole number") : fallback;
}
double ConfigReader::number(const char* key, double fallback) const {
  if (!has(key)) return fallback;
  const double v = get<double>(key, "a number");
  if (!std::isfinite(v)) wrong(key, "a finite number");
  return v;
}
bool ConfigReader::flag(const char* key, bool fallback) const {
  return has(key) ? get<bool>(key, "true or false") : fallback;
}
std::string ConfigReader::text(const char* key, const std::string& fallback) const {
  return has(key) ? get<std::string>(key, "a string") : fallback;
}
std::vector<double> ConfigReader::numbers(const char* key) const {
  std::vector<double> out = list<double>(key, "a list of numbers");
  for (double v : out)
    if (!std::isfinite(v)) wrong(key, "a list of finite numbers");
  return out;
}
std::vector<std::string> ConfigReader::texts(const char* key) const {
  return list<std::string>(key, "a list of strings");
}
ConfigReader ConfigReader::renamed(std::initializer_list<std::pair<const char*, const char*>> names) const {
  Json copy = json_;
  for (auto& [from, to] : names)
    if (has(from) && !has(to)) copy[to] = copy[from];
  return ConfigReader(std::move(copy), where_);
}
ConfigReader ConfigReader::with(const char* key, int64_t fallback) const {
  Json copy = json_;
  if (!has(key)) copy[key] = fallback;
  return ConfigReader(std::move(copy), where_);
}
int64_t ConfigReader::length(const char* key) const {
  if (!has(key)) return 0;
  if (!json_[key].is_structured()) wrong(key, "an object or a list");
  return int64_t(json_[key].size());
}
ConfigReader ConfigReader::child(const char* key) const {
  if (!has(key)) return ConfigReader(Json::object(), str(where_, ": ", key));
  if (!json_[key].is_object()) wrong(key, "an object");
  return ConfigReader(json_[key], str(where_, ": ", key));
}

namespace {

RopeParameters rope_from(const ConfigReader& config, const ConfigReader& r, double theta) {
  RopeParameters p;
  p.type = r.text("rope_type", r.text("type", "default"));
  p.theta = r.number("rope_theta", theta);
  p.factor = r.number("factor", 1);
  p.partial_rotary_factor = r.number("partial_rotary_factor", config.number("partial_rotary_factor", 1));
  p.low_freq_factor = r.number("low_freq_factor", 1);
  p.high_freq_factor = r.number("high_freq_factor", 4);
  p.beta_fast = r.number("beta_fast", 32);
  p.beta_slow = r.number("beta_slow", 1);
  p.mscale = r.number("mscale", 0);
  p.mscale_all_dim = r.number("mscale_all_dim", 0);
  p.attention_factor = r.number("attention_factor", 0);
  p.truncate = r.flag("truncate", true);
  p.short_factor = r.numbers("short_factor");
  p.long_factor = r.numbers("long_factor");
  p.max_position_embeddings = config.size("max_position_embeddings", 2048);
  p.original_max_position_embeddings = r.size(
      "original_max_position_embeddings", config.size("original_max_position_embeddings", p.max_position_embeddings));
  return p;
}

}  // namespace

RopeParameters read_rope(const ConfigReader& config) {
  const bool v5 = config.has("rope_parameters");
  return rope_from(config, config.child(v5 ? "rope_parameters" : "rope_scaling"), config.number("rope_theta", 10000));
}
RopeParameters read_rope(const ConfigReader& config, const char* layer_type, double theta) {
  return rope_from(config, config.child("rope_parameters").child(layer_type), theta);
}

}  // namespace ef
