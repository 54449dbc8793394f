"""The activation store: what layers said of many images, kept on disk, read in order or by chance."""

from core.store.activation_store import ActivationStore, Origin, open_store
from core.store.collecting import collect, needed_bytes
from core.store.images import Images, held

__all__ = ["ActivationStore", "Images", "Origin", "collect", "held", "needed_bytes", "open_store"]
