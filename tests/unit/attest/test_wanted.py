"""What `--attest`, `--provenance` and `--sbom` ask for."""

from __future__ import annotations

import pytest

from stagemill.attest.wanted import Place, Provenance, Sbom, StatementFile, Wanted, place
from stagemill.errors import UsageError


def wanted(*attest: str, provenance: str | None = None, sbom: str | None = None, **build_args: str) -> Wanted:
    return Wanted.parse(attest, provenance=provenance, sbom=sbom, build_args=build_args)


def test_nothing_is_said_unless_somebody_asks() -> None:
    assert wanted() == Wanted()
    assert not wanted()
    assert not wanted(provenance="false", sbom="0")


@pytest.mark.parametrize("asked", [{"provenance": "true"}, {"provenance": "1"}, {"provenance": ""}])
def test_provenance_alone_is_all_of_it(asked: dict[str, str]) -> None:
    assert wanted(**asked) == Wanted(Provenance())
    assert wanted("type=provenance") == Wanted(Provenance())


def test_each_parameter_has_its_meaning() -> None:
    assert wanted(
        provenance="mode=min,version=v0.2,builder-id=https://ci/1,filename=p.json,reproducible=true,inline-only=1,"
        "complete-materials=true"
    ).provenance == Provenance(
        is_max=False,
        version="v0.2",
        builder_id="https://ci/1",
        file="p.json",
        reproducible=True,
        inline_only=True,
        complete=True,
    )
    assert wanted(provenance="mode=full") == wanted(provenance="mode=max")


def test_a_list_is_made_by_us_or_by_the_scanner_that_is_named() -> None:
    assert wanted(sbom="true").sbom == Sbom()
    assert wanted("type=sbom,generator=scanner,EXTRA=1").sbom == Sbom(
        "docker.io/library/scanner:latest", {"EXTRA": "1"}
    )
    assert wanted("type=sbom,EXTRA=1,generator=s").sbom.parameters == {"EXTRA": "1"}  # type: ignore[union-attr]


def test_our_own_list_has_the_form_and_the_stages_that_are_asked_for() -> None:
    assert wanted(sbom="cyclonedx").sbom == wanted("type=sbom,format=cyclonedx").sbom == Sbom(forms=("cyclonedx",))
    assert wanted(sbom="format=both").sbom == Sbom(forms=("spdx", "cyclonedx"))
    assert wanted(sbom="scan-stage=a,scan-stage=b,scan-context=true").sbom == Sbom(stages="a,b", context=True)
    assert wanted(sbom="generator=s,format=x,scan-stage=true").sbom == Sbom(
        "docker.io/library/s:latest", {"format": "x"}, stages="true"
    )


def test_of_one_type_the_last_counts_and_the_short_flags_come_last() -> None:
    assert not wanted("type=provenance", "type=provenance,disabled=true")
    assert wanted("type=provenance,disabled=true", provenance="true").provenance == Provenance()
    assert not wanted("type=sbom", sbom="false")
    assert wanted("TYPE=sbom,Disabled=false").sbom == Sbom()


def test_build_arguments_may_ask_too() -> None:
    assert wanted(BUILDKIT_ATTEST_SBOM="").sbom == Sbom()
    assert wanted(BUILDKIT_ATTEST_PROVENANCE="mode=min").provenance == Provenance(is_max=False)
    assert not wanted(provenance="false", BUILDKIT_ATTEST_PROVENANCE="mode=min")


@pytest.mark.parametrize(
    ("asked", "message", "hint"),
    [
        ({"attest": "type=vex"}, "invalid --attest 'type=vex': unknown type 'vex'", "known are provenance, sbom"),
        ({"attest": "mode=min"}, "invalid --attest 'mode=min': unknown type ''", "known are provenance, sbom"),
        ({"attest": "type=provenence"}, "invalid --attest 'type=provenence': unknown type 'provenence'", "did you mean provenance?"),
        ({"attest": "sbom"}, "invalid --attest 'sbom': 'sbom' is no key=value", "write key=value,key=value"),
        ({"attest": "\nc"}, "invalid --attest '\\nc': new-line character seen in unquoted field - do you need to open the file in universal-newline mode?", "write key=value,key=value"),  # found by fuzzing
        ({"attest": "type=sbom,disabled=maybe"}, "invalid --attest type=sbom,disabled=maybe: disabled=maybe is neither true nor false", None),
        ({"provenance": "mod=min"}, "invalid --provenance: unknown parameter 'mod'", "did you mean mode?"),
        ({"provenance": "mode=all"}, 'invalid --provenance: invalid mode "all"', "write mode=min or mode=max"),
        ({"provenance": "version=v2"}, "invalid --provenance: invalid provenance SLSA version: v2", "write v1 or v0.2"),
        ({"provenance": "filename=a/b"}, "invalid --provenance: 'a/b' is no name of a file", "write filename=NAME.json"),
        ({"provenance": "reproducible=x"}, "invalid --provenance: reproducible=x is neither true nor false", None),
        ({"sbom": "generator="}, "sbom generator cannot be empty", "leave it out for stagemill's own scanner"),
        ({"sbom": "generator=A"}, "invalid --sbom: 'A' is no image reference: repository names are in lower case", "name the image of a scanner: generator=IMAGE"),
        ({"sbom": "format=spx"}, "invalid --sbom: unknown format 'spx'", "did you mean spdx?"),
        ({"sbom": "syft-spdx"}, "invalid --sbom 'syft-spdx': buildah's presets run scanners, and stagemill has its own", "write --sbom=spdx for stagemill's own list, or --sbom=generator=IMAGE for a scanner's"),
        ({"sbom": "trivy"}, "invalid --sbom 'trivy': buildah's presets run scanners, and stagemill has its own", "write --sbom=cyclonedx for stagemill's own list, or --sbom=generator=IMAGE for a scanner's"),
        ({"sbom": "cyclondx"}, "invalid --sbom 'cyclondx': there is no such form", "did you mean cyclonedx?"),
        ({"sbom": "x"}, "invalid --sbom 'x': 'x' is no key=value", "write key=value,key=value"),
        ({"sbom": "genrator=x"}, "invalid --sbom: 'genrator' is no parameter of stagemill's own scanner", "did you mean generator?"),
        ({"sbom": "scan-context=x"}, "invalid --sbom: scan-context=x is neither true nor false", None),
        ({"sbom": "EXTRA=1"}, "invalid --sbom: 'EXTRA' is no parameter of stagemill's own scanner", "leave it out, or name a scanner that knows it with generator=IMAGE"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_wrong_usage(asked: dict[str, str], message: str, hint: str | None) -> None:
    with pytest.raises(UsageError) as caught:
        wanted(*([asked.pop("attest")] if "attest" in asked else []), **asked)

    assert (caught.value.message, caught.value.hint) == (message, hint)


def into(asked: Wanted, *lists: str, place: Place = "index", provenances: tuple[str, ...] = ()) -> Wanted:
    return asked.into(place=place, lists=lists, provenances=provenances)


def test_what_is_said_goes_into_the_index_unless_another_place_is_named() -> None:
    both = wanted(provenance="true", sbom="true")

    assert into(both) == both
    assert (both.in_index, both.attached) == (True, True)
    assert (into(both, place="referrers").in_index, into(both, place="referrers").attached) == (False, True)
    assert into(both, place="none").attached is False
    assert not Wanted().in_index
    assert [place(text) for text in (None, "index", "referrers", "none")] == ["index", "index", "referrers", "none"]


def test_for_a_file_it_is_made_and_not_attached() -> None:
    found = into(wanted(), "a.json", provenances=("p.json",))

    assert found == Wanted(
        Provenance(attached=False),
        Sbom(attached=False),
        files=(StatementFile("a.json", "spdx"), StatementFile("p.json", "provenance")),
    )
    assert not found.attached
    assert into(wanted(sbom="true"), "a.json").in_index


@pytest.mark.parametrize(
    ("sbom", "path", "kind"),
    [
        ("spdx", "a.json", "spdx"),
        ("cyclonedx", "out/a.json", "cyclonedx"),
        ("both", "a.json", "spdx"),
        ("spdx", "out/a.cdx.json", "cyclonedx"),
        ("spdx", "BOM.json", "cyclonedx"),
        ("cyclonedx", "a.spdx.json", "spdx"),
    ],
)
def test_a_file_has_the_form_that_its_name_tells(sbom: str, path: str, kind: str) -> None:
    (file,) = into(wanted(sbom=sbom), path).files

    assert (file.kind, file.flag) == (kind, "--sbom-output")


@pytest.mark.parametrize(
    ("where", "lists", "sbom", "message", "hint"),
    [
        ("referrers", (), None, "--attest-as=referrers: nothing is to be attached", "add --provenance or --sbom"),
        ("index", ("a.cdx.json",), "generator=x", "--sbom-output a.cdx.json: a scanner's list is SPDX", "leave generator= out for stagemill's own list, or name a file .spdx.json"),
    ],
)  # fmt: skip
def test_what_cannot_go_there_is_wrong_usage(
    where: Place, lists: tuple[str, ...], sbom: str | None, message: str, hint: str
) -> None:
    with pytest.raises(UsageError) as caught:
        into(wanted(sbom=sbom), *lists, place=where)

    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_a_place_that_there_is_not_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="invalid --attest-as 'refers'") as caught:
        place("refers")

    assert caught.value.hint == "did you mean referrers?"
