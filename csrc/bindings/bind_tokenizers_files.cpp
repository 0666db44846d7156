// eigenformers._core.tokenizers: what the vocabulary files from before tokenizer.json need.
#include "bindings/tokenizers_support.h"

#include <unordered_set>

#include "tokenizers/models/all_merges.h"
#include "tokenizers/sentencepiece_model.h"

namespace ef {
namespace {

py::dict model_dict(const tk::SentencePieceModel& m) {
  py::list pieces, types;
  for (const auto& p : m.pieces) {
    pieces.append(py::make_tuple(to_str(p.text), p.score));
    types.append(int(p.type));
  }
  py::dict out;
  out["pieces"] = pieces;
  out["types"] = types;
  out["algorithm"] = int(m.algorithm);
  out["byte_fallback"] = m.byte_fallback;
  out["treat_whitespace_as_suffix"] = m.treat_whitespace_as_suffix;
  out["unk_id"] = m.unk_id;
  out["bos_id"] = m.bos_id;
  out["eos_id"] = m.eos_id;
  out["pad_id"] = m.pad_id;
  out["unk_piece"] = m.unk_piece;
  out["bos_piece"] = m.bos_piece;
  out["eos_piece"] = m.eos_piece;
  out["pad_piece"] = m.pad_piece;
  out["normalizer"] = m.normalizer_name;
  out["precompiled_charsmap"] = py::bytes(m.precompiled_charsmap);
  out["add_dummy_prefix"] = m.add_dummy_prefix;
  out["remove_extra_whitespaces"] = m.remove_extra_whitespaces;
  out["escape_whitespaces"] = m.escape_whitespaces;
  return out;
}

py::list merges_of_vocab(const py::dict& tokens, bool by_length, const py::set& skip) {
  tk::Vocab vocab;
  vocab.reserve(tokens.size());
  for (auto [token, id] : tokens) vocab.add(utf8_of(token), id.cast<uint32_t>());
  vocab.finish("vocabulary");
  std::unordered_set<std::string> left_out;
  for (auto token : skip) left_out.emplace(utf8_of(token));
  const auto order = by_length ? tk::MergeOrder::IdThenLengths : tk::MergeOrder::Id;
  const tk::Merges merges =
      tk::all_merges(vocab, order, {}, [&](std::string_view t) { return left_out.count(std::string(t)) > 0; });
  py::list out(merges.size());
  for (size_t i = 0; i < merges.size(); i++) out[i] = py::make_tuple(to_str(merges.left(i)), to_str(merges.right(i)));
  return out;
}

}  // namespace

void bind_tokenizer_files(py::module_& m) {
  m.def(
      "_read_sentencepiece",
      [](const std::string& path) {
        tk::SentencePieceModel model;
        {
          py::gil_scoped_release release;
          model = tk::SentencePieceModel::from_file(path);
        }
        return model_dict(model);
      },
      py::arg("path"));
  m.def("_merges_of_vocab", merges_of_vocab, py::arg("vocab"), py::arg("by_length"), py::arg("skip"));
}

}  // namespace ef
