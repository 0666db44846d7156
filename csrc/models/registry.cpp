// Every family, one line each.
#include "models/family.h"
#include "models/albert/albert.h"
#include "models/bert/bert.h"
#include "models/bloom/bloom.h"
#include "models/camembert/camembert.h"
#include "models/cohere/cohere.h"
#include "models/cohere2/cohere2.h"
#include "models/distilbert/distilbert.h"
#include "models/electra/electra.h"
#include "models/ernie4_5/ernie4_5.h"
#include "models/exaone4/exaone4.h"
#include "models/falcon/falcon.h"
#include "models/gemma/gemma.h"
#include "models/gemma2/gemma2.h"
#include "models/gemma3_text/gemma3_text.h"
#include "models/glm4/glm4.h"
#include "models/gpt2/gpt2.h"
#include "models/gpt_neo/gpt_neo.h"
#include "models/gpt_neox/gpt_neox.h"
#include "models/gptj/gptj.h"
#include "models/granite/granite.h"
#include "models/llama/llama.h"
#include "models/mistral/mistral.h"
#include "models/mpnet/mpnet.h"
#include "models/nemotron/nemotron.h"
#include "models/olmo2/olmo2.h"
#include "models/opt/opt.h"
#include "models/phi/phi.h"
#include "models/phi3/phi3.h"
#include "models/qwen2/qwen2.h"
#include "models/qwen3/qwen3.h"
#include "models/roberta/roberta.h"
#include "models/smollm3/smollm3.h"
#include "models/stablelm/stablelm.h"
#include "models/starcoder2/starcoder2.h"
#include "models/xlm_roberta/xlm_roberta.h"

namespace ef {

const Registry<Family>& families() {
  static const Registry<Family> registry = [] {
    Registry<Family> r("model_type");
    r.add("albert", albert_family());
    r.add("bert", bert_family());
    r.add("bloom", bloom_family());
    r.add("camembert", camembert_family());
    r.add("cohere", cohere_family());
    r.add("cohere2", cohere2_family());
    r.add("distilbert", distilbert_family());
    r.add("electra", electra_family());
    r.add("ernie4_5", ernie4_5_family());
    r.add("exaone4", exaone4_family());
    r.add("falcon", falcon_family());
    r.add("gemma", gemma_family());
    r.add("gemma2", gemma2_family());
    r.add("gemma3_text", gemma3_text_family());
    r.add("glm4", glm4_family());
    r.add("gpt2", gpt2_family());
    r.add("gpt_neo", gpt_neo_family());
    r.add("gpt_neox", gpt_neox_family());
    r.add("gptj", gptj_family());
    r.add("granite", granite_family());
    r.add("llama", llama_family());
    r.add("mistral", mistral_family());
    r.add("mpnet", mpnet_family());
    r.add("nemotron", nemotron_family());
    r.add("olmo2", olmo2_family());
    r.add("opt", opt_family());
    r.add("phi", phi_family());
    r.add("phi3", phi3_family());
    r.add("qwen2", qwen2_family());
    r.add("qwen3", qwen3_family());
    r.add("roberta", roberta_family());
    r.add("smollm3", smollm3_family());
    r.add("stablelm", stablelm_family());
    r.add("starcoder2", starcoder2_family());
    r.add("xlm-roberta", xlm_roberta_family());
    return r;
  }();
  return registry;
}

}  // namespace ef
