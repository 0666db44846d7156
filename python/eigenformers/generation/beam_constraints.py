"""What the texts of beam search have to contain: `generate(constraints=[...])`, `generate(force_words_ids=[...])`.

Post and Vilar, "Fast Lexically Constrained Decoding with Dynamic Beam Allocation for Neural Machine Translation" (2018);
disjunctive sets after Hu et al., "Improved Lexically Constrained Decoding for Translation and Monolingual Rewriting"
(2019).
"""

from __future__ import annotations

from typing import Any

_MOST_STEPS = 10000  # of a constraint that is being tested


def _check_token(token_id: Any, needed: str) -> None:
    if not isinstance(token_id, int):
        raise TypeError(f"`token_id` {needed}, but is {token_id} of type {type(token_id)}")


class Constraint:
    """A condition on a text, met token by token. Subclasses define the six methods below, and `seqlen`, the most tokens
    it takes.

    Whoever always takes the token that `advance()` names must come to an end:

        completed = False
        while not completed:
            _, completed, _ = constraint.update(constraint.advance())
    """

    def __init__(self) -> None:
        self.test()

    def test(self) -> None:
        """Raises an Exception when the methods contradict one another or never come to an end."""
        steps, completed = 0, False
        while not completed:
            if steps == 1:
                self.reset()
            token = self.advance()
            if not self.does_advance(token):
                raise Exception(
                    "Custom Constraint is not defined correctly. self.does_advance(self.advance()) must be true."
                )
            _, completed, _ = self.update(token)
            steps += 1
            if steps > _MOST_STEPS:
                raise Exception("update() does not fulfill the constraint.")
        if self.remaining() != 0:
            raise Exception("Custom Constraint is not defined correctly.")

    def _abstract(self) -> NotImplementedError:
        return NotImplementedError(
            f"{self.__class__} is an abstract class. Only classes inheriting this class can be called."
        )

    def advance(self) -> Any:
        """The token, or list of tokens, that come next; None when there is none."""
        raise self._abstract()

    def does_advance(self, token_id: int) -> bool:
        """Whether a token comes next."""
        raise self._abstract()

    def update(self, token_id: int) -> tuple[bool, bool, bool]:
        """Takes a token; whether it was a step, whether it was the last one, whether all has to begin again."""
        raise self._abstract()

    def reset(self) -> None:
        """Forgets all steps."""
        raise self._abstract()

    def remaining(self) -> int:
        """How many steps are left."""
        raise self._abstract()

    def copy(self, stateful: bool = False) -> Constraint:
        """The same condition, at its beginning or, with `stateful`, where this one is."""
        raise self._abstract()


class PhrasalConstraint(Constraint):
    """The tokens stand in the text, one behind the other.

    Args:
        token_ids: list of int, not empty.

    >>> phrase = PhrasalConstraint([5, 7])
    >>> phrase.update(5), phrase.update(7)
    ((True, False, False), (True, True, False))
    """

    def __init__(self, token_ids: list[int]):
        if not isinstance(token_ids, list) or len(token_ids) == 0:
            raise ValueError(f"`token_ids` has to be a non-empty list, but is {token_ids}.")
        if any(not isinstance(token_id, int) or token_id < 0 for token_id in token_ids):
            raise ValueError(f"Each list in `token_ids` has to be a list of positive integers, but is {token_ids}.")
        self.token_ids = token_ids
        self.seqlen = len(token_ids)
        self.fulfilled_idx = -1  # of the last token that was taken
        self.completed = False

    def advance(self) -> int | None:
        return None if self.completed else self.token_ids[self.fulfilled_idx + 1]

    def does_advance(self, token_id: int) -> bool:
        _check_token(token_id, "has to be an `int`")
        return not self.completed and token_id == self.token_ids[self.fulfilled_idx + 1]

    def update(self, token_id: int) -> tuple[bool, bool, bool]:
        if not self.does_advance(token_id):
            self.reset()
            return False, False, True
        self.fulfilled_idx += 1
        self.completed = self.fulfilled_idx == self.seqlen - 1
        return True, self.completed, False

    def reset(self) -> None:
        self.completed = False
        self.fulfilled_idx = -1

    def remaining(self) -> int:
        return self.seqlen - (self.fulfilled_idx + 1)

    def copy(self, stateful: bool = False) -> PhrasalConstraint:
        new = PhrasalConstraint(self.token_ids)
        if stateful:
            new.fulfilled_idx, new.completed = self.fulfilled_idx, self.completed
        return new


class DisjunctiveTrie:
    """Lists of tokens as a tree of dicts; ValueError when one begins with another and `no_subsets`."""

    def __init__(self, nested_token_ids: list[list[int]], no_subsets: bool = True):
        self.max_height = max(len(ids) for ids in nested_token_ids)
        self.trie: dict[int, Any] = {}
        for ids in nested_token_ids:
            level = self.trie
            for token_id in ids:
                level = level.setdefault(token_id, {})
        if no_subsets and self.has_subsets(self.trie, nested_token_ids):
            raise ValueError(
                f"Each list in `nested_token_ids` can't be a complete subset of another list, but is {nested_token_ids}."
            )

    def next_tokens(self, current_seq: list[int]) -> list[int]:
        """The tokens that may follow the beginning of a list."""
        level = self.trie
        for token_id in current_seq:
            level = level[token_id]
        return list(level)

    def reached_leaf(self, current_seq: list[int]) -> bool:
        """Whether these are a whole list."""
        return not self.next_tokens(current_seq)

    def count_leaves(self, root: dict[int, Any]) -> int:
        """How many lists end below."""
        return sum(map(self.count_leaves, root.values())) if root else 1

    def has_subsets(self, trie: dict[int, Any], nested_token_ids: list[list[int]]) -> bool:
        """Whether a list is lost in another one."""
        return self.count_leaves(trie) != len(nested_token_ids)


class DisjunctiveConstraint(Constraint):
    """One of several lists of tokens stands in the text.

    Args:
        nested_token_ids: list of lists of int; none may begin with another.
    """

    def __init__(self, nested_token_ids: list[list[int]]):
        if not isinstance(nested_token_ids, list) or len(nested_token_ids) == 0:
            raise ValueError(f"`nested_token_ids` has to be a non-empty list, but is {nested_token_ids}.")
        if any(not isinstance(ids, list) for ids in nested_token_ids):
            raise ValueError(f"`nested_token_ids` has to be a list of lists, but is {nested_token_ids}.")
        if any(not isinstance(token_id, int) or token_id < 0 for ids in nested_token_ids for token_id in ids):
            raise ValueError(
                f"Each list in `nested_token_ids` has to be a list of positive integers, but is {nested_token_ids}."
            )
        self.trie = DisjunctiveTrie(nested_token_ids)
        self.token_ids = nested_token_ids
        self.seqlen = self.trie.max_height
        self.current_seq: list[int] = []
        self.completed = False

    def advance(self) -> list[int] | None:
        return self.trie.next_tokens(self.current_seq) or None

    def does_advance(self, token_id: int) -> bool:
        _check_token(token_id, "is supposed to be type `int`")
        return token_id in self.trie.next_tokens(self.current_seq)

    def update(self, token_id: int) -> tuple[bool, bool, bool]:
        stepped = self.does_advance(token_id)
        if stepped:
            self.current_seq.append(token_id)
        else:
            self.reset()
        self.completed = self.trie.reached_leaf(self.current_seq)
        return stepped, self.completed, not stepped

    def reset(self) -> None:
        self.completed = False
        self.current_seq = []

    def remaining(self) -> int:
        return 0 if self.completed else self.seqlen - len(self.current_seq)

    def copy(self, stateful: bool = False) -> DisjunctiveConstraint:
        new = DisjunctiveConstraint(self.token_ids)
        if stateful:
            # The list itself, as in the real library: a step of the copy is one of the original, which is why of
            # several ways on only the first counts as progress. Its search, token for token, depends on that.
            new.current_seq, new.completed = self.current_seq, self.completed
        return new


class ConstraintListState:
    """How far a text is with a list of constraints: those met, the one begun, those that wait.

    Args:
        constraints: not empty.
    """

    def __init__(self, constraints: list[Constraint]):
        self.constraints = constraints
        self.max_seqlen = max(constraint.seqlen for constraint in constraints)
        self.n_constraints = len(constraints)
        self.completed = False
        self.init_state()

    def init_state(self) -> None:
        """Nothing is met yet."""
        self.complete_constraints: list[Constraint] = []
        self.inprogress_constraint: Constraint | None = None
        self.pending_constraints = [constraint.copy(stateful=False) for constraint in self.constraints]

    def get_bank(self) -> int:
        """Progress as a number: a constraint that is met counts most, one that is begun by its steps."""
        begun = self.inprogress_constraint
        steps = self.max_seqlen - begun.remaining() if begun else 0
        return len(self.complete_constraints) * self.max_seqlen + steps

    def advance(self) -> list[int] | None:
        """The tokens that bring the begun constraint on, or begin one; None when all are met."""
        open_ones = self.pending_constraints if self.inprogress_constraint is None else [self.inprogress_constraint]
        tokens: list[int] = []
        for constraint in open_ones:
            found = constraint.advance()
            tokens.extend(found if isinstance(found, list) else [] if found is None else [found])
        return tokens or None

    def reset(self, token_ids: list[int] | None) -> None:
        """As if these tokens had been added, one by one, from the beginning."""
        self.init_state()
        for token_id in token_ids or []:
            self.add(token_id)
            if self.completed:
                break

    def add(self, token_id: int) -> tuple[bool, bool]:
        """Takes a token; whether it completed a constraint, whether it was a step of one."""
        if not isinstance(token_id, int):
            raise TypeError(f"`token_id` should be an `int`, but is `{token_id}`.")
        if self.completed:
            return True, False
        if self.inprogress_constraint is not None:
            stepped, complete, again = self.inprogress_constraint.update(token_id)
            if again:
                self.pending_constraints.append(self.inprogress_constraint.copy(stateful=False))
                self.inprogress_constraint = None
            if complete:
                self.complete_constraints.append(self.inprogress_constraint)
                self.inprogress_constraint = None
                self.completed = not self.pending_constraints
            return complete, stepped
        for index, constraint in enumerate(self.pending_constraints):
            if not constraint.does_advance(token_id):
                continue
            stepped, complete, _ = constraint.update(token_id)
            if not stepped:
                raise Exception(
                    "`constraint.update(token_id)` is not yielding incremental progress, "
                    "even though `constraint.does_advance(token_id)` is true."
                )
            if complete:
                self.complete_constraints.append(constraint)
            else:
                self.inprogress_constraint = constraint
            del self.pending_constraints[index]
            self.completed = not self.pending_constraints and self.inprogress_constraint is None
            return complete, stepped
        return False, False

    def copy(self, stateful: bool = True) -> ConstraintListState:
        """The same constraints, and where this text is with them."""
        new = ConstraintListState(self.constraints)
        if stateful:
            new.complete_constraints = [constraint.copy(stateful=True) for constraint in self.complete_constraints]
            if self.inprogress_constraint is not None:
                new.inprogress_constraint = self.inprogress_constraint.copy(stateful=True)
            new.pending_constraints = [constraint.copy() for constraint in self.pending_constraints]
        return new


class ConstrainedTexts:
    """What the decode loop asks about the texts of its beams. Ids are those of a whole text, its prompt included."""

    def __init__(self, constraints: list[Constraint]):
        self.constraints = constraints

    def _state(self, ids: list[int]) -> ConstraintListState:
        state = ConstraintListState([constraint.copy() for constraint in self.constraints])
        state.reset(ids)
        return state

    def met(self, ids: list[int]) -> bool:
        """Whether all constraints are."""
        return self._state(ids).completed

    def progress(self, ids: list[int]) -> int:
        """See `ConstraintListState.get_bank`."""
        return self._state(ids).get_bank()

    def steps(self, ids: list[int]) -> list[tuple[int, int]]:
        """The tokens that come next in a constraint, each with the progress that it makes."""
        state = self._state(ids)
        found = []
        for token_id in [] if state.completed else state.advance() or []:
            after = state.copy(stateful=True)
            after.add(token_id)
            found.append((token_id, after.get_bank()))
        return found


def constraints_of(config: Any) -> list[Constraint]:
    """The constraints of a GenerationConfig: `constraints` and those that `force_words_ids` stands for.

    Raises:
        ValueError: `force_words_ids` is not a list of lists of ids, or of lists of those; there is no constraint.
        TypeError: something in `constraints` is no Constraint.
    """
    found = list(config.constraints or [])
    for constraint in found:
        if not isinstance(constraint, Constraint) and not hasattr(constraint, "does_advance"):
            raise TypeError(f"generate: `constraints` holds a {type(constraint).__name__}, needed a Constraint")
    words = config.force_words_ids
    if words is not None:
        wrong = ValueError(
            "`force_words_ids` has to either be a `list[list[list[int]]]` or `list[list[int]]` of positive integers, "
            f"but is {words}."
        )
        if not isinstance(words, list) or not words or any(not isinstance(word, list) or not word for word in words):
            raise wrong
        for word in words:
            options = word if isinstance(word[0], list) else [word]
            if any(not isinstance(ids, list) or not ids for ids in options):
                raise wrong
            if any(not isinstance(token_id, int) or token_id < 0 for ids in options for token_id in ids):
                raise wrong
            found.append(DisjunctiveConstraint(word) if isinstance(word[0], list) else PhrasalConstraint(word))
    if not found:
        raise ValueError("generate: `constraints` is empty; needed at least one Constraint, or None for none")
    return found
