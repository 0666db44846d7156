#include "tokenizers/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "core/error.h"
#include "tokenizers/regex_syntax.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {

struct Regex::Code {
  pcre2_code* code = nullptr;
  bool jit = false;
  ~Code() { pcre2_code_free(code); }
};

namespace {
// Generous for any honest pattern; a catastrophic one meets it within a second.
constexpr uint32_t kMatchLimit = 20'000'000;
constexpr size_t kHeapLimitKib = 64 * 1024, kJitStackBytes = 1 << 20;

// What a search needs, kept by each thread: creating it costs more than most searches.
struct Scratch {
  pcre2_match_data* data = pcre2_match_data_create(1, nullptr);  // only the whole match is asked for
  pcre2_match_context* context = pcre2_match_context_create(nullptr);
  pcre2_jit_stack* stack = pcre2_jit_stack_create(32 * 1024, kJitStackBytes, nullptr);
  Scratch() {
    if (!data || !context) throw std::bad_alloc();
    pcre2_set_match_limit(context, kMatchLimit);
    pcre2_set_heap_limit(context, kHeapLimitKib);
    if (stack) pcre2_jit_stack_assign(context, nullptr, stack);
  }
  ~Scratch() {
    pcre2_jit_stack_free(stack);
    pcre2_match_context_free(context);
    pcre2_match_data_free(data);
  }
  Scratch(const Scratch&) = delete;
  static const Scratch& of_this_thread() {
    thread_local const Scratch scratch;
    return scratch;
  }
};

std::string message_of(int code) {
  PCRE2_UCHAR text[256];
  pcre2_get_error_message(code, text, sizeof text);
  return reinterpret_cast<const char*>(text);
}
}  // namespace

Regex::Regex(const std::string& pattern) : source_(pattern), code_(std::make_unique<Code>()) {
  check<TokenizerError>(pattern.size() <= 100'000, "regex: a pattern of ", pattern.size(),
                        " bytes, the longest is 100000");
  check<TokenizerError>(utf8::find_invalid(pattern) == std::string::npos, "regex: the pattern is not valid UTF-8");
  int error = 0;
  PCRE2_SIZE at = 0;
  std::unique_ptr<pcre2_compile_context, void (*)(pcre2_compile_context*)> context(
      pcre2_compile_context_create(nullptr), pcre2_compile_context_free);
  pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
  pcre2_set_parens_nest_limit(context.get(), 200);
  // Ruby's ^ and $ are about lines, always.
  const auto compile = [&](const std::string& text) {
    code_->code =
        pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(),
                      PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C, &error, &at, context.get());
  };
  compile(translate(pattern));
  if (!code_->code && error == PCRE2_ERROR_PATTERN_TOO_LARGE) compile(translate_onig_pattern(pattern, true));
  check<TokenizerError>(code_->code, "regex: pattern '", pattern, "': ", message_of(error), "");
  code_->jit = pcre2_jit_compile(code_->code, PCRE2_JIT_COMPLETE) == 0;
}
Regex::~Regex() = default;

std::string Regex::translate(const std::string& pattern) { return translate_onig_pattern(pattern); }

std::vector<Span> Regex::find_all(std::string_view text) const {
  std::vector<Span> out;
  const Scratch& scratch = Scratch::of_this_thread();
  size_t at = 0, last_end = std::string_view::npos;
  while (at <= text.size()) {
    const int rc = pcre2_match(code_->code, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), at,
                               PCRE2_NO_UTF_CHECK, scratch.data, scratch.context);
    if (rc == PCRE2_ERROR_NOMATCH) break;
    check<TokenizerError>(rc >= 0, "regex: pattern '", source_, "' gave up on a text of ", text.size(),
                          " bytes: ", message_of(rc),
                          "; it backtracks too much, use possessive or simpler repetitions");
    const PCRE2_SIZE* found = pcre2_get_ovector_pointer(scratch.data);
    const size_t begin = found[0], end = found[1];
    if (end < begin) break;  // \K inside a lookahead
    if (begin == end && begin == last_end) {
      at = begin + (begin < text.size() ? size_t(utf8::length_of(text[begin])) : 1);
      continue;
    }
    out.push_back({uint32_t(begin), uint32_t(end)});
    last_end = end;
    at = end > begin ? end : end + (end < text.size() ? size_t(utf8::length_of(text[end])) : 1);
  }
  return out;
}

}  // namespace ef::tokenizers
