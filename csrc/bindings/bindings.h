// One function a subject; module.cpp calls them in this order.
#pragma once
#include <pybind11/pybind11.h>

#include "bindings/tensor_caster.h"

namespace ef {

void bind_errors(pybind11::module_& m);
void bind_tensor(pybind11::module_& m);
void bind_gguf(pybind11::module_& m);
void bind_gguf_export(pybind11::module_& m);
void bind_io(pybind11::module_& m);
void bind_tokenizers(pybind11::module_& m);
void bind_nn(pybind11::module_& m);
void bind_cache(pybind11::module_& m);
void guard_instances();                             // before the first class
void guard_process();                               // after all classes
void collect_module_cycles(pybind11::handle type);  // of this class and all bound ones below it
void bind_optim(pybind11::module_& m);
void bind_peft(pybind11::module_& m);
void bind_models(pybind11::module_& m);
void bind_checkpoint(pybind11::module_& m);
void bind_quantizers(pybind11::module_& m);
void bind_generation(pybind11::module_& m);

}  // namespace ef
