#include "io/json.h"

#include <cmath>
#include <limits>
#include <vector>

#include "io/mapped_file.h"
#include "io/utf8.h"

namespace ef {
namespace {

// NaN, Infinity and -Infinity are not JSON, but Python writes them. Before parsing, each such word outside a string
// becomes a string that starts with this mark; the builder turns it back. Control characters cannot stand unescaped in
// a JSON string, and the mark is a private-use character, so an honest document cannot hold it by accident.
constexpr std::string_view kMark = "\xf4\x8f\xbf\xbd";

bool has_python_words(std::string_view text) {
  return text.find("NaN") != text.npos || text.find("Infinity") != text.npos;
}

std::string mark_python_words(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 64);
  for (size_t i = 0; i < text.size();) {
    if (text[i] == '"') {
      size_t end = i + 1;
      while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
      end = std::min(end + 1, text.size());
      out.append(text, i, end - i);
      i = end;
      continue;
    }
    bool found = false;
    for (std::string_view word : {"NaN", "Infinity", "-Infinity"}) {
      if (text.substr(i, word.size()) != word) continue;
      out.append(1, '"').append(kMark).append(word).append(1, '"');
      i += word.size();
      found = true;
      break;
    }
    if (!found) out += text[i++];
  }
  return out;
}

// Builds the document from nlohmann's events, so that depth and duplicate keys are checked while it grows.
class Builder : public nlohmann::json_sax<Json> {
 public:
  Builder(std::string_view text, const std::string& where, const JsonOptions& options, bool marked)
      : text_(text), where_(where), options_(options), marked_(marked) {}
  Json take() { return std::move(root_); }

  bool null() override { return put(nullptr); }
  bool boolean(bool v) override { return put(v); }
  bool number_integer(int64_t v) override { return put(v); }
  bool number_unsigned(uint64_t v) override { return put(v); }
  bool number_float(double v, const std::string&) override { return put(v); }
  bool string(std::string& v) override {
    if (marked_ && v.starts_with(kMark)) {
      const std::string_view word = std::string_view(v).substr(kMark.size());
      const double infinity = std::numeric_limits<double>::infinity();
      if (word == "NaN") return put(std::nan(""));
      if (word == "Infinity") return put(infinity);
      if (word == "-Infinity") return put(-infinity);
    }
    return put(std::move(v));
  }
  bool binary(Json::binary_t&) override { return false; }  // not in text
  bool start_object(size_t) override { return open(Json::object()); }
  bool start_array(size_t) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(std::string& v) override {
    const auto [at, inserted] = open_.back()->get_ref<Json::object_t&>().try_emplace(std::move(v));
    if (!inserted && options_.reject_duplicate_keys)
      fail<CheckpointError>(where_, ": the key '", printable(at->first), "' occurs twice");
    slot_ = &at->second;
    return true;
  }
  bool parse_error(size_t position, const std::string& token, const Json::exception&) override {
    size_t line = 1, column = 1;
    for (char c : text_.substr(0, position > 0 ? position - 1 : 0)) {
      column = c == '\n' ? 1 : column + 1;
      line += c == '\n';
    }
    const std::string shown = printable(token.size() > 40 ? token.substr(token.size() - 40) : token);
    const bool at_end = position > text_.size();
    fail<CheckpointError>(where_, ": not valid JSON at line ", line, ", column ", column, " (byte ", position, "): ",
                          at_end ? "the text ends too early; incomplete download?" : "unexpected '" + shown + "'");
  }

 private:
  Json* place(Json value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    Json& parent = *open_.back();
    if (parent.is_array()) {
      auto& items = parent.get_ref<Json::array_t&>();
      items.push_back(std::move(value));
      return &items.back();
    }
    *slot_ = std::move(value);
    return slot_;
  }
  bool put(Json value) {
    place(std::move(value));
    return true;
  }
  bool open(Json value) {
    check<CheckpointError>(int(open_.size()) < options_.max_depth, where_, ": JSON nested deeper than ",
                           options_.max_depth, " levels is refused");
    open_.push_back(place(std::move(value)));  // stays put: nothing is added to a container while a child is open
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  std::string_view text_;
  const std::string& where_;
  const JsonOptions& options_;
  bool marked_;
  Json root_;
  std::vector<Json*> open_;
  Json* slot_ = nullptr;
};

}  // namespace

Json parse_json(std::string_view text, const std::string& where, const JsonOptions& options) {
  check<CheckpointError>(text.size() <= options.max_bytes, where, ": ", text.size(), " bytes of JSON, the limit is ",
                         options.max_bytes);
  // nlohmann takes a NUL for the end of the text and would let anything follow it.
  const size_t nul = text.find('\0');
  check<CheckpointError>(nul == text.npos, where, ": not valid JSON: a NUL character at byte ", nul + 1);
  std::string changed;
  const bool marked = options.accept_nan && has_python_words(text);
  if (marked) text = changed = mark_python_words(text);
  Builder builder(text, where, options, marked);
  Json::sax_parse(text.begin(), text.end(), &builder);
  return builder.take();
}

Json read_json_file(const std::string& path, const JsonOptions& options) {
  const FilePtr file = MappedFile::open(path);
  return parse_json({reinterpret_cast<const char*>(file->data()), file->size()}, path, options);
}

const char* json_kind(const Json& value) {
  switch (value.type()) {
    case Json::value_t::null:
      return "null";
    case Json::value_t::object:
      return "an object";
    case Json::value_t::array:
      return "a list";
    case Json::value_t::string:
      return "a string";
    case Json::value_t::boolean:
      return value.get<bool>() ? "true" : "false";
    case Json::value_t::number_float:
      return "a fractional number";
    default:
      return value.is_number() ? "an integer" : "binary data";
  }
}

const Json& json_field(const Json& object, std::string_view key, const std::string& where) {
  check<ConfigError>(object.is_object(), where, ": found ", json_kind(object), ", needed an object with '", key, "'");
  const auto at = object.find(key);
  check<ConfigError>(at != object.end(), where, ": '", key, "' is missing");
  return *at;
}

const Json* find_json_field(const Json& object, std::string_view key) {
  if (!object.is_object()) return nullptr;
  const auto at = object.find(key);
  return at == object.end() || at->is_null() ? nullptr : &*at;
}

}  // namespace ef
