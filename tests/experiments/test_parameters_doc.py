"""docs/parameters.md is what its command writes, and holds every field of the models."""

import re
from collections import Counter
from contextlib import redirect_stdout
from io import StringIO

import pytest

from experiments.parameters import main
from sim.config.parameters import Behaviour
from sim.config.sim_config import SimConfig
from sim.config.validation import OURS
from sim.policies.registry import policy_kinds
from sim.policies.window import Window
from sim.rules.declare import JOINT, PRIOR, REACH
from tests.helpers.cli import REPO

BY_NAME = "additionalProperties"  # what a JSON schema calls the values of a dictionary


@pytest.fixture(scope="module")
def page():
    out = StringIO()
    with redirect_stdout(out):
        main()
    return out.getvalue()


@pytest.fixture(scope="module")
def tables(page):
    """Return the rows of every table of parameters: heading, then cells by column."""
    found, heading, columns = [], "", None
    for line in page.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if line.startswith("#"):
            heading = line.lstrip("# ").strip("`")
        elif not line.startswith("|"):
            columns = None
        elif columns is None:
            columns = cells
        elif columns[0] == "key" and cells[0] != "---":
            found.append((heading, dict(zip(columns, cells, strict=True))))
    return found


def test_symbols_are_those_of_the_equations(tables):
    """The page says so; a symbol of another name sends readers looking for what is not there."""
    pages = (REPO / f"docs/{name}.md" for name in ("model", "specification"))
    equations = "".join(page.read_text(encoding="utf-8") for page in pages)
    symbols = {row["symbol"] for _, row in tables if row.get("symbol")}
    assert {"eta", "B_p", "xi"} < symbols
    unknown = [s for s in symbols if not re.search(rf"(?<!\w){re.escape(s)}(?!\w)", equations)]
    assert not unknown


def leaves(schema, definitions, path=(), heading=""):
    """Yield key and heading of every value that a JSON schema lets one set."""
    if "oneOf" in schema:
        for kind, where in schema["discriminator"]["mapping"].items():
            yield from leaves({"$ref": where}, definitions, path, f"network={kind}")
    elif "$ref" in schema:
        inner = definitions[schema["$ref"].rpartition("/")[2]]
        for name, field in inner["properties"].items():
            if (name != "kind" or "enum" in str(field)) and (*path, name)[0] not in OURS:
                yield from leaves(field, definitions, (*path, name), heading)
    elif "$ref" in str(schema.get(BY_NAME, "")):
        yield from leaves(schema[BY_NAME], definitions, (*path, "NAME"), heading)
    else:
        yield ".".join(path), heading


def every_field():
    schema = SimConfig.model_json_schema()
    definitions = {**schema.pop("$defs"), "SimConfig": schema}
    found = list(leaves({"$ref": "#/$defs/SimConfig"}, definitions))
    for kind, model in policy_kinds().items():
        own = model.model_json_schema()
        inner = {**own.pop("$defs", {}), kind: own}
        found += leaves({"$ref": f"#/$defs/{kind}"}, inner, ("policies", "NAME"), f"kind: {kind}")
    return found


def test_the_page_is_what_the_command_writes(page):
    """If not: python -m experiments.parameters > docs/parameters.md."""
    assert (REPO / "docs/parameters.md").read_text(encoding="utf-8") == page


def test_every_field_of_the_models_has_its_line(tables):
    shown = {(heading, row["key"].strip("`")) for heading, row in tables}
    anywhere = {key for _, key in shown}
    fields = every_field()
    assert len(fields) > 150
    for key, kind in fields:
        is_of_every_kind = key in {f"policies.NAME.{name}" for name in Window.model_fields}
        assert (kind, key) in shown if kind and not is_of_every_kind else key in anywhere, key


def test_every_line_is_a_field_and_stands_once(tables):
    counts = Counter(
        (heading if "kind" in heading or "network=" in heading else "", row["key"].strip("`"))
        for heading, row in tables
    )
    assert set(counts.values()) == {1}
    known = {key for key, _ in every_field()}
    assert {key for _, key in counts} <= known


def test_every_field_says_what_it_means(tables):
    for heading, row in tables:
        assert row["meaning"], f"{heading}: {row['key']}"
        assert row["range"], f"{heading}: {row['key']}"


def test_every_number_has_a_unit(tables):
    for _, row in tables:
        key = row["key"].strip("`")
        if re.search(r"\d to ", row["range"]):
            assert row.get("unit"), key


def test_no_two_parameters_share_a_symbol(tables):
    symbols = Counter(row["symbol"] for _, row in tables if row.get("symbol"))
    assert len(symbols) > len(Behaviour.model_fields)
    assert [symbol for symbol, count in symbols.items() if count > 1] == []


@pytest.mark.parametrize("name", Behaviour.model_fields)
def test_behaviour_documents_itself(name):
    field = Behaviour.model_fields[name]
    assert field.description
    assert all(field.json_schema_extra[what] for what in ("unit", "symbol", "source"))
    assert field.json_schema_extra["identified_by"] in (REACH, JOINT, PRIOR)
