"""What an agent would do everywhere in a state, what changes that, where it leads, and what surprises the agent."""

from rl.fields.along import Along, along
from rl.fields.differences import FieldDifference, changed, difference
from rl.fields.field import Field, field_of, greedy_path
from rl.fields.levels import parting_levels, shown_levels
from rl.fields.maps import compared_maps, mapping_layer, maps_of
from rl.fields.paths import PathProbabilities, geometric_means, path_probabilities, reach_probabilities
from rl.fields.retarget import Retargeting, retarget, retargeting_units
from rl.fields.stories import stories_of
from rl.fields.story import Bookmark, Story, StoryConfig, discount_of, story_of
from rl.fields.surprise import Discount, peaks, policy_changes, surprises, td_errors
from rl.fields.walk import Walk, walk_of

__all__ = [
    "Along",
    "Bookmark",
    "Discount",
    "Field",
    "FieldDifference",
    "PathProbabilities",
    "Retargeting",
    "Story",
    "StoryConfig",
    "Walk",
    "along",
    "changed",
    "compared_maps",
    "difference",
    "discount_of",
    "field_of",
    "geometric_means",
    "greedy_path",
    "mapping_layer",
    "maps_of",
    "parting_levels",
    "path_probabilities",
    "peaks",
    "policy_changes",
    "reach_probabilities",
    "retarget",
    "retargeting_units",
    "shown_levels",
    "stories_of",
    "story_of",
    "surprises",
    "td_errors",
    "walk_of",
]
