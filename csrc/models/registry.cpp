// Every family, one line each.
#include "models/family.h"
#include "models/gemma/gemma.h"
#include "models/gemma2/gemma2.h"
#include "models/gemma3_text/gemma3_text.h"
#include "models/llama/llama.h"
#include "models/mistral/mistral.h"
#include "models/qwen2/qwen2.h"
#include "models/qwen3/qwen3.h"

namespace ef {

const Registry<Family>& families() {
  static const Registry<Family> registry = [] {
    Registry<Family> r("model_type");
    r.add("gemma", gemma_family());
    r.add("gemma2", gemma2_family());
    r.add("gemma3_text", gemma3_text_family());
    r.add("llama", llama_family());
    r.add("mistral", mistral_family());
    r.add("qwen2", qwen2_family());
    r.add("qwen3", qwen3_family());
    return r;
  }();
  return registry;
}

}  // namespace ef
