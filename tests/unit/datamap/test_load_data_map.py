from pathlib import Path

import pytest

from rights.datamap.load import load_data_map
from rights.datamap.model import DataMap
from rights.domain.identity import Identifies
from rights.errors import DataMapError

SMALL = """\
dataset:
  - fides_key: shop
    name: Shop
    rights:
      kind: dynamodb
      stage: 2
      controller: Shop
      residency: KH
      role_arn: arn:aws:iam::${AccountId}:role/shop
    collections:
      - name: things
        rights:
          purpose: essential.service
          legal_basis: contract
          dynamodb: [{table: things, query_by: owner}]
        fields:
          - name: owner
            data_categories: [user.unique_id]
            fides_meta: {primary_key: true}
            rights: {key: account_id, identifies: one}
          - name: note
            data_categories: [user.content.private]
"""

PLAIN_FIDES = """\
dataset:
- fides_key: postgres_example
  organization_fides_key: default_organization
  name: Postgres Example
  description: null
  meta: null
  data_categories: null
  fides_meta: null
  collections:
  - name: customer
    description: null
    data_categories: null
    fields:
    - name: email
      description: null
      data_categories:
      - user.contact.email
      fides_meta:
        references: null
        identity: email
        primary_key: null
        data_type: string
        length: null
        return_all_elements: null
      fields: null
"""

LOGIN = (Path(__file__).parents[3] / "functions" / "rights" / "datamap" / "stores" / "login.yaml").read_text()


def write(folder: Path, text: str, name: str = "shop.yaml") -> Path:
    (folder / name).write_text(text)
    return folder


def line_of(text: str, piece: str) -> int:
    return text[: text.index(piece)].count("\n") + 1


@pytest.fixture(scope="module")
def packaged() -> DataMap:
    return load_data_map()


def test_the_packaged_map_has_every_store_of_the_mall(packaged: DataMap) -> None:
    kinds = {store.fides_key: store.rights.kind for store in packaged.stores}
    assert kinds == {
        "accounts": "dynamodb",
        "profiles": "dynamodb",
        "risk": "dynamodb",
        "orders": "postgres",
        "support_tickets": "postgres",
        "support": "objects",
        "service_logs": "lake",
        "login": "cognito",
        "ledger": "ledger",
        **dict.fromkeys(("ads", "analytics", "cpes", "payments"), "partner"),
    }


def test_the_identity_spine_is_worked_on_last_with_the_sign_in_and_the_partners(packaged: DataMap) -> None:
    last = {store.fides_key: store.rights.kind for store in packaged.stages[-1]}
    assert {name for name, kind in last.items() if kind not in {"partner", "lake"}} == {"accounts", "login"}
    # Whoever waits for a partner, or for a batch over a lake, holds no store of the mall up: none is worked on after.
    assert {s.rights.stage for s in packaged.stores if s.rights.kind in {"partner", "lake"}} == {9}


def test_the_sign_in_is_shut_before_any_store_is_worked_on(packaged: DataMap) -> None:
    shut = {store.fides_key: store.rights.freeze_stage for store in packaged.stores if store.rights.freeze_stage}
    assert set(shut) == {"login"}
    assert shut["login"] < min(store.rights.stage for store in packaged.stores)


def test_codes_go_to_contacts_of_accounts_only(packaged: DataMap) -> None:
    contacts = {
        (store.fides_key, field.name)
        for store in packaged.stores
        for collection in store.collections
        for field in collection.fields
        if field.rights.contact
    }
    assert contacts == {("accounts", "phone"), ("accounts", "email")}


@pytest.mark.parametrize(
    ("store", "collection", "field"),
    [
        ("accounts", "accounts", "contact_phone"),
        ("risk", "signals", "device"),
        ("risk", "signals", "ip"),
        ("orders", "consignees", "phone"),
        ("orders", "consignees", "address"),
    ],
)
def test_what_a_household_shares_never_identifies_one_person(
    packaged: DataMap, store: str, collection: str, field: str
) -> None:
    assert packaged.store(store).collection(collection).field(field).rights.identifies is Identifies.SHARED


def test_every_term_has_an_end_a_ground_a_reason_and_a_source(packaged: DataMap) -> None:
    collections = [collection.rights for store in packaged.stores for collection in store.collections]
    terms = [r.retention for r in collections if r.retention] + [rule for r in collections for rule in r.retain_when]
    assert len(terms) == 11
    for rule in terms:
        assert str(rule.period).startswith("P")
        assert rule.reason
        assert rule.source


def test_of_everything_the_mall_keeps_it_is_said_for_how_long(packaged: DataMap) -> None:
    ours = [store for store in packaged.stores if store.rights.kind != "partner"]
    silent = [c.name for s in ours for c in s.collections if c.rights.retention is None and c.rights.storage is None]
    assert silent == []


def test_the_packaged_map_is_read_once(packaged: DataMap) -> None:
    assert load_data_map() is packaged


def test_the_version_follows_the_files_contents(tmp_path: Path) -> None:
    before = load_data_map(write(tmp_path, SMALL)).version
    assert load_data_map(tmp_path).version == before
    assert load_data_map(write(tmp_path, SMALL.replace("name: Shop", "name: Shoe shop"))).version != before


def test_a_dataset_of_fides_is_read_unchanged(tmp_path: Path) -> None:
    write(tmp_path, SMALL)
    data_map = load_data_map(write(tmp_path, PLAIN_FIDES, "fides.yaml"))
    assert [store.fides_key for store in data_map.stores] == ["shop"]
    assert data_map.described[0].collections[0].fields[0].fides_meta.identity == "email"


REFUSED = [
    ("fides_key: shop", "fides_key: shop\n    name: [", "name: [", "YAML"),
    ("kind: dynamodb", "kind: floppy_disk", "kind:", "rights.kind"),
    ("stage: 2", "stage: 12", "stage:", "less than or equal to 9"),
    ("legal_basis: contract", "legal_basis: contract\n          on_delete: erase", "on_delete:", "Extra inputs"),
    ("query_by: owner", "query_by: holder", "query_by:", "no field has this name"),
    ("{primary_key: true}", "{primary_key: false}", "fields:", "no field is marked"),
    ("key: account_id, identifies: one", "key: account_id", "rights: {key", "identifies"),
    ("key: account_id, identifies: one", "identifies: one", "rights: {identifies", "some kind"),
    ("identifies: one", "identifies: shared, contact: true", "rights: {key", "own `contact`"),
    ("identifies: one", "identifies: one, consignee: true", "rights: {key", "as shared"),
    ("name: note", "name: owner", "name: owner\n            data_categories: [user.content", "two fields"),
    ("data_categories: [user.content.private]", "description: text", "name: note", "data_categories"),
    ("identifies: one", 'identifies: one, on_deletion: "null"', "rights: {key", "primary key"),
    (
        "data_categories: [user.content.private]",
        'data_categories: [user.content.private]\n            rights: {on_deletion: "null"}',
        "rights: {on_deletion",
        "ever anonymised",
    ),
    (
        "legal_basis: contract",
        "legal_basis: contract\n          anonymise_kept: true",
        "rights:\n          p",
        "anonymised",
    ),
    (
        "legal_basis: contract",
        "legal_basis: contract\n          third_party_unless: x",
        "third_party_unless",
        "no field",
    ),
    ("dynamodb: [{table: things, query_by: owner}]", "recipients: []", "rights:\n          p", "how it is reached"),
]


@pytest.mark.parametrize(("good", "bad", "place", "reason"), REFUSED)
def test_a_wrong_map_is_refused_with_file_line_and_reason(
    tmp_path: Path, good: str, bad: str, place: str, reason: str
) -> None:
    text = SMALL.replace(good, bad)
    with pytest.raises(DataMapError) as caught:
        load_data_map(write(tmp_path, text))
    file, line, message = str(caught.value).split(":", 2)
    assert file == "shop.yaml"
    assert reason in message
    if reason != "YAML":  # a parser notices a missing bracket where the text ends
        assert int(line) == line_of(text, place)


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("retention: {period: ten years, counted_from: note, ground: 8, reason: r, source: s}", "ISO 8601"),
        ("retention: {period: P, counted_from: note, ground: 8, reason: r, source: s}", "ISO 8601"),
        ("retention: {period: P1Y, counted_from: nothing, ground: 8, reason: r, source: s}", "no field"),
        ("retention: {period: P1Y, counted_from: note, ground: 12, reason: r, source: s}", "equal to 11"),
        ("retain_when: [{equals: open, ground: 7, period: P1Y, reason: r, source: s}]", "either a `field` or a `tag`"),
        (
            "retain_when: [{tag: t, equals: open, ground: 7, period: P1Y, reason: r, source: s}]",
            "only objects have tags",
        ),
        ("retain_when: [{field: f, equals: open, ground: 7, period: P1Y, reason: r, source: s}]", "no field"),
        ("retain_when: [{field: note, equals: open, ground: 7, period: 1Y, reason: r, source: s}]", "ISO 8601"),
        ("retention: {period: P1Y, counted_from: note, ground: 3, reason: r, source: s}", "a rule may keep"),
        ("retention: {period: P1Y, counted_from: note, ground: 8, reason: r, source: s}", "a rule may keep"),
        ("retention: {period: P11Y, counted_from: note, ground: 11, reason: r, source: s}", "longer than this ground"),
        ("retain_when: [{field: note, equals: x, ground: 7, period: P2Y, reason: r, source: s}]", "longer than this"),
        ("objects: {bucket: b, prefix: accounts/}", "another person"),
    ],
)
def test_a_rule_that_cannot_be_carried_out_is_refused(tmp_path: Path, rule: str, reason: str) -> None:
    text = SMALL.replace("legal_basis: contract", f"legal_basis: contract\n          {rule}")
    with pytest.raises(DataMapError, match=f"shop.yaml:{line_of(text, rule)}: .*{reason}"):
        load_data_map(write(tmp_path, text))


def test_a_refusal_does_not_repeat_what_the_file_says(tmp_path: Path) -> None:
    with pytest.raises(DataMapError) as caught:
        load_data_map(write(tmp_path, SMALL.replace("stage: 2", "stage: sok.dara@example.com")))
    assert "sok.dara" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("text", ["", "[]", "dataset: {}", "stores: []"])
def test_a_file_without_datasets_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(DataMapError, match=r"shop\.yaml:1: a list called `dataset` is missing"):
        load_data_map(write(tmp_path, text))


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataMapError, match="no files"):
        load_data_map(tmp_path)


def test_two_stores_of_one_name_are_refused_in_the_second_file(tmp_path: Path) -> None:
    write(tmp_path, SMALL)
    with pytest.raises(DataMapError, match=r"twin\.yaml:2: two datasets have this key"):
        load_data_map(write(tmp_path, SMALL, "twin.yaml"))


def test_a_postgres_store_needs_a_secret_and_an_object_store_its_place(tmp_path: Path) -> None:
    with pytest.raises(DataMapError, match="secret"):
        load_data_map(write(tmp_path, SMALL.replace("kind: dynamodb", "kind: postgres")))
    with pytest.raises(DataMapError, match="under `objects`"):
        load_data_map(write(tmp_path, SMALL.replace("kind: dynamodb", "kind: objects")))


@pytest.mark.parametrize(
    ("good", "bad", "reason"),
    [
        ("user_pool: /mall/login/user-pool-id", "pool: p", "user_pool"),
        ("          cognito:\n            user_pool: /mall/login/user-pool-id\n", "", "under `cognito`"),
        ("on_deletion: erase", "on_deletion: anonymise", "never anonymised"),
        ("rights: {key: account_id, identifies: one, never_reused: true}", "rights: {}", "holds the account id"),
        ("fides_meta: {primary_key: true, data_type: string}", "fides_meta: {}", "primary_key"),
    ],
)
def test_users_are_found_by_a_username_that_is_the_account_id(tmp_path: Path, good: str, bad: str, reason: str) -> None:
    with pytest.raises(DataMapError, match=reason):
        load_data_map(write(tmp_path, LOGIN.replace(good, bad)))


def test_a_reference_to_nowhere_is_refused(tmp_path: Path) -> None:
    meta = "fides_meta: {references: [{dataset: shop, field: things.holder}]}"
    text = f"{SMALL}            {meta}\n"
    with pytest.raises(DataMapError, match=f"shop.yaml:{line_of(text, meta)}: a reference to a field"):
        load_data_map(write(tmp_path, text))
