#include "tokenizers/normal_forms.h"

#include <utf8proc.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "tokenizers/character_map.h"
#include "tokenizers/unicode.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {
uint8_t combining_class(char32_t c) {
  if (c < 0x300) return 0;
  const auto ccc = utf8proc_get_property(utf8proc_int32_t(c))->combining_class;
  return ccc && !is_inert(c) ? uint8_t(ccc) : 0;
}

namespace {
int decompose(char32_t c, bool compatible, utf8proc_int32_t out[32]) {
  out[0] = utf8proc_int32_t(c);
  if (c < 0xa0 || is_inert(c)) return 1;
  int boundary = 0;
  const auto options = UTF8PROC_DECOMPOSE | (compatible ? UTF8PROC_COMPAT : 0);
  const auto n = utf8proc_decompose_char(utf8proc_int32_t(c), out, 32, utf8proc_option_t(options), &boundary);
  if (n >= 1 && n <= 32) return int(n);
  out[0] = utf8proc_int32_t(c);
  return 1;
}

// Pairs that compose, of all but Hangul, which is computed.
const std::unordered_map<uint64_t, char32_t>& pairs() {
  static const auto map = [] {
    std::unordered_map<uint64_t, char32_t> out;
    for (char32_t c = 0xc0; c < 0x30000; c++) {
      if ((c >= 0xac00 && c < 0xd7a4) || (c >= 0xd800 && c < 0xe000)) continue;
      const auto* p = utf8proc_get_property(utf8proc_int32_t(c));
      if (p->decomp_seqindex == UINT16_MAX) continue;  // it never decomposes
      utf8proc_int32_t parts[32];
      const int n = decompose(c, false, parts);
      if (n < 2 || p->combining_class) continue;
      if (utf8proc_get_property(parts[0])->combining_class) continue;  // decomposes to marks alone
      // Only what survives decomposing and composing is a pair; its first part is what all but the last compose to.
      const auto last = parts[n - 1];
      utf8proc_int32_t whole[32];
      std::copy(parts, parts + n, whole);
      const auto options = utf8proc_option_t(UTF8PROC_COMPOSE | UTF8PROC_STABLE);
      if (utf8proc_normalize_utf32(whole, n, options) != 1 || char32_t(whole[0]) != c) continue;
      if (utf8proc_normalize_utf32(parts, n - 1, options) == 1) out[uint64_t(parts[0]) << 32 | uint32_t(last)] = c;
    }
    return out;
  }();
  return map;
}
char32_t compose(char32_t a, char32_t b) {  // 0: they don't
  constexpr char32_t kL = 0x1100, kV = 0x1161, kT = 0x11a7, kS = 0xac00;
  if (a >= kL && a < kL + 19 && b >= kV && b < kV + 21) return kS + ((a - kL) * 21 + (b - kV)) * 28;
  if (a >= kS && a < kS + 11172 && (a - kS) % 28 == 0 && b > kT && b < kT + 28) return a + (b - kT);
  const auto it = pairs().find(uint64_t(a) << 32 | b);
  return it == pairs().end() ? 0 : it->second;
}

// Characters that no form changes and that never change their neighbours: most text is made of them.
bool recomposes(char32_t c, const utf8proc_int32_t* parts, int n, bool compatible) {
  if (compatible) {
    utf8proc_int32_t plain[32];
    if (decompose(c, false, plain) != n || !std::equal(parts, parts + n, plain)) return false;
  }
  char32_t at = char32_t(parts[0]);
  for (int i = 1; i < n && at; i++) at = compose(at, char32_t(parts[i]));
  return at == c;
}
bool composes_with_the_one_before(char32_t c) {
  static const auto seconds = [] {
    std::unordered_set<char32_t> out;
    for (auto& [pair, whole] : pairs()) out.insert(char32_t(uint32_t(pair)));
    return out;
  }();
  return (c >= 0x1161 && c < 0x11c3) || seconds.count(c);
}
bool is_stable(char32_t c, NormalForm form) {
  const bool composing = form == NormalForm::C || form == NormalForm::KC;
  const bool compatible = form == NormalForm::KC || form == NormalForm::KD;
  if (c >= 0x31400 && c < 0xe0000) return true;  // nothing is there
  if (combining_class(c) || (composing && composes_with_the_one_before(c))) return false;
  utf8proc_int32_t parts[32];
  const int n = decompose(c, compatible, parts);
  return n == 1 ? char32_t(parts[0]) == c : composing && recomposes(c, parts, n, compatible);
}
const LazyCharTable<bool>& stable(NormalForm form) {
  const auto of = [](NormalForm f) { return [f](char32_t c) { return is_stable(c, f); }; };
  static const LazyCharTable<bool> c(of(NormalForm::C)), d(of(NormalForm::D)), kc(of(NormalForm::KC)),
      kd(of(NormalForm::KD));
  return form == NormalForm::C ? c : form == NormalForm::D ? d : form == NormalForm::KC ? kc : kd;
}

using Change = NormalizedString::Change;
struct Item {
  uint8_t ccc;
  char32_t c;
  int32_t change;
};

std::vector<Item> decomposed(std::string_view text, bool compatible) {
  std::vector<Item> out;
  out.reserve(text.size());
  size_t run = 0;  // start of the characters that may still change places
  const auto sort_run = [&] {
    std::stable_sort(out.begin() + ptrdiff_t(run), out.end(),
                     [](const Item& a, const Item& b) { return a.ccc < b.ccc; });
    run = out.size();
  };
  for (char32_t c : utf8::chars(text)) {
    utf8proc_int32_t parts[32];
    const int n = decompose(c, compatible, parts);
    for (int i = 0; i < n; i++) {
      const uint8_t ccc = combining_class(char32_t(parts[i]));
      if (!ccc) sort_run();
      out.push_back({ccc, char32_t(parts[i]), i > 0});
      if (!ccc) run = out.size();
    }
  }
  sort_run();
  return out;
}

std::vector<Change> composed(const std::vector<Item>& items) {
  std::vector<Change> out, waiting;  // marks that stand between the starter and what comes
  out.reserve(items.size());
  Change starter{0, 0};
  bool has_starter = false;
  int last_ccc = -1;
  const auto flush = [&] {
    if (has_starter) out.push_back(starter);
    out.insert(out.end(), waiting.begin(), waiting.end());
    waiting.clear();
    last_ccc = -1;
  };
  for (const Item& item : items) {
    if (!has_starter) {
      if (item.ccc)
        out.push_back({item.c, item.change});
      else
        starter = {item.c, item.change}, has_starter = true;
      continue;
    }
    if (last_ccc < int(item.ccc)) {
      if (const char32_t both = compose(starter.c, item.c)) {
        starter = {both, starter.change + item.change - 1};
        continue;
      }
    }
    if (item.ccc == 0) {
      flush();
      starter = {item.c, item.change};
    } else {
      waiting.push_back({item.c, item.change});
      last_ccc = item.ccc;
    }
  }
  flush();
  return out;
}
}  // namespace

void apply_normal_form(NormalizedString& text, NormalForm form) {
  const std::string_view s = text.text();
  if (utf8::is_ascii(s)) return;
  const LazyCharTable<bool>& stays = stable(form);
  bool changes = false;
  for (char32_t c : utf8::chars(s))
    if (!stays[c]) {
      changes = true;
      break;
    }
  if (!changes) return;
  const std::vector<Item> items = decomposed(s, form == NormalForm::KC || form == NormalForm::KD);
  if (form == NormalForm::C || form == NormalForm::KC) {
    text.transform(composed(items));
    return;
  }
  std::vector<Change> out;
  out.reserve(items.size());
  for (const Item& item : items) out.push_back({item.c, item.change});
  text.transform(out);
}

}  // namespace ef::tokenizers
