// Reading and writing tokenizer.json. Keys keep their order, so that what is written is what was read.
#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "core/error.h"

namespace ef::tokenizers {

using Json = nlohmann::ordered_json;

// Typed access with errors that name the component: "ByteLevel: 'trim_offsets' is a string, needed true or false".
const Json* find(const Json& object, std::string_view key);  // nullptr: absent or null
bool has(const Json& object, std::string_view key);          // also when it is null
const Json& require(const Json& object, std::string_view key, std::string_view where);
bool get_bool(const Json& object, std::string_view key, std::string_view where);
bool get_bool(const Json& object, std::string_view key, std::string_view where, bool fallback);
std::string get_string(const Json& object, std::string_view key, std::string_view where);
std::string get_string(const Json& object, std::string_view key, std::string_view where, std::string_view fallback);
std::optional<std::string> get_optional_string(const Json& object, std::string_view key, std::string_view where);
uint64_t get_unsigned(const Json& object, std::string_view key, std::string_view where, uint64_t max = UINT32_MAX);
double get_number(const Json& value, std::string_view where);
char32_t get_char(const Json& object, std::string_view key, std::string_view where);
const Json& get_array(const Json& object, std::string_view key, std::string_view where);
const char* kind_of(const Json& value);
// A component names itself by "type". Files of the first versions leave it out: then the first kind whose fields are
// all there is meant, and the same where the name says nothing.
struct FieldsOfKind {
  std::string_view type;
  std::vector<std::string_view> fields;
};
const FieldsOfKind* kind_by_fields(const Json& object, const std::vector<FieldsOfKind>& kinds);
template <class Registry>
std::string component_type(const Json& object, const Registry& registry, const std::vector<FieldsOfKind>& kinds,
                           std::string_view role) {
  const Json* type = find(object, "type");
  if (type && type->is_string() && registry.find(type->get_ref<const std::string&>())) return type->get<std::string>();
  const FieldsOfKind* kind = kind_by_fields(object, kinds);
  return kind ? std::string(kind->type) : get_string(object, "type", role);
}
// Compact or with an indent of two, as serde_json writes it.
std::string dump(const Json& value, bool pretty);

// A one-pass reader for texts whose large parts (vocabulary, merges) should not become a tree first. Every step checks
// what it meets and throws TokenizerError with line and column. The text must be valid UTF-8.
class JsonReader {
 public:
  JsonReader(std::string_view text, std::string where) : text_(text), where_(std::move(where)) {}

  char peek() {  // first character of the next value, 0 at the end
    if (at_ < text_.size() && uint8_t(text_[at_]) > ' ') return text_[at_];
    return peek_behind_space();
  }
  // Object: while (reader.next_key(key)) …one value…;  array: while (reader.next_item()) …one value…;
  void begin_object() { open('{', "an object"); }
  bool next_key(std::string_view& key);  // valid as string() is
  bool next_key(std::string& key) {
    std::string_view view;
    if (!next_key(view)) return false;
    key.assign(view);
    return true;
  }
  void begin_array() { open('[', "an array"); }
  bool next_item();

  // The view is valid until the next call that reads a string.
  std::string_view string();
  uint32_t unsigned_number(const char* what);
  double number();
  Json value();  // any value as a tree
  void skip() { skip_value(); }
  void skip_unread();  // the same without a look at anything but brackets, for what is read later
  size_t position() const { return at_; }
  size_t remaining() const { return text_.size() - at_; }  // bytes
  void seek(size_t position) { at_ = position, first_ = false, depth_ = 1; }
  void finish();  // nothing but white space may follow
  [[noreturn]] void error(const std::string& found_and_needed) const;

 private:
  static constexpr int kMaxDepth = 64;
  char peek_behind_space();
  void pass_plain();  // the bytes of a string that stand for themselves
  void open(char bracket, const char* what);
  bool next(char close);
  void skip_value();
  void literal(std::string_view word);
  std::string_view number_text();
  std::string_view text_;
  std::string where_, scratch_;
  size_t at_ = 0;
  int depth_ = 0;
  bool first_ = false;  // directly after an opening bracket
};

}  // namespace ef::tokenizers
