#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "tokenizers/json.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {
namespace {
class Writer {
 public:
  explicit Writer(bool pretty) : pretty_(pretty) {}
  void write(const Json& v) {
    switch (v.type()) {
      case Json::value_t::object:
        return object(v.get_ref<const Json::object_t&>());
      case Json::value_t::array:
        return array(v.get_ref<const Json::array_t&>());
      case Json::value_t::string:
        return string(v.get_ref<const std::string&>());
      case Json::value_t::boolean:
        out += v.get<bool>() ? "true" : "false";
        return;
      case Json::value_t::number_unsigned:
        out += std::to_string(v.get<uint64_t>());
        return;
      case Json::value_t::number_integer:
        out += std::to_string(v.get<int64_t>());
        return;
      case Json::value_t::number_float:
        return number(v.get<double>());
      default:
        out += "null";
    }
  }
  std::string out;

 private:
  template <class List, class Item>
  void list(const List& items, char open, char close, Item&& item) {
    out += open;
    depth_++;
    bool first = true;
    for (auto& x : items) {
      if (!first) out += ',';
      first = false;
      line();
      item(x);
    }
    depth_--;
    if (!first) line();
    out += close;
  }
  void line() {
    if (pretty_) out += '\n', out.append(size_t(depth_) * 2, ' ');
  }
  void object(const Json::object_t& fields) {
    list(fields, '{', '}', [&](auto& field) {
      string(field.first);
      out += pretty_ ? ": " : ":";
      write(field.second);
    });
  }
  void array(const Json::array_t& items) {
    list(items, '[', ']', [&](auto& item) { write(item); });
  }
  void string(std::string_view s) {
    check<TokenizerError>(utf8::find_invalid(s) == std::string_view::npos,
                          "tokenizer.json: a text is not valid UTF-8 and cannot be written");
    out += '"';
    for (char c : s) {
      static constexpr std::string_view kSpecial = "\"\\\b\f\n\r\t", kLetters = "\"\\bfnrt";
      if (uint8_t(c) >= 0x20 && c != '"' && c != '\\') {
        out += c;
      } else if (const size_t i = kSpecial.find(c); i != std::string_view::npos) {
        out += '\\', out += kLetters[i];
      } else {
        char code[8];
        std::snprintf(code, sizeof code, "\\u%04x", unsigned(uint8_t(c)));
        out += code;
      }
    }
    out += '"';
  }
  // The shortest digits that read back as the same number; plain from 1e-5 to 1e16, as other writers of these files do.
  void number(double v) {
    if (!std::isfinite(v)) {
      out += "null";
      return;
    }
    char buffer[40];
    char* end = std::to_chars(buffer, buffer + sizeof buffer - 1, v, std::chars_format::scientific).ptr;
    *end = 0;
    std::string_view s(buffer, size_t(end - buffer));
    if (s[0] == '-') out += '-', s.remove_prefix(1);
    const size_t e = s.find('e');
    std::string digits(s.substr(0, 1));
    if (e > 2) digits += s.substr(2, e - 2);
    const int exponent = std::atoi(s.data() + e + 1), point = exponent + 1, n = int(digits.size());
    if (v == 0) {
      out += "0.0";
    } else if (point > 0 && point <= 16) {
      if (n <= point)
        out += digits + std::string(size_t(point - n), '0') + ".0";
      else
        out += digits.substr(0, size_t(point)) + "." + digits.substr(size_t(point));
    } else if (point > -5 && point <= 0) {
      out += "0." + std::string(size_t(-point), '0') + digits;
    } else {
      out += digits.substr(0, 1) + (n > 1 ? "." + digits.substr(1) : "") + (exponent > 0 ? "e+" : "e") +
             std::to_string(exponent);
    }
  }
  bool pretty_;
  int depth_ = 0;
};
}  // namespace

std::string dump(const Json& value, bool pretty) {
  Writer writer(pretty);
  writer.write(value);
  return std::move(writer.out);
}

}  // namespace ef::tokenizers
