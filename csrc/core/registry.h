// Name -> T, in order of registration. Filled by one explicit function per kind; no static initialisers.
#pragma once
#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.h"

namespace ef {

// Levenshtein distance, for "did you mean".
inline size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); j++) row[j] = j;
  for (size_t i = 1; i <= a.size(); i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); j++) {
      const size_t above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])});
      diagonal = above;
    }
  }
  return row[b.size()];
}

template <class T>
class Registry {
 public:
  explicit Registry(std::string kind) : kind_(std::move(kind)) {}
  void add(std::string name, T value) {
    check<ConfigError>(!find(name), kind_, ": '", name, "' is registered twice");
    entries_.emplace_back(std::move(name), std::move(value));
  }
  const T* find(std::string_view name) const {
    for (auto& [key, value] : entries_)
      if (key == name) return &value;
    return nullptr;
  }
  template <class E = ConfigError>
  const T& at(std::string_view name) const {
    if (const T* found = find(name)) return *found;
    fail<E>(kind_, ": unknown '", name, "', known are ", nearest(name));
  }
  std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (auto& entry : entries_) out.push_back(entry.first);
    return out;
  }

 private:
  std::string nearest(std::string_view name) const {
    auto all = names();
    std::stable_sort(all.begin(), all.end(),
                     [&](auto& a, auto& b) { return edit_distance(a, name) < edit_distance(b, name); });
    std::string out;
    for (size_t i = 0; i < all.size() && i < 8; i++) out += (i ? ", '" : "'") + all[i] + "'";
    return all.size() > 8 ? out + ", …" : out;
  }
  std::string kind_;
  std::vector<std::pair<std::string, T>> entries_;
};

}  // namespace ef
