// Decoders that look at one token at a time, or join them: Metaspace, Replace, Strip, WordPiece, BPEDecoder, Fuse, CTC,
// ByteFallback, Sequence.
#include <charconv>

#include "tokenizers/decoders/decoder.h"
#include "tokenizers/decoders/text.h"
#include "tokenizers/metaspace.h"
#include "tokenizers/pattern.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {
namespace {
using Tokens = std::vector<std::string>;

class Metaspace : public Decoder {
 public:
  explicit Metaspace(const Json& json)
      : options_(MetaspaceOptions::from_json(json)), mark_(utf8::encode(options_.replacement)) {}
  Tokens decode_chain(Tokens tokens) const override {
    for (size_t i = 0; i < tokens.size(); i++) {
      const bool added = i == 0 && options_.prepend != MetaspaceOptions::Prepend::Never;
      replace_all(tokens[i], mark_, added ? "" : " ");
    }
    return tokens;
  }
  Json to_json() const override { return options_.to_json(); }

 private:
  MetaspaceOptions options_;
  std::string mark_;
};

class Replace : public Decoder {
 public:
  explicit Replace(const Json& json)
      : pattern_(Pattern::from_json(require(json, "pattern", "Replace"), "Replace")),
        content_(get_string(json, "content", "Replace")) {}
  Tokens decode_chain(Tokens tokens) const override {
    for (std::string& token : tokens) {
      std::string out;
      size_t at = 0;
      pattern_.for_each_match(token, [&](uint32_t begin, uint32_t end) {
        out.append(token, at, begin - at).append(content_);
        at = end;
      });
      token = out.append(token, at);
    }
    return tokens;
  }
  Json to_json() const override {
    return {{"type", "Replace"}, {"pattern", pattern_.to_json()}, {"content", content_}};
  }

 private:
  Pattern pattern_;
  std::string content_;
};

class Strip : public Decoder {
 public:
  explicit Strip(const Json& json)
      : content_(utf8::encode(get_char(json, "content", "Strip"))),
        start_(get_unsigned(json, "start", "Strip")),
        stop_(get_unsigned(json, "stop", "Strip")) {}
  Tokens decode_chain(Tokens tokens) const override {
    for (std::string& token : tokens) {
      std::string_view s = token;
      for (size_t i = 0; i < start_ && s.starts_with(content_); i++) s.remove_prefix(content_.size());
      for (size_t i = 0; i < stop_ && s.ends_with(content_); i++) s.remove_suffix(content_.size());
      token = std::string(s);
    }
    return tokens;
  }
  Json to_json() const override {
    return {{"type", "Strip"}, {"content", content_}, {"start", start_}, {"stop", stop_}};
  }

 private:
  std::string content_;
  uint64_t start_, stop_;
};

class WordPiece : public Decoder {
 public:
  explicit WordPiece(const Json& json)
      : prefix_(get_string(json, "prefix", "WordPiece")), cleanup_(get_bool(json, "cleanup", "WordPiece")) {}
  Tokens decode_chain(Tokens tokens) const override {
    for (size_t i = 0; i < tokens.size(); i++) {
      if (i > 0) {
        if (tokens[i].starts_with(prefix_))
          tokens[i].erase(0, prefix_.size());
        else
          tokens[i].insert(0, " ");
      }
      if (cleanup_) clean_up(tokens[i]);
    }
    return tokens;
  }
  Json to_json() const override { return {{"type", "WordPiece"}, {"prefix", prefix_}, {"cleanup", cleanup_}}; }

 private:
  std::string prefix_;
  bool cleanup_;
};

class BpeDecoder : public Decoder {
 public:
  explicit BpeDecoder(const Json& json) : suffix_(get_string(json, "suffix", "BPEDecoder")) {}
  Tokens decode_chain(Tokens tokens) const override {
    for (size_t i = 0; i < tokens.size(); i++) replace_all(tokens[i], suffix_, i + 1 == tokens.size() ? "" : " ");
    return tokens;
  }
  Json to_json() const override { return {{"type", "BPEDecoder"}, {"suffix", suffix_}}; }

 private:
  std::string suffix_;
};

class Fuse : public Decoder {
 public:
  Tokens decode_chain(Tokens tokens) const override {
    std::string out;
    for (const std::string& token : tokens) out += token;
    return {std::move(out)};
  }
  Json to_json() const override { return {{"type", "Fuse"}}; }
};

class Ctc : public Decoder {
 public:
  explicit Ctc(const Json& json)
      : pad_token_(get_string(json, "pad_token", "CTC")),
        word_delimiter_token_(get_string(json, "word_delimiter_token", "CTC")),
        cleanup_(get_bool(json, "cleanup", "CTC")) {}
  Tokens decode_chain(Tokens tokens) const override {
    Tokens out;
    for (size_t i = 0; i < tokens.size(); i++) {
      if (i > 0 && tokens[i] == tokens[i - 1]) continue;  // repetition: the same sound
      std::string token = tokens[i];
      replace_all(token, pad_token_, "");
      if (cleanup_) {
        clean_up(token);
        replace_all(token, word_delimiter_token_, " ");
      }
      if (!token.empty()) out.push_back(std::move(token));
    }
    return out;
  }
  Json to_json() const override {
    return {{"type", "CTC"},
            {"pad_token", pad_token_},
            {"word_delimiter_token", word_delimiter_token_},
            {"cleanup", cleanup_}};
  }

 private:
  std::string pad_token_, word_delimiter_token_;
  bool cleanup_;
};

// Runs of "<0xE5>" become the characters they spell; a run that is not UTF-8 becomes one U+FFFD a byte.
class ByteFallback : public Decoder {
 public:
  Tokens decode_chain(Tokens tokens) const override {
    Tokens out;
    std::string run;
    const auto flush = [&] {
      if (run.empty()) return;
      if (utf8::find_invalid(run) == std::string::npos)
        out.push_back(run);
      else
        out.insert(out.end(), run.size(), "\xef\xbf\xbd");
      run.clear();
    };
    for (std::string& token : tokens) {
      unsigned byte = 0;
      const char* p = token.data();
      if (token.size() == 6 && token.starts_with("<0x") && token[5] == '>' &&
          std::from_chars(p + 3, p + 5, byte, 16).ptr == p + 5) {
        run += char(byte);
        continue;
      }
      flush();
      out.push_back(std::move(token));
    }
    flush();
    return out;
  }
  Json to_json() const override { return {{"type", "ByteFallback"}}; }
};

class Sequence : public Decoder {
 public:
  explicit Sequence(const Json& json) {
    for (const Json& part : get_array(json, "decoders", "Sequence")) {
      parts_.push_back(decoder_from_json(part));
      check<TokenizerError>(parts_.back() != nullptr, "Sequence: a decoder is null");
    }
  }
  Tokens decode_chain(Tokens tokens) const override {
    for (auto& part : parts_) tokens = part->decode_chain(std::move(tokens));
    return tokens;
  }
  Json to_json() const override {
    Json parts = Json::array();
    for (auto& part : parts_) parts.push_back(part->to_json());
    return {{"type", "Sequence"}, {"decoders", std::move(parts)}};
  }

 private:
  std::vector<DecoderPtr> parts_;
};

}  // namespace

DecoderPtr read_metaspace_decoder(const Json& json) { return std::make_shared<Metaspace>(json); }
DecoderPtr read_replace_decoder(const Json& json) { return std::make_shared<Replace>(json); }
DecoderPtr read_strip_decoder(const Json& json) { return std::make_shared<Strip>(json); }
DecoderPtr read_word_piece_decoder(const Json& json) { return std::make_shared<WordPiece>(json); }
DecoderPtr read_bpe_decoder(const Json& json) { return std::make_shared<BpeDecoder>(json); }
DecoderPtr read_fuse(const Json&) { return std::make_shared<Fuse>(); }
DecoderPtr read_ctc(const Json& json) { return std::make_shared<Ctc>(json); }
DecoderPtr read_byte_fallback(const Json&) { return std::make_shared<ByteFallback>(); }
DecoderPtr read_decoder_sequence(const Json& json) { return std::make_shared<Sequence>(json); }

}  // namespace ef::tokenizers
