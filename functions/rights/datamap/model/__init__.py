"""The shape of a data map file: a Fideslang dataset, plus our own keys under `rights` at each level.

Fideslang's keys are read as Fides has them (`fides_key`, `collections`, `fields`, `data_categories`, `fides_meta` with
`primary_key`, `identity`, `references`); unknown ones are let through. Our own keys are closed: a misspelt one is
refused. docs/datamap.md tells every key. Source: Fideslang dataset schema; DESIGN section 5.
"""

from rights.datamap.model.access import CognitoAccess, DynamoAccess, LakeAccess, ObjectAccess
from rights.datamap.model.collection import Collection, CollectionRights, Flag
from rights.datamap.model.fields import HASHES, Emptying, Fact, Field, FieldRights, HashOf, Subject
from rights.datamap.model.stores import DataMap, PlainCollection, PlainDataset, StoreMap, StoreRights
from rights.datamap.model.terms import RetainWhen, Retention, Storage

__all__ = [
    "HASHES",
    "CognitoAccess",
    "Collection",
    "CollectionRights",
    "DataMap",
    "DynamoAccess",
    "Emptying",
    "Fact",
    "Field",
    "FieldRights",
    "Flag",
    "HashOf",
    "LakeAccess",
    "ObjectAccess",
    "PlainCollection",
    "PlainDataset",
    "RetainWhen",
    "Retention",
    "Storage",
    "StoreMap",
    "StoreRights",
    "Subject",
]
