from pathlib import Path

import pytest

from rights.datamap.load import load_data_map
from rights.errors import DataMapError

MAP = """\
dataset:
  - fides_key: logs
    name: Logs
    rights:
      kind: lake
      stage: 3
      controller: Shop
      residency: KH
      role_arn: arn:aws:iam::${AccountId}:role/logs
    collections:
      - name: visits
        rights:
          purpose: p
          legal_basis: contract
          on_deletion: anonymise
          storage: {period: P2Y, counted_from: at}
          lake: {bucket: lake, prefix: visits/, format: FORMAT}
        fields:
          - {name: id, data_categories: [user], fides_meta: {primary_key: true}}
          - name: account_id
            data_categories: [user.unique_id]
            rights: {key: account_id, identifies: one, on_deletion: keyed_hash}
          - {name: at, data_categories: [user]}
          - name: devices
            data_categories: [user.device]
            fides_meta: {data_type: 'object[]'}
            fields:
              - {name: id, rights: {on_deletion: 'null'}}
"""


def loaded(folder: Path, form: str) -> None:
    (folder / "logs.yaml").write_text(MAP.replace("FORMAT", form))
    load_data_map(folder)


def test_a_field_within_a_list_of_parquet_cannot_be_emptied(tmp_path: Path) -> None:
    with pytest.raises(DataMapError, match=r"logs.yaml:28: .*within a list"):
        loaded(tmp_path, "parquet")


def test_a_field_within_a_list_of_json_lines_can(tmp_path: Path) -> None:
    loaded(tmp_path, "jsonl")
