"""Verdicts: the truth comes first, what knows nothing is told apart, every input has its own target."""

import numpy as np
import pytest
import torch
from torch import nn

from core.attribution import input_x_gradient, squares
from core.errors import BadInput, NotFinite, UnknownName
from core.faithfulness import METRICS, OverParts, judge
from core.faithfulness.scoring import BATCH
from core.faithfulness.verdicts import interval, places
from core.subject import InputSpec, wrap
from core.targets import Output, Unit
from core.testing import lanterns, planted_classifier

QUICK = ("deletion-black", "insertion-mean", "infidelity", "sensitivity-n")


def another_class(subject, inputs, target):
    """What the next class looks at: true of the network, and of the wrong question."""
    following = Output("class", (target.index + 1) % 4)
    return input_x_gradient(subject, inputs, following).heatmap()


@pytest.fixture(scope="module")
def judged():
    made = lanterns(seed=11, n=10)
    targets = [Output("class", i % 4) for i in range(10)]
    truth = torch.stack([made.truth[target.index, i] for i, target in enumerate(targets)])
    methods = {"ig": "integrated-gradients", "next": another_class, "bright": lambda s, x, t: x.sum(1)}
    return made, judge(
        made.subject,
        made.inputs,
        targets,
        methods=methods,
        maps={"truth": truth.numpy(), "coarse": torch.nn.functional.avg_pool2d(truth, 2)},
        samples=12,
        seed=3,
    )


def test_the_truth_comes_first_however_it_came(judged):
    _, verdicts = judged
    assert verdicts.methods == ("ig", "next", "bright", "truth", "coarse")
    assert set(verdicts.ranking[:3]) == {"ig", "truth", "coarse"}
    for metric in verdicts.metric_ranks:
        assert np.allclose(verdicts.row("ig", metric).values, verdicts.row("truth", metric).values, atol=1e-3)
        assert verdicts.row("ig", metric).margins["random"].low > 0
    assert {"ig", "truth", "coarse"}.isdisjoint(verdicts.no_better_than_controls)


def test_what_looks_elsewhere_is_no_better_than_the_controls(judged):
    _, verdicts = judged
    assert "lead in ranks over these controls may be nil" in verdicts.no_better_than_controls["next"]
    assert verdicts.leads["next"]["edges"].low < 0


def test_checks_are_failed_by_whom_they_should(judged):
    _, verdicts = judged
    assert set(verdicts.failed) == {"bright"}
    assert "randomisation: " in verdicts.failed["bright"]
    assert {(one.method, one.passes) for one in verdicts.checks if one.check == "randomisation"} == {
        *[("ig", True), ("next", True), ("bright", False), ("random", False), ("edges", False)],
        *[("truth", None), ("coarse", None)],
    }


def test_ranks_and_margins_are_the_rows_own(judged):
    _, verdicts = judged
    names = [*verdicts.methods[:3], *verdicts.controls, *verdicts.methods[3:]]
    ranked = []
    for metric, by_method in verdicts.metric_ranks.items():
        rows = np.stack([verdicts.row(name, metric).values for name in names])
        ranked.append(places(rows, METRICS[metric].better))
        for name, own in zip(names, ranked[-1], strict=True):
            assert by_method[name].estimate == pytest.approx(own.mean())
            sign = 1 if METRICS[metric].better == "higher" else -1
            margin = sign * (verdicts.row(name, metric).values - rows[names.index("edges")]).mean()
            assert name == "edges" or verdicts.row(name, metric).margins["edges"].estimate == pytest.approx(
                margin
            )
    for name, own in zip(names, np.mean(ranked, axis=0), strict=True):
        assert verdicts.ranks[name].estimate == pytest.approx(own.mean())
    assert sum(rank.estimate for rank in verdicts.ranks.values()) == pytest.approx(7 * 8 / 2)


def test_descriptions_are_shown_and_not_ranked(judged):
    _, verdicts = judged
    assert set(verdicts.metric_ranks) == {name for name, metric in METRICS.items() if metric.ranked}
    assert verdicts.row("ig", "completeness").values.max() < 1e-3
    assert verdicts.row("random", "completeness") is None
    assert verdicts.row("truth", "max-sensitivity") is None
    assert verdicts.row("random", "max-sensitivity").values.max() == 0
    assert verdicts.row("ig", "sparsity").values.min() > verdicts.row("edges", "sparsity").values.max()


def test_the_same_seed_says_the_same_and_another_subset_of_metrics_too(judged):
    made, verdicts = judged
    targets = [Output("class", i % 4) for i in range(10)]
    asked = {"methods": ["integrated-gradients"], "metrics": QUICK, "samples": 12}
    first, again = (judge(made.subject, made.inputs, targets, seed=3, **asked) for _ in range(2))
    other = judge(made.subject, made.inputs, targets, seed=4, **asked)
    for metric in QUICK:
        own = first.row("integrated-gradients", metric).values
        assert np.array_equal(own, again.row("integrated-gradients", metric).values)
        assert np.allclose(own, verdicts.row("ig", metric).values, atol=1e-5)
    noise = [one.row("random", "deletion-black").values for one in (first, other)]
    assert not np.allclose(*noise)


class _Patches(nn.Module):
    """A transformer in small: patches of 4 x 4 become tokens behind a class token."""

    def __init__(self):
        super().__init__()
        self.cut = nn.Conv2d(3, 8, 4, 4)
        self.token = nn.Parameter(torch.randn(1, 1, 8, generator=torch.Generator().manual_seed(0)))
        self.block = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, dropout=0.0)
        self.head = nn.Linear(8, 3)

    def forward(self, inputs):
        tokens = self.cut(inputs).flatten(2).transpose(1, 2)
        seen = self.block(torch.cat([self.token.expand(len(tokens), -1, -1), tokens], 1))
        return self.head(seen[:, 0])


def test_tokens_units_and_single_channels_are_judged_as_they_are():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = _Patches()
    spec = InputSpec((3, 16, 16), mean=(0.5,) * 3, std=(0.5,) * 3)
    tokens = wrap(module, name="tokens", spec=spec, heads={"class": tuple("abc")})
    inputs = torch.rand(3, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    asked = {"methods": ["saliency", "integrated-gradients"], "metrics": QUICK, "samples": 4}
    small = planted_classifier(seed=0, size=16)
    for subject, target in [
        (tokens, Output("class", 1)),
        (tokens, Unit("block", 3)),
        (small, Unit("relu", 2)),
    ]:
        verdicts = judge(subject, inputs, target, **asked)
        assert set(verdicts.ranks) == {"saliency", "integrated-gradients", "random", "edges"}
        assert all(np.isfinite(row.values).all() for row in verdicts.rows)


def test_given_parts_go_with_their_inputs():
    """Shapley values of squares: with a target for each input, each has its own parts."""
    made = lanterns(seed=12, n=4)
    targets = [Output("class", k) for k in (3, 0, 3, 1)]
    over = OverParts("feature-ablation", squares(made.inputs, 4), torch.zeros_like(made.inputs))
    verdicts = judge(made.subject, made.inputs, targets, methods={"squares": over}, metrics=QUICK, samples=4)
    assert verdicts.ranking[0] == "squares"
    assert not verdicts.failed


def test_one_input_bounds_nothing():
    made = lanterns(seed=13, n=1)
    verdicts = judge(
        made.subject, made.inputs, Output("class", 0), methods=["saliency"], metrics=QUICK, samples=4
    )
    assert verdicts.ranks["saliency"].low == -np.inf
    assert "saliency" in verdicts.no_better_than_controls
    assert interval(np.array([1.0, 1.0]), seed=0).low == 1.0


def test_memory_is_bounded_by_the_batch():
    made = lanterns(seed=14, n=6)
    sizes = []
    made.subject.module.register_forward_hook(lambda module, args, out: sizes.append(len(args[0])))
    judge(made.subject, made.inputs, Output("class", 0), methods=["saliency"], metrics=QUICK, samples=32)
    assert max(sizes) == BATCH
    assert sum(sizes) > 40 * BATCH / 2


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"metrics": ("deletion-blurr",)}, UnknownName, "nearest valid one is 'deletion-blur'"),
        ({"metrics": ("sparsity",)}, BadInput, "says whether a map is true"),
        ({"methods": ["salience"]}, UnknownName, "nearest valid one is 'saliency'"),
        ({"methods": {"edges": "saliency"}}, BadInput, "'edges' is a control"),
        ({"maps": {"saliency": np.zeros((2, 4, 4))}}, BadInput, "name of a method"),
        (
            {"maps": {"mine": np.zeros((3, 4, 4))}},
            BadInput,
            r"maps 'mine' of shape \(3, 4, 4\) do not fit 2 inputs",
        ),
        ({"maps": {"mine": np.full((2, 4, 4), np.nan)}}, NotFinite, "maps 'mine' hold NaN"),
        ({"target": Output("class", 9)}, BadInput, "outputs 0 to 2"),
        ({"target": Output("policy", 0)}, UnknownName, "head of planted"),
        ({"inputs": torch.rand(2, 4, 12, 12)}, BadInput, "do not fit planted"),
        ({"inputs": torch.rand(0, 3, 12, 12)}, BadInput, "at least one"),
        ({"inputs": 255 * torch.ones(2, 3, 12, 12)}, BadInput, r"pictures are given in \[0, 1\]"),
        ({"inputs": torch.full((2, 3, 12, 12), torch.nan)}, BadInput, "NaN or infinity"),
    ],
)
def test_mistakes_are_told_in_one_sentence(change, error, words):
    inputs = torch.rand(2, 3, 12, 12, generator=torch.Generator().manual_seed(0))
    asked = {
        "inputs": inputs,
        "target": Output("class", 0),
        "methods": ["saliency"],
        "metrics": QUICK,
    } | change
    with pytest.raises(error, match=words) as told:
        judge(planted_classifier(seed=0), samples=2, **asked)
    assert "\n" not in str(told.value)


def test_a_list_of_numbers_has_no_positions():
    spec = InputSpec((4, 1, 1), mean=(0.0,) * 4, std=(1.0,) * 4, channels=tuple("abcd"))
    subject = wrap(
        nn.Sequential(nn.Flatten(), nn.Linear(4, 2)), name="cart", spec=spec, heads={"policy": ("a", "b")}
    )
    with pytest.raises(BadInput, match="cart sees a list of numbers"):
        judge(subject, torch.rand(2, 4, 1, 1), Output("policy", 0), methods=["saliency"])


def test_nothing_is_left_behind_even_by_a_stop_in_the_middle():
    subject = planted_classifier(seed=2)
    inputs = torch.rand(2, 3, 12, 12, generator=torch.Generator().manual_seed(0))

    def state():
        module = subject.module
        held = [value.clone() for value in module.state_dict().values()]
        marks = [
            (len(one._forward_hooks), len(one._backward_hooks), one.training) for one in module.modules()
        ]
        marks += [(one.grad is None, one.requires_grad) for one in module.parameters()]
        return [*held, torch.get_rng_state(), torch.from_numpy(np.random.get_state()[1].copy())], marks  # noqa: NPY002

    def stopped(done, total, label):
        seen.append(label)
        if len(seen) == stop:
            raise KeyboardInterrupt

    before, marks = state()
    for stop in (2, 5, 9, 11, 0):
        seen = []
        asked = {"methods": ["saliency", "grad-cam"], "metrics": QUICK, "samples": 2, "progress": stopped}
        if stop:
            with pytest.raises(KeyboardInterrupt):
                judge(subject, inputs, Output("class", 1), **asked)
        else:
            judge(subject, inputs, Output("class", 1), **asked)
        after, now = state()
        assert all(torch.equal(one, two) for one, two in zip(before, after, strict=True))
        assert now == marks
    assert {"maps", "sanity checks", "metrics"} <= {label.partition(":")[0] for label in seen}
