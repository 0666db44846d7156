// repr() and str() of components and tokenizers, in the spelling of the `tokenizers` library.
#include <algorithm>
#include <charconv>
#include <iterator>

#include "bindings/tokenizers_support.h"
#include "tokenizers/utf8.h"

namespace ef {
namespace {

using tk::Json;

// In quotes; str() shows the first bytes of a long text only.
void write_text(std::string_view text, bool shortened, std::string& out) {
  constexpr size_t kMost = 100;
  out += '"';
  if (shortened && text.size() > kMost) {
    size_t end = kMost;
    while (tk::utf8::is_continuation(text[end])) end--;
    out.append(text.substr(0, end)).append("...");
  } else {
    out += text;
  }
  out += '"';
}

// Rust-like text: Type(key=value, …). Names of enum values stand without quotes.
void write_repr(const Json& v, const std::string& key, size_t most, std::string& out) {
  const auto list = [&](auto begin, auto end, const char* open, const char* close, auto&& item) {
    out += open;
    size_t n = 0;
    for (auto it = begin; it != end; ++it, n++) {
      if (n) out += ", ";
      if (n == most) {
        out += "...";
        break;
      }
      item(it);
    }
    out += close;
  };
  static const std::vector<std::string> kEnums = {"behavior", "prepend_scheme", "sequence id", "direction", "strategy"};
  switch (v.type()) {
    case Json::value_t::null:
      out += "None";
      return;
    case Json::value_t::boolean:
      out += v.get<bool>() ? "True" : "False";
      return;
    case Json::value_t::string:
      if (std::find(kEnums.begin(), kEnums.end(), key) != kEnums.end())
        out += v.get<std::string>();
      else
        write_text(v.get_ref<const std::string&>(), most < kReprItems, out);
      return;
    case Json::value_t::number_float: {
      char digits[400];  // of the smallest and the largest number: none is written with an exponent
      const double d = key == "dropout" ? double(v.get<float>()) : v.get<double>();  // which the library holds as f32
      out.append(digits, std::to_chars(digits, std::end(digits), d, std::chars_format::fixed).ptr);
      return;
    }
    case Json::value_t::array: {
      const bool pair = key == "merges" || key == "vocab", tuple = key == "sep" || key == "cls";
      if (tuple) return list(v.begin(), v.end(), "(", ")", [&](auto x) { write_repr(*x, "", most, out); });
      list(v.begin(), v.end(), "[", "]", [&](auto it) {
        if (!pair || !it->is_array()) return write_repr(*it, "", most, out);
        list(it->begin(), it->end(), "(", ")", [&](auto x) { write_repr(*x, "", most, out); });
      });
      return;
    }
    case Json::value_t::object: {
      if (key != "vocab" && v.size() == 1 && (v.contains("String") || v.contains("Regex") || v.contains("Fixed"))) {
        out += v.begin().key() + "(";
        write_repr(*v.begin(), "", most, out);
        out += ")";
        return;
      }
      const bool tagged = key != "vocab" && v.size() == 1 && (v.contains("SpecialToken") || v.contains("Sequence"));
      const Json& body = tagged ? *v.begin() : v;
      const bool special = key != "vocab" && v.contains("ids") && v.contains("tokens");
      std::string name = tagged                                                          ? v.begin().key()
                         : special                                                       ? "SpecialToken"
                         : v.contains("type") && v["type"].is_string() && key != "vocab" ? v["type"].get<std::string>()
                                                                                         : "";
      const bool map = name.empty();
      if (map) {
        list(body.begin(), body.end(), "{", "}", [&](auto it) {
          write_text(it.key(), most < kReprItems, out);
          out += ':';
          write_repr(it.value(), "", most, out);
        });
        return;
      }
      out += name + "(";
      bool first = true;
      for (auto it = body.begin(); it != body.end(); ++it) {
        if (it.key() == "type" && !tagged) continue;
        out += (first ? "" : ", ") + it.key() + "=";
        first = false;
        write_repr(it.value(), name == "Sequence" && it.key() == "id" ? "sequence id" : it.key(), most, out);
      }
      out += ")";
      return;
    }
    default:
      out += v.dump();
  }
}
}  // namespace

std::string repr_of(const tk::Json& json, size_t most) {
  std::string out;
  write_repr(json, "", most, out);
  return out;
}

}  // namespace ef
