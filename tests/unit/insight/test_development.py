"""Which packages are for development, by every lock that is read."""

from __future__ import annotations

import json

import pytest

from stagemill.insight.development import development
from stagemill.insight.ownership import Ecosystem, Installed


def npm(*places: str) -> list[Installed]:
    return [Installed(Ecosystem.NPM, place.rpartition("node_modules/")[2], "1", place) for place in places]


def pip(*names: str) -> list[Installed]:
    return [Installed(Ecosystem.PIP, name, "1", "site-packages") for name in names]


def names(files: dict[str, str], packages: list[Installed]) -> dict[str, str]:
    found = development({path: text.encode() for path, text in files.items()}, packages)
    return {
        package.place if package.ecosystem is Ecosystem.NPM else package.name: lock for package, lock in found.items()
    }


def test_the_lock_of_npm_marks_places() -> None:
    lock = json.dumps({"lockfileVersion": 3, "packages": {
        "": {}, "node_modules/a": {}, "node_modules/a/node_modules/b": {"dev": True}, "node_modules/b": {"devOptional": True},
    }})  # fmt: skip
    packages = npm("app/node_modules/a", "app/node_modules/a/node_modules/b", "app/node_modules/b", "node_modules/b")

    assert names({"app/package-lock.json": lock}, packages) == {
        "app/node_modules/a/node_modules/b": "app/package-lock.json"
    }


def test_npm_leaves_a_lock_with_what_it_installed() -> None:
    lock = json.dumps({"packages": {"node_modules/a": {"dev": True}}})
    path = "app/node_modules/.package-lock.json"

    assert names({path: lock}, npm("app/node_modules/a", "other/node_modules/a")) == {"app/node_modules/a": path}


def test_the_lock_of_npm_before_7_has_packages_in_each_other() -> None:
    lock = json.dumps({"dependencies": {"a": {"dependencies": {"b": {"dev": True}}}, "b": {}}})
    packages = npm("node_modules/a", "node_modules/b", "node_modules/a/node_modules/b")

    assert names({"package-lock.json": lock}, packages) == {"node_modules/a/node_modules/b": "package-lock.json"}


YARN = """# yarn lockfile v1

needed@^1.0.0, needed@^1.1.0:
  version "1.1.0"
  dependencies:
    shared "^2.0.0"

"@s/tool@^1.0.0":
  version "1.0.0"
  dependencies:
    "@s/inner" "^1"
    shared "^2.0.0"

"@s/inner@^1":
  version "1.0.0"

shared@^2.0.0:
  version "2.0.0"
"""
BERRY = YARN.replace('version "', 'version: "').replace(' "^', ': "^').replace("@^", "@npm:^")
PNPM_9 = """lockfileVersion: '9.0'

importers:

  .:
    dependencies:
      needed:
        specifier: ^1
        version: 1.1.0
    devDependencies:
      '@s/tool':
        specifier: ^1
        version: 1.0.0(needed@1.1.0)

packages:

  needed@1.1.0:
    resolution: {integrity: sha512-x}

snapshots:

  needed@1.1.0:
    dependencies:
      shared: 2.0.0

  '@s/tool@1.0.0(needed@1.1.0)':
    dependencies:
      '@s/inner': 1.0.0
      shared: 2.0.0

  '@s/inner@1.0.0': {}

  shared@2.0.0: {}
"""
MANIFEST = json.dumps({"dependencies": {"needed": "^1"}, "devDependencies": {"@s/tool": "^1"}})


@pytest.mark.parametrize(
    ("lock", "text"),
    [("yarn.lock", YARN), ("yarn.lock", BERRY), ("pnpm-lock.yaml", PNPM_9)],
    ids=["yarn", "berry", "pnpm"],
)
def test_locks_that_say_who_needs_whom_leave_what_only_development_needs(lock: str, text: str) -> None:
    packages = npm("node_modules/needed", "node_modules/shared", "node_modules/@s/tool", "node_modules/@s/inner")

    found = names({lock: text, "package.json": MANIFEST}, packages)

    assert found == {"node_modules/@s/tool": lock, "node_modules/@s/inner": lock}


WORKSPACES = PNPM_9.replace(
    "packages:\n",
    """  packages/web:
    dependencies:
      '@s/tool':
        specifier: ^1
        version: 1.0.0(needed@1.1.0)
    devDependencies:
      checker:
        specifier: ^1
        version: 1.0.0

packages:
""",
    1,
).replace("  shared@2.0.0: {}\n", "  shared@2.0.0: {}\n\n  checker@1.0.0: {}\n")


def test_what_any_workspace_needs_is_not_for_development() -> None:
    packages = npm(*(f"node_modules/{name}" for name in ("needed", "shared", "@s/tool", "@s/inner", "checker")))
    manifest = json.dumps({"workspaces": ["packages/*"], **json.loads(MANIFEST)})

    of_pnpm = names({"pnpm-lock.yaml": WORKSPACES, "package.json": MANIFEST}, packages)
    of_yarn = names({"yarn.lock": YARN, "package.json": manifest}, packages)

    assert of_pnpm == {"node_modules/checker": "pnpm-lock.yaml"}
    assert of_yarn == {}  # what its workspaces need is written elsewhere


def test_a_package_under_another_name_is_what_it_is_installed_as() -> None:
    manifest = json.dumps({"dependencies": {"wide": "npm:shared@^2"}, "devDependencies": {"shared": "^1"}})
    lock = 'shared@^1:\n  version "1.0.0"\n\n"wide@npm:shared@^2":\n  version "2.0.0"\n'
    packages = [*npm("node_modules/shared"), Installed(Ecosystem.NPM, "shared", "2", "node_modules/wide")]
    of_pnpm = PNPM_9.replace("'@s/inner': 1.0.0", "inner: '@s/inner@1.0.0'")
    needs = of_pnpm.replace("needed:\n        specifier: ^1\n", "tool:\n        version: '@s/tool@1.0.0'\n", 1)

    assert names({"yarn.lock": lock, "package.json": manifest}, packages) == {"node_modules/shared": "yarn.lock"}
    assert len(names({"pnpm-lock.yaml": of_pnpm}, npm("node_modules/@s/inner"))) == 1
    assert names({"pnpm-lock.yaml": needs}, npm("node_modules/@s/inner")) == {}


def test_without_a_manifest_or_development_in_it_nothing_is_said() -> None:
    packages = npm("node_modules/needed")

    assert names({"yarn.lock": YARN}, packages) == {}
    assert names({"yarn.lock": YARN, "package.json": "{}"}, packages) == {}


POETRY_1_8 = """
[[package]]
name = "flask"
[package.dependencies]
Both = ">=1"
[[package]]
name = "both"
[[package]]
name = "py-test"
[package.dependencies]
both = "*"
"""
PYPROJECTS = {
    "poetry's own table": '[tool.poetry.dependencies]\npython = "^3"\nFlask = "^3"\n[tool.poetry.group.dev.dependencies]\npy-test = "*"',
    "the project's": "[project]\ndependencies = [\"flask>=3 ; python_version > '3'\"]",
    "what it offers": '[project.optional-dependencies]\nweb = ["flask[async]>=3"]',
}


@pytest.mark.parametrize("manifest", PYPROJECTS.values(), ids=PYPROJECTS)
def test_a_lock_of_poetry_without_groups_is_told_by_the_project_beside_it(manifest: str) -> None:
    files = {"app/poetry.lock": POETRY_1_8, "app/pyproject.toml": manifest}

    assert names(files, pip("Flask", "py_test", "both")) == {"py_test": "app/poetry.lock"}
    assert names({"app/poetry.lock": POETRY_1_8}, pip("py_test")) == {}
    assert names({"app/poetry.lock": POETRY_1_8, "app/pyproject.toml": "[tool.other]"}, pip("py_test")) == {}
    assert len(names({"app/poetry.lock": POETRY_1_8, "app/pyproject.toml": "[project]\nname = 'a'"}, pip("flask"))) == 1


def test_what_another_project_needs_is_not_for_development() -> None:
    other = json.dumps({"default": {"py-test": {}}})

    assert names({"app/uv.lock": UV, "other/Pipfile.lock": other}, pip("py-test")) == {}


PIPFILE = json.dumps({"default": {"flask": {}, "both": {}}, "develop": {"py-test": {}, "both": {}}})
POETRY_2 = """
[[package]]
name = "flask"
groups = ["main"]
[[package]]
name = "py.test"
groups = ["dev"]
[[package]]
name = "both"
groups = ["main", "dev"]
"""
POETRY_1 = """
[[package]]
name = "py_test"
category = "dev"
[[package]]
name = "flask"
category = "main"
"""
UV = """
[[package]]
name = "app"
source = {virtual = "."}
dependencies = [{name = "flask"}]
[package.optional-dependencies]
more = [{name = "both"}]
[package.dev-dependencies]
dev = [{name = "py-test"}]
[[package]]
name = "flask"
[[package]]
name = "py-test"
[[package]]
name = "both"
"""


@pytest.mark.parametrize(
    ("lock", "text"),
    [("Pipfile.lock", PIPFILE), ("poetry.lock", POETRY_2), ("poetry.lock", POETRY_1), ("uv.lock", UV)],
    ids=["pipenv", "poetry 2", "poetry 1", "uv"],
)
def test_locks_of_python_have_groups(lock: str, text: str) -> None:
    assert names({f"app/{lock}": text}, pip("Flask", "Py_Test", "both")) == {"Py_Test": f"app/{lock}"}


@pytest.mark.parametrize(
    "lock", ["package-lock.json", "yarn.lock", "pnpm-lock.yaml", "Pipfile.lock", "poetry.lock", "uv.lock"]
)
@pytest.mark.parametrize("text", ["", "[", "{}", "[]", "\0", '{"packages": 3}', "package = 3", "[" * 100_000])
def test_what_is_no_lock_says_nothing(lock: str, text: str) -> None:
    assert names({lock: text, "package.json": text}, [*npm("node_modules/a"), *pip("a")]) == {}
