"""The data map: which store holds what about people, why, for how long, and what each right does to it."""

from rights.datamap.load import load_data_map
from rights.datamap.model import Collection, DataMap, Field, StoreMap

__all__ = ["Collection", "DataMap", "Field", "StoreMap", "load_data_map"]
