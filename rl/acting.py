"""How an agent picks its actions: by which head, drawn or greedy, and what it remembers of its episode."""

from collections.abc import Callable, Mapping

import torch
from jaxtyping import Float
from torch import Tensor

from core.errors import BadInput
from core.subject import Subject, feed, run

EPSILON = 0.05
"""How often an agent that scores actions instead of giving them chances plays any action when it "samples"."""

Answering = Callable[[Tensor, Tensor], dict[str, Tensor]]
"""What k of n instances see (k, c, h, w), and which they are (k,), to every head's output for them."""


def action_head(subject: Subject) -> str:
    """The head that actions are picked by: "policy" (logits) or "q" (what each action is worth).

    Raises
    ------
    BadInput
        if the subject has neither: it is no agent.

    >>> from core.testing import spotlight
    >>> action_head(spotlight())
    'policy'
    """
    for head in ("policy", "q"):
        if head in subject.heads:
            return head
    raise BadInput(
        f"{subject.name} has head {', '.join(subject.heads) or 'none'}; an agent picks its actions by head "
        "'policy' or 'q'"
    )


def chances(scores: Float[Tensor, "n a"], head: str) -> Float[Tensor, "n a"]:
    """How likely each action is where actions are drawn.

    By head "policy" the softmax of the logits; by head "q" the best action, but one of all actions with probability
    ``EPSILON`` (epsilon-greedy [mnih2015]).

    >>> chances(torch.tensor([[1.0, 3.0, 2.0, 0.0]]), "q")
    tensor([[0.0125, 0.9625, 0.0125, 0.0125]])
    """
    if head == "policy":
        return scores.softmax(1)
    return (1 - EPSILON) * best(scores) + EPSILON / scores.shape[1]


def best(scores: Float[Tensor, "n a"]) -> Float[Tensor, "n a"]:
    """1 for the action that scores highest (the first of several), 0 for the others.

    >>> best(torch.tensor([[1.0, 3.0, 2.0]]))
    tensor([[0., 1., 0.]])
    """
    return torch.zeros_like(scores).scatter_(1, scores.argmax(1, keepdim=True), 1.0)


def worth(answers: Mapping[str, Tensor]) -> Float[Tensor, "n"]:
    """What an agent expects from where it is: its value, or what its best action is worth.

    >>> worth({"q": torch.tensor([[1.0, 3.0, 2.0]])})
    tensor([3.])
    """
    return answers["value"][:, 0] if "value" in answers else answers["q"].amax(1)


def blank(subject: Subject, n: int) -> Float[Tensor, "n ..."] | None:
    """The memory with which ``n`` episodes begin: zeros, or None if the agent has none.

    A network has a memory if it says its shape, ``module.memory``, takes one (n, ...) as second argument and answers
    with the next under "memory".

    >>> from core.testing import spotlight
    >>> blank(spotlight(), 3) is None
    True
    """
    shape = getattr(subject.module, "memory", None)
    return None if shape is None else torch.zeros(n, *shape, device=subject.device)


def ask(subject: Subject, seen: Float[Tensor, "n c h w"], memory: Tensor | None) -> dict[str, Tensor]:
    """``core.subject.run`` with a memory, if there is one; the next is under "memory".

    >>> from core.testing import spotlight
    >>> ask(spotlight(), torch.ones(1, 3, 10, 10), None)["policy"]
    tensor([[4., 8.]])
    """
    return run(subject, seen) if memory is None else dict(subject.module(feed(subject, seen), memory))


def answering(subject: Subject, n: int) -> Answering:
    """``core.subject.run`` for ``n`` episodes that begin now; where the agent has a memory, each carries its own on.

    Episodes may end at any time: only those that are named go on.

    >>> from core.testing import spotlight
    >>> answer = answering(spotlight(), 3)
    >>> answer(torch.ones(2, 3, 10, 10), torch.tensor([0, 2]))["policy"].shape
    torch.Size([2, 2])
    """
    memory = blank(subject, n)

    def answer(seen: Tensor, which: Tensor) -> dict[str, Tensor]:
        if memory is None:
            return run(subject, seen)
        answers = ask(subject, seen, memory[which])
        memory[which] = answers["memory"]
        return answers

    return answer
