from reports.attribution.caveats import caveats
from reports.attribution.finding import finding, worst_gap


def test_the_finding_names_whom_to_believe_who_fails_and_who_is_no_better_than_a_control(hand_made):
    said = finding(hand_made.evidence())
    assert said == (
        "Believe Shapley (mean rank 1.2 of 5) here: it beats both controls and passes every sanity check; do not "
        "believe LRP, which fails cascading randomisation; saliency cannot be told from the controls."
    )


def test_the_finding_says_so_where_none_beats_the_controls(hand_made):
    said = finding(hand_made.evidence(leads=()))
    assert said.startswith("None of the 3 methods beats the controls on these 4 inputs")
    assert "LRP fails cascading randomisation" in said


def test_the_finding_believes_nobody_where_all_that_beat_the_controls_fail_a_check(hand_made):
    said = finding(hand_made.evidence(failing=("lrp", "shapley")))
    assert said.startswith("No method is to be believed here: Shapley and LRP beat the controls, but fail")


def test_without_verdicts_the_finding_is_how_nearly_maps_add_up(hand_made):
    said = finding(hand_made.evidence(scores=(), ranks={}, leads={}, checks=()))
    assert "17.6 %" in said
    assert worst_gap(hand_made.evidence(), "shapley") == 0.3 / 1.7
    assert worst_gap(hand_made.evidence(), "lrp") is None


def test_caveats_come_from_the_numbers(hand_made):
    told = " ".join(caveats(hand_made.evidence()))
    assert "Only 4 inputs" in told
    assert "One target alone" in told
    assert "LRP fails cascading randomisation: likeness 0.50" in told
    assert "edges fails" not in told
    assert "miss what they should add up to by up to 18 %" in told
    assert "rank correlation" not in told
    assert "sanity checks were made" not in told
    assert "made on one answer alone" in " ".join(caveats(hand_made.evidence(inputs=1)))


def test_methods_within_noise_of_the_best_are_named(hand_made):
    behind = {name: hand_made.interval(0.1 if name == "lrp" else 2.0) for name in hand_made.ranks}
    told = caveats(hand_made.evidence(behind=behind))
    assert "Shapley has the best mean rank, but LRP lies within the noise of it." in told


def test_baselines_that_disagree_are_told(hand_made):
    found = hand_made.evidence(agreement={("deletion, blur", "deletion, mean"): 0.2})
    assert any("rank correlation 0.20" in each for each in caveats(found))


def test_one_input_ranks_nobody(hand_made):
    assert finding(hand_made.evidence(inputs=1)).startswith("One input ranks nobody")
