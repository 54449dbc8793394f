"""Pictures of fields: differences side by side, path probabilities, retargeting, and episodes as timelines."""

from reports.fields.bookmarks import bookmark_figure
from reports.fields.differences import difference_maps
from reports.fields.paths import along_lines, path_maps, retargeting_maps
from reports.fields.sections import maps_section, story_section
from reports.fields.timeline import timeline

__all__ = [
    "along_lines",
    "bookmark_figure",
    "difference_maps",
    "maps_section",
    "path_maps",
    "retargeting_maps",
    "story_section",
    "timeline",
]
