"""Templates and what they make. What is expected here is what docker 28.2 wrote for the same image."""

from __future__ import annotations

import pytest

from stagemill.errors import TemplateError
from stagemill.template.evaluate import render
from stagemill.template.functions import FUNCTIONS, Function
from stagemill.template.parser import parse
from stagemill.template.values import NilList, NilMap, Struct

IMAGE = Struct(
    {
        "Id": "sha256:ab12cd34ef560000",
        "RepoTags": ["app:latest", "app:two"],
        "Os": "linux",
        "Architecture": "amd64",
        "Variant": "",
        "Size": 77800000,
        "Config": Struct(
            {
                "User": "alice",
                "ExposedPorts": {"8080/tcp": Struct({})},
                "Env": ["PATH=/bin", "A=1"],
                "Entrypoint": NilList(),
                "Cmd": ["one", "two words"],
                "Volumes": NilMap(),
                "WorkingDir": "/srv",
                "Labels": {"title": "an app", "b.c": "<x>&"},
            },
            omitted=("Entrypoint", "Volumes"),
        ),
    },
    omitted=("Variant",),
)


def made(text: str, value: Struct = IMAGE) -> str:
    return render(parse(text), value)


def failure(text: str) -> TemplateError:
    with pytest.raises(TemplateError) as caught:
        made(text)
    return caught.value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("no action", "no action"),
        ("{{.Id}}", "sha256:ab12cd34ef560000"),
        ("{{ .Os }}/{{ .Architecture }}", "linux/amd64"),
        ("{{.Variant}}|", "|"),
        ("{{.Size}}", "77800000"),
        ("{{.Config.User}}", "alice"),
        ("{{(.Config).User}}", "alice"),
        ("{{$.Os}} {{$.Config.User}}", "linux alice"),
        ("{{.Config.Env}}", "[PATH=/bin A=1]"),
        ("{{.Config.Labels}}", "map[b.c:<x>& title:an app]"),
        ("{{.Config.Labels.title}}", "an app"),
        ("{{.Config.Labels.nope}}", "<no value>"),
        ("{{(.Config.Labels).title}}", "an app"),
        ("{{.Config.Entrypoint}} {{.Config.Volumes}}", "[] map[]"),
        ("{{.Config.ExposedPorts}}", "map[8080/tcp:{}]"),
    ],
)
def test_fields(text: str, expected: str) -> None:
    assert made(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{1}} {{-1}} {{+5}} {{1.0}} {{1.5e3}} {{0x1F}} {{0b11}} {{0o17}}", "1 -1 5 1 1500 31 3 15"),
        ("{{1.5}} {{1_000}} {{true}} {{false}}", "1.5 1000 true false"),
        ("{{'a'}} {{'\\n'}}", "97 10"),
        ('{{"quoted\\n"}}', "quoted\n"),
        ("{{`a\\nb`}}", "a\\nb"),
        ("{{`a\nb`}}", "a\nb"),
        ('{{"\\u00e9\\x41\\101\\t\\"\\\\"}}', 'éAA\t"\\'),
        ('{{.Os}}{{"{{"}}x{{"}}"}}', "linux{{x}}"),
        ("{{ .Os }}}", "linux}"),
    ],
)
def test_constants(text: str, expected: str) -> None:
    assert made(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a {{- .Os -}} b", "alinuxb"),
        ("{{.Os -}}\n \t x", "linuxx"),
        ("{{- /* trim */ -}}   {{.Os}}   {{- 1 -}}   end", "linux1end"),
        ("{{-3}} {{- 4}}", "-34"),
        ("a{{/* comment }} */}}b", "ab"),
        ("a {{- /* comment */}} b", "a b"),
    ],
)
def test_whitespace_and_comments(text: str, expected: str) -> None:
    assert made(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{{if eq .Os "linux" "windows"}}yes{{else}}no{{end}}', "yes"),
        ("{{if .Variant}}v{{else if .Os}}o{{else}}no{{end}}", "o"),
        ('{{if eq .Os "x"}}x{{else if .Variant}}v{{else}}no{{end}}', "no"),
        ('{{if and (eq .Os "linux") (ne .Architecture "arm64")}}yes{{end}}', "yes"),
        ('{{if not (eq .Os "linux")}}x{{else}}y{{end}}', "y"),
        ("{{if .Config.Entrypoint}}e{{else}}no{{end}}{{if .Config.Volumes}}v{{end}}{{if .Config}}c{{end}}", "noc"),
        ("{{with .Config}}{{.User}}{{end}}", "alice"),
        ("{{with .Variant}}x{{else}}none{{end}}", "none"),
        ("{{with .Variant}}a{{else with .Os}}{{.}}{{end}}", "linux"),
        ("{{with index .RepoTags 0}}{{.}} {{$.Os}}{{end}}", "app:latest linux"),
        ("{{with $x := .Os}}{{$x}}{{end}}", "linux"),
    ],
)
def test_conditions(text: str, expected: str) -> None:
    assert made(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{range .Config.Env}}{{println .}}{{end}}", "PATH=/bin\nA=1\n"),
        ("{{range $i, $e := .Config.Env}}{{if $i}},{{end}}{{$e}}{{else}}none{{end}}", "PATH=/bin,A=1"),
        ("{{range $e := .Config.Env}}[{{$e}}]{{end}}", "[PATH=/bin][A=1]"),
        ("{{range $k, $v := .Config.ExposedPorts}}{{$k}} {{$v}}{{end}}", "8080/tcp {}"),
        ("{{range $k, $v := .Config.Labels}}{{$k}}={{$v}} {{end}}", "b.c=<x>& title=an app "),
        ("{{range .Config.Labels}}[{{.}}]{{end}}", "[<x>&][an app]"),
        ("{{range .Config.Entrypoint}}x{{else}}none{{end}}", "none"),
        ("{{range $i, $x := .Config.Volumes}}x{{else}}none{{$i}}{{end}}", "nonemap[]"),
        ("{{range .Config.Labels.nope}}x{{else}}none{{end}}", "none"),
        ("{{range 3}}{{.}}{{end}}", "012"),
        ("{{range .Config.Env}}{{.}}{{break}}{{end}}", "PATH=/bin"),
        ('{{range .Config.Env}}{{if eq . "PATH=/bin"}}{{continue}}{{end}}{{.}}{{end}}', "A=1"),
        ("{{range .RepoTags}}{{range $.Config.Env}}{{break}}{{end}}{{.}} {{end}}", "app:latest app:two "),
    ],
)
def test_ranges(text: str, expected: str) -> None:
    assert made(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{$x := .Os}}{{$x}}", "linux"),
        ("{{$x := 1}}{{if true}}{{$x = 2}}{{end}}{{$x}}", "2"),
        ("{{$x := 1}}{{if true}}{{$x := 2}}{{$x}}{{end}}{{$x}}", "21"),
        ("{{$a := 1}}{{range .Config.Env}}{{$a = .}}{{end}}{{$a}}", "A=1"),
        ("{{$c := .Config}}{{$c.User}}", "alice"),
        ("{{$i := 0}}{{range $i, $x := .RepoTags}}{{$i}}{{end}}{{$i}}", "010"),
        ('{{$x := ""}}{{range $x = .RepoTags}}{{end}}{{$x}}', "app:two"),
    ],
)
def test_variables(text: str, expected: str) -> None:
    assert made(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{.Config.Env | len}}", "2"),
        ('{{.Config.Env | len | printf "%03d"}}', "002"),
        ('{{"a" | printf "%s-%s" "b"}}', "b-a"),
        ("{{.Os | upper | lower | title}}", "Linux"),
        ("{{(index .RepoTags 0) | upper}}", "APP:LATEST"),
        ('{{index .Config.Labels "title" | printf "%q"}}', '"an app"'),
        ("{{.Config.Labels | json}}", '{"b.c":"<x>&","title":"an app"}'),
    ],
)
def test_pipes(text: str, expected: str) -> None:
    assert made(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{and 1 0 2}} {{or 0 .Variant .Os}} {{and .Os .Variant}}|{{and 1 2}}", "0 linux |2"),
        ("{{and .Variant (index .RepoTags 9)}}|{{or .Os (index .RepoTags 9)}}", "|linux"),
        ("{{.Os | or .Variant}} {{.Variant | and .Os}}|", "linux |"),
    ],
)
def test_and_and_or_look_no_further_than_they_must(text: str, expected: str) -> None:
    assert made(text) == expected


@pytest.mark.parametrize(
    ("text", "column", "message", "hint"),
    [
        ("{{.Architectur}}", 3, "there is no field .Architectur", "did you mean .Architecture?"),
        ("{{.Config.Nope}}", 10, "there is no field .Nope", "the fields are .User, .ExposedPorts, "),
        ("x {{.RepoTags.x}}", 14, "there is no field .x in a list ([app:latest app:two])", None),
        ("{{.Os.x}}", 6, "there is no field .x in a text (linux)", None),
        ("{{.Config.Labels.a.b}}", 19, "there is no field .b in nothing", None),
        ("{{index .RepoTags 5}}", 3, "index: there is no item 5 in a list of 2", None),
        ("{{.Os | len | lower}}", 15, "lower: a text is needed, and this is a number (5)", None),
        ("{{eq .Os 1}}", 3, "eq: a text (linux) cannot be compared with a number (1)", None),
        ("{{lower}}", 3, "lower takes 1 value, and was given 0", None),
        ('{{slice "a" 1 2 3}}', 3, "slice takes 1 to 3 values, and was given 4", None),
        ("{{index}}", 3, "index takes 1 or more values, and was given 0", None),
        ("{{or}}", 3, "or takes 1 or more values, and was given 0", None),
        ("{{range .Os}}{{end}}", 9, "there is nothing to range over in a text (linux)", None),
        ("{{range $a, $b := 3}}{{end}}", 9, "numbers up to 3 have no keys: one variable is enough", None),
        ("{{.Os | .Variant}}", 9, "what stands behind a | has to be a function", None),
    ],
)
def test_what_cannot_be_is_told_with_its_place(text: str, column: int, message: str, hint: str | None) -> None:
    error = failure(text)

    assert error.at.column == column
    assert error.message == f"invalid --format, column {column}: {message}"
    assert (error.hint or "").startswith(hint or "")
    assert bool(error.hint) == bool(hint)
    assert error.exit_code == 2


def test_other_functions_can_take_the_place_of_ours() -> None:
    known = {**FUNCTIONS, "upper": Function(lambda arguments: arguments[0], 1, 1)}

    assert render(parse("{{upper .Os}}"), IMAGE, functions=known) == "linux"


def test_what_is_nested_too_deeply_is_told() -> None:
    deep = "{{" + "(" * 100_000 + ".Os" + ")" * 100_000 + "}}"

    assert failure(deep).message == "invalid --format, column 1: it is nested too deeply"
