// Reading and writing BPE: tokenizer.json, vocab.json with merges.txt.
#include <charconv>
#include <fstream>

#include "tokenizers/find_byte.h"
#include "tokenizers/for_all.h"
#include "tokenizers/models/bpe.h"
#include "tokenizers/models/save.h"

namespace ef::tokenizers {
namespace {

// 0.1f as 0.1, not as the nearest double to the float.
Json shortest(float value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  double wide = 0;
  std::from_chars(text, end, wide);
  return wide;
}

void add_line(Merges& merges, std::string_view line) {
  if (line.substr(0, 8) == "#version") return;
  const char *end = line.data() + line.size(), *blank = find_byte(line.data(), end, ' ');
  const size_t space = size_t(blank - line.data());
  check<TokenizerError>(blank < end && find_byte(blank + 1, end, ' ') == end, "BPE: Merges text file invalid at line ",
                        merges.size() + 1, ": '", line.substr(0, 80), "', needed two tokens");
  merges.add(line.substr(0, space), line.substr(space + 1));
}

Merges read_merges(JsonReader reader) {
  Merges out;
  out.reserve(reader.remaining() / 2);
  reader.begin_array();
  std::optional<bool> lines;  // "a b", as written before version 0.20
  while (reader.next_item()) {
    if (const bool line = reader.peek() == '"'; line != lines.value_or(line))
      reader.error("a merge of another form than the first one");
    else
      lines = line;
    if (*lines) {
      add_line(out, reader.string());
      continue;
    }
    int n = 0;
    reader.begin_array();
    while (reader.next_item()) {
      if (n == 2) reader.error("a merge of more than two tokens");
      n++ ? out.finish(reader.string()) : out.start(reader.string());
    }
    if (n != 2) reader.error("a merge of fewer than two tokens");
  }
  return out;
}

}  // namespace

Merges merges_from_lines(const std::vector<std::string>& lines) {
  Merges out;
  for (const std::string& line : lines) add_line(out, line);
  return out;
}

ModelPtr read_bpe(const ModelSource& source) {
  const std::string where = source.where + ": BPE";
  BpeOptions options;
  if (const Json* p = find(source.fields, "dropout")) options.dropout = get_number(*p, where + ": 'dropout'");
  options.unk_token = get_optional_string(source.fields, "unk_token", where);
  options.continuing_subword_prefix = get_optional_string(source.fields, "continuing_subword_prefix", where);
  options.end_of_word_suffix = get_optional_string(source.fields, "end_of_word_suffix", where);
  options.fuse_unk = get_bool(source.fields, "fuse_unk", where, false);
  options.byte_fallback = get_bool(source.fields, "byte_fallback", where, false);
  options.ignore_merges = get_bool(source.fields, "ignore_merges", where, false);
  Vocab vocab;
  Merges merges;
  for_all(2, [&](size_t i) {
    if (i == 0)
      read_vocab(source.reader("vocab"), vocab, where);
    else
      merges = read_merges(source.reader("merges"));
  });
  return std::make_shared<Bpe>(std::move(vocab), merges, std::move(options));
}

Json Bpe::to_json() const {
  const auto text = [](const std::optional<std::string>& s) { return s ? Json(*s) : Json(); };
  Json out{{"type", "BPE"},
           {"dropout", options_.dropout ? shortest(float(*options_.dropout)) : Json()},
           {"unk_token", text(options_.unk_token)},
           {"continuing_subword_prefix", text(options_.continuing_subword_prefix)},
           {"end_of_word_suffix", text(options_.end_of_word_suffix)},
           {"fuse_unk", options_.fuse_unk},
           {"byte_fallback", options_.byte_fallback},
           {"ignore_merges", options_.ignore_merges}};
  out["vocab"] = vocab_to_json(vocab_);
  Json merges = Json::array();
  for_each_merge([&](std::string_view left, std::string_view right) {
    Json pair = Json::array();
    pair.push_back(std::string(left));
    pair.push_back(std::string(right));
    merges.push_back(std::move(pair));
  });
  out["merges"] = std::move(merges);
  return out;
}

std::vector<std::string> Bpe::save(const std::string& folder, const std::string& prefix) const {
  std::string merges = "#version: 0.2\n";
  for_each_merge([&](std::string_view left, std::string_view right) {
    merges.append(left).append(" ").append(right).append("\n");
  });
  return {write_model_file(folder, prefix, "vocab.json", dump(vocab_to_json(vocab_), false)),
          write_model_file(folder, prefix, "merges.txt", merges)};
}

}  // namespace ef::tokenizers
