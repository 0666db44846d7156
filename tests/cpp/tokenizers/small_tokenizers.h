// A few small tokenizer.json, which together have every component.
#pragma once
#include <string>
#include <vector>

#include "tokenizers/byte_alphabet.h"
#include "tokenizers/json.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {

inline std::string wrap(const std::string& model, const std::string& normalizer, const std::string& pre_tokenizer,
                        const std::string& processor, const std::string& decoder) {
  return R"({"version":"1.0","truncation":{"direction":"Right","max_length":30,"strategy":"LongestFirst","stride":1},)"
         R"("padding":{"strategy":{"Fixed":4},"direction":"Left","pad_to_multiple_of":2,"pad_id":0,"pad_type_id":0,"pad_token":"P"},)"
         R"("added_tokens":[{"id":9,"content":"<x>","single_word":false,"lstrip":true,"rstrip":true,"normalized":true,"special":true}],)"
         R"("normalizer":)" +
         normalizer + R"(,"pre_tokenizer":)" + pre_tokenizer + R"(,"post_processor":)" + processor + R"(,"decoder":)" +
         decoder + R"(,"model":)" + model + "}";
}

// Byte-level BPE with the merges h+e and l+l, without truncation and padding.
inline std::string byte_level_json() {
  Json vocab = Json::object();
  for (uint32_t b = 0; b < 256; b++) vocab[utf8::encode(byte_to_char(uint8_t(b)))] = b;
  vocab["he"] = 256;
  vocab["ll"] = 257;
  const std::string bytes = R"({"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true})";
  return R"({"version":"1.0","truncation":null,"padding":null,"added_tokens":[{"id":258,"content":"<s>","single_word":false,)"
         R"("lstrip":false,"rstrip":false,"normalized":false,"special":true}],"normalizer":null,"pre_tokenizer":)" +
         bytes + R"(,"post_processor":)" + bytes + R"(,"decoder":)" + bytes +
         R"(,"model":{"type":"BPE","dropout":null,"unk_token":null,"continuing_subword_prefix":null,"end_of_word_suffix":null,)"
         R"("fuse_unk":false,"byte_fallback":false,"ignore_merges":false,"vocab":)" +
         dump(vocab, false) + R"(,"merges":[["h","e"],["l","l"]]}})";
}

inline std::vector<std::string> small_tokenizers() {
  const std::string bpe =
      R"({"type":"BPE","dropout":null,"unk_token":"u","continuing_subword_prefix":"@","end_of_word_suffix":"!","fuse_unk":true,)"
      R"("byte_fallback":true,"ignore_merges":true,"vocab":{"u":0,"a":1,"@b":2,"ab":3,"h":4,"@e":5,"<0xC3>":6},"merges":["a @b"]})";
  const std::string word_piece =
      R"({"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":10,)"
      R"("vocab":{"[UNK]":0,"hello":1,"a":2,"##b":3,"##c":4}})";
  const std::string word_level = R"({"type":"WordLevel","vocab":{"?":0,"hello":1,"abc":2},"unk_token":"?"})";
  const std::string unigram =
      R"({"type":"Unigram","unk_id":0,"vocab":[["<unk>",0.0],["▁",-2.5],["h",-1.25],["ello",-3.0],["a",-1.0],["bc",-1.5]],"byte_fallback":true})";
  return {
      byte_level_json(),
      wrap(
          bpe,
          R"({"type":"Sequence","normalizers":[{"type":"NFD"},{"type":"StripAccents"},{"type":"Lowercase"},{"type":"Strip","strip_left":true,"strip_right":false},{"type":"Replace","pattern":{"Regex":"x+"},"content":"y"}]})",
          R"({"type":"Sequence","pretokenizers":[{"type":"WhitespaceSplit"},{"type":"Digits","individual_digits":true},{"type":"Punctuation","behavior":"Contiguous"},{"type":"UnicodeScripts"},{"type":"FixedLength","length":4}]})",
          R"({"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"[C]","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],"pair":[{"Sequence":{"id":"A","type_id":0}},{"Sequence":{"id":"B","type_id":1}}],"special_tokens":{"[C]":{"id":"[C]","ids":[1,2],"tokens":["x","y"]}}})",
          R"({"type":"Sequence","decoders":[{"type":"BPEDecoder","suffix":"!"},{"type":"Replace","pattern":{"String":"@"},"content":""},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":1}]})"),
      wrap(
          word_piece,
          R"({"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true})",
          R"({"type":"BertPreTokenizer"})", R"({"type":"BertProcessing","sep":["[SEP]",1],"cls":["[CLS]",2]})",
          R"({"type":"WordPiece","prefix":"##","cleanup":true})"),
      wrap(
          word_level,
          R"({"type":"Sequence","normalizers":[{"type":"NFKC"},{"type":"Nmt"},{"type":"NFKD"},{"type":"NFC"},{"type":"ByteLevel"}]})",
          R"({"type":"Sequence","pretokenizers":[{"type":"Whitespace"},{"type":"CharDelimiterSplit","delimiter":"-"},{"type":"Split","pattern":{"Regex":"[0-9]{2}"},"behavior":"MergedWithNext","invert":true}]})",
          R"({"type":"RobertaProcessing","sep":["</s>",2],"cls":["<s>",0],"trim_offsets":true,"add_prefix_space":false})",
          R"({"type":"CTC","pad_token":"<pad>","word_delimiter_token":"|","cleanup":true})"),
      wrap(
          unigram, R"({"type":"Precompiled","precompiled_charsmap":""})",
          R"({"type":"Metaspace","replacement":"▁","prepend_scheme":"first","split":true})",
          R"({"type":"Sequence","processors":[{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true}]})",
          R"({"type":"Sequence","decoders":[{"type":"ByteFallback"},{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true}]})"),
  };
}

}  // namespace ef::tokenizers
