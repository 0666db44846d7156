"""What the layers of a model get as input: passes of calibration texts through one block after the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Callable

from .. import _core, nn
from ..errors import UnsupportedError
from .base import should_convert_module


class _EnoughError(Exception):
    """Ends a forward pass: what follows is not asked about."""


class _Passed(nn.Module):
    """Stands for a block that is not run."""

    def forward(self, hidden_states: Any, pass_: Any = None) -> Any:
        return hidden_states


def blocks_of(model: Any, name: str | None = None) -> list[tuple[str, Any]]:
    """`(path, module)` of the repeated blocks: those of the longest list of modules, or of the one named."""
    lists = [(path, m) for path, m in model.named_modules() if isinstance(m, nn.ModuleList)]
    if name is not None:
        lists = [(path, m) for path, m in lists if path == name]
    if not lists:
        raise UnsupportedError(
            f"calibration: {type(model).__name__} has no list of blocks{f' {name!r}' if name else ''}"
        )
    path, chosen = max(lists, key=lambda item: len(list(item[1].children())))
    return [(f"{path}.{i}", block) for i, block in chosen.named_children()]


class Passes:
    """Passes of texts through a model, block by block: what a block gives is kept as the input of the next.

    Args:
        ids: int64 tensors [1, length], one a text.
        keep: False runs the blocks before anew each time instead of keeping their outputs (float32
            [1, length, hidden_size] for each text).
    """

    def __init__(self, model: Any, ids: list[Any], config: Any, skip: list[str]) -> None:
        self.model, self.ids, self.config, self.skip = model, ids, config, skip
        self.blocks = blocks_of(model, config.block_name_to_quantize)
        self._at = 0
        # Relative positions are looked up by the first block, for all of them: it is never left out.
        text = model.config.get_text_config()
        self._needed = 1 if hasattr(text, "relative_attention_num_buckets") else 0
        self._states: list[Any] | None = None
        self._keep = bool(getattr(config, "cache_block_outputs", True))
        # Whether the layers of a group get the very same input, rather than merely inputs of the same state of a block.
        self.share_inputs = config.modules_in_block_to_quantize is None and config.true_sequential

    def steps(self) -> Iterator[tuple[str, list[list[str]]]]:
        """Each block's path and its layers in groups of one input; with `true_sequential=False` all in one.

        When the caller comes back for the next block, the outputs of this one are computed as it is by then.
        """
        wanted = self.config.modules_in_block_to_quantize
        for at, (block, _) in enumerate(self.blocks):
            self._at = at
            if wanted is not None:
                yield block, [[f"{block}.{name}" for name in names] for names in wanted]
            else:
                groups = self._groups(block)
                yield block, groups if self.config.true_sequential else [[name for names in groups for name in names]]
            if self._keep and at + 1 < len(self.blocks):
                self._advance(block)

    def run(self, see: dict[str, Callable[[Any], None]], texts: int | None = None) -> None:
        """Pass the first `texts` texts through, or all; `see[path]` gets each input of a layer as float32 rows."""
        waiting: set[str] = set()

        def hook(path: str) -> Callable[[Any, Any], None]:
            def look(module: Any, args: Any) -> None:
                x = args[0].detach().float()
                see[path](x.reshape(-1, x.shape[-1]))
                waiting.discard(path)
                if not waiting:
                    raise _EnoughError

            return look

        handles = [self.model.get_submodule(path).register_forward_pre_hook(hook(path)) for path in see]
        try:
            for index in range(len(self.ids) if texts is None else texts):
                waiting.update(see)
                self._pass(index)
        finally:
            for handle in handles:
                handle.remove()

    def _pass(self, index: int) -> None:
        """One text through the model; where its states are kept, the blocks before the one at hand are left out."""
        replaced, handle = [], None
        if self._states is not None:
            state = self._states[index]
            handle = self.model.get_submodule(self.blocks[self._at][0]).register_forward_pre_hook(lambda *_: (state,))
            replaced = self.blocks[self._needed : self._at]
        try:
            for path, _ in replaced:
                self.model.set_submodule(path, _Passed())
            with _core.no_grad():
                self.model(self.ids[index], use_cache=False)
        except _EnoughError:
            pass
        finally:
            for path, block in replaced:
                self.model.set_submodule(path, block)
            if handle is not None:
                handle.remove()

    def _advance(self, block: str) -> None:
        states: list[Any] = []

        def take(module: Any, args: Any, output: Any) -> None:
            states.append(output.detach())
            raise _EnoughError

        handle = self.model.get_submodule(block).register_forward_hook(take)
        try:
            for index in range(len(self.ids)):
                self._pass(index)
                if self._states is not None:
                    self._states[index] = None  # one set of outputs at a time
        finally:
            handle.remove()
        self._states = states

    def _groups(self, block: str) -> list[list[str]]:
        """The block's layers in the order that they are called in, those with the same input together."""
        layers = [
            path
            for path, m in self.model.named_modules()
            if path.startswith(f"{block}.") and isinstance(m, nn.Linear) and should_convert_module(path, self.skip)
        ]
        groups: list[tuple[Any, list[str]]] = []

        def note(path: str) -> Callable[[Any], None]:
            def see(x: Any) -> None:
                if groups and groups[-1][0].shape == x.shape and bool((groups[-1][0] == x).all()):
                    groups[-1][1].append(path)
                else:
                    groups.append((x.clone(), [path]))

            return see

        self.run({path: note(path) for path in layers}, texts=1)
        idle = sorted(set(layers) - {name for _, names in groups for name in names})
        if not groups or idle:
            found = (
                f"{idle[0]} gets no input from the first text" if idle else f"{block} has no linear layers to quantize"
            )
            raise UnsupportedError(
                f"calibration: {found}; name layers in modules_in_block_to_quantize, or leave them dense"
            )
        return [names for _, names in groups]
