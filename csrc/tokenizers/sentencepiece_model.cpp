#include "tokenizers/sentencepiece_model.h"

#include <cmath>
#include <cstring>
#include <unordered_set>

#include "core/error.h"
#include "io/mapped_file.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {
namespace {

constexpr size_t kLongestPiece = 1 << 16;  // bytes; longer ones crash the reference library and mean nothing

// One message of the wire format: (field, value) after (field, value).
class Fields {
 public:
  enum Wire { Varint = 0, Fixed64 = 1, Bytes = 2, Fixed32 = 5 };

  Fields(std::string_view bytes, const std::string& where) : bytes_(bytes), where_(where) {}

  // Goes to the next field; false at the end.
  bool next() {
    if (bytes_.empty()) return false;
    const uint64_t key = varint();
    field = key >> 3;
    wire_ = int(key & 7);
    if (field == 0 || field > 0x1fffffff) damaged("a field has no valid number");
    if (wire_ == Varint)
      number_ = varint();
    else if (wire_ == Fixed64 || wire_ == Fixed32)
      value_ = take(wire_ == Fixed64 ? 8 : 4);
    else if (wire_ == Bytes)
      value_ = take(varint());
    else
      damaged("a field has no known kind");
    return true;
  }
  int64_t number() const {
    expect(Varint);
    return int64_t(number_);
  }
  bool flag() const { return number() != 0; }
  int32_t id() const {
    const int64_t n = number();
    if (n < -1 || n > INT32_MAX) damaged("an id is out of range");
    return int32_t(n);
  }
  float real() const {
    expect(Fixed32);
    float f;
    std::memcpy(&f, value_.data(), 4);
    return f;
  }
  std::string_view bytes() const {
    expect(Bytes);
    return value_;
  }
  std::string text() const {
    if (utf8::find_invalid(bytes()) != std::string_view::npos) damaged("a text is not valid UTF-8");
    return std::string(value_);
  }

  uint64_t field = 0;

 private:
  uint64_t varint() {
    uint64_t out = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const uint8_t b = uint8_t(take(1)[0]);
      out |= uint64_t(b & 127) << shift;
      if (b < 128) return out;
    }
    damaged("a number is longer than 64 bits");
  }
  std::string_view take(uint64_t n) {
    if (n > bytes_.size()) damaged("a field reaches past the end");
    const std::string_view out = bytes_.substr(0, n);
    bytes_.remove_prefix(n);
    return out;
  }
  void expect(Wire kind) const {
    if (wire_ != kind) damaged("a field has another kind than it should");
  }
  [[noreturn]] void damaged(const char* what) const {
    fail<TokenizerError>(where_, ": not a SentencePiece model (", what, "); incomplete download, or another format?");
  }

  std::string_view bytes_, value_;
  const std::string& where_;
  int wire_ = 0;
  uint64_t number_ = 0;
};

SentencePieceModel::Piece read_piece(Fields f, size_t id, const std::string& where) {
  SentencePieceModel::Piece p;
  while (f.next()) {
    if (f.field == 1) p.text = f.text();
    if (f.field == 2) p.score = f.real();
    if (f.field == 3) {
      const int64_t type = f.number();
      check<TokenizerError>(type >= 1 && type <= 6, where, ": piece ", id, " has the type ", type,
                            ", known are 1 to 6");
      p.type = PieceType(type);
    }
  }
  check<TokenizerError>(!p.text.empty(), where, ": piece ", id, " is empty; damaged file?");
  check<TokenizerError>(p.text.size() <= kLongestPiece, where, ": piece ", id, " has ", p.text.size(),
                        " bytes, at most ", kLongestPiece, " are allowed; damaged file?");
  check<TokenizerError>(std::isfinite(p.score), where, ": the score of piece ", id, " is not a number");
  return p;
}

void read_trainer(Fields f, SentencePieceModel& m, const std::string& where) {
  while (f.next()) {
    switch (f.field) {
      case 3: {
        const int64_t kind = f.number();
        check<TokenizerError>(kind >= 1 && kind <= 4, where, ": model_type ", kind, ", known are 1 to 4");
        m.algorithm = SentencePieceAlgorithm(kind);
        break;
      }
      case 24:
        m.treat_whitespace_as_suffix = f.flag();
        break;
      case 35:
        m.byte_fallback = f.flag();
        break;
      case 40:
        m.unk_id = f.id();
        break;
      case 41:
        m.bos_id = f.id();
        break;
      case 42:
        m.eos_id = f.id();
        break;
      case 43:
        m.pad_id = f.id();
        break;
      case 44:
        m.unk_surface = f.text();
        break;
      case 45:
        m.unk_piece = f.text();
        break;
      case 46:
        m.bos_piece = f.text();
        break;
      case 47:
        m.eos_piece = f.text();
        break;
      case 48:
        m.pad_piece = f.text();
        break;
      default:
        break;
    }
  }
}

void read_normalizer(Fields f, SentencePieceModel& m) {
  while (f.next()) {
    switch (f.field) {
      case 1:
        m.normalizer_name = f.text();
        break;
      case 2:
        m.precompiled_charsmap = f.bytes();
        break;
      case 3:
        m.add_dummy_prefix = f.flag();
        break;
      case 4:
        m.remove_extra_whitespaces = f.flag();
        break;
      case 5:
        m.escape_whitespaces = f.flag();
        break;
      default:
        break;
    }
  }
}

bool is_byte_name(std::string_view s) {
  const auto digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'); };
  return s.size() == 6 && s.starts_with("<0x") && digit(s[3]) && digit(s[4]) && s[5] == '>';
}

void check_model(const SentencePieceModel& m, const std::string& where) {
  check<TokenizerError>(!m.pieces.empty(), where, ": no pieces, needed a SentencePiece model; incomplete download?");
  std::unordered_set<std::string_view> seen;
  seen.reserve(m.pieces.size());
  size_t bytes = 0, unknown = 0;
  for (const auto& p : m.pieces) {
    check<TokenizerError>(seen.insert(p.text).second, where, ": the piece '", p.text,
                          "' is there twice; damaged file?");
    bytes += p.type == PieceType::Byte;
    check<TokenizerError>(p.type != PieceType::Byte || is_byte_name(p.text), where, ": the byte piece '", p.text,
                          "' is not of the form <0x0A>");
    unknown += p.type == PieceType::Unknown;
  }
  check<TokenizerError>(unknown <= 1, where, ": ", unknown, " pieces stand for unknown text, needed one");
  check<TokenizerError>(!m.byte_fallback || bytes == 256, where, ": byte fallback with ", bytes,
                        " byte pieces, needed 256; damaged file?");
}

}  // namespace

SentencePieceModel SentencePieceModel::parse(std::string_view bytes, const std::string& where) {
  SentencePieceModel m;
  Fields f(bytes, where);
  while (f.next()) {
    if (f.field == 1) m.pieces.push_back(read_piece({f.bytes(), where}, m.pieces.size(), where));
    if (f.field == 2) read_trainer({f.bytes(), where}, m, where);
    if (f.field == 3) read_normalizer({f.bytes(), where}, m);
    if (f.field == 5) {
      SentencePieceModel back;
      read_normalizer({f.bytes(), where}, back);
      m.denormalizer_charsmap = std::move(back.precompiled_charsmap);
    }
  }
  check_model(m, where);
  return m;
}

SentencePieceModel SentencePieceModel::from_file(const std::string& path) {
  const auto file = MappedFile::open(path);
  return parse({reinterpret_cast<const char*>(file->data()), file->size()}, path);
}

}  // namespace ef::tokenizers
