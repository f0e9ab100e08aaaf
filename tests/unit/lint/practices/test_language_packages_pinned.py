"""`LanguagePackagesPinned`: pip, npm, gem or go install a package in whatever version is newest."""

from __future__ import annotations

import pytest

from fakes.linting import findings, lines_found

RULE = "LanguagePackagesPinned"


@pytest.mark.parametrize(
    ("command", "name", "number"),
    [
        ("pip install --no-cache-dir flask gunicorn==1", "flask", "DL3013"), ("python3 -m pip install -U flask", "flask", "DL3013"),
        ("npm install -g pnpm", "pnpm", "DL3016"), ("npm i -g @scope/tool", "@scope/tool", "DL3016"),
        ("npm install typescript@latest", "typescript@latest", "DL3016"), ("gem i bundler", "bundler", "DL3028"), ("pipx install black", "black", "DL3013"),
        ("pip install git+https://x/y.git#egg=a", "git+https://x/y.git#egg=a", "DL3013"), ("npm i git://x/y.git", "git://x/y.git", "DL3016"),
        ("go run example.com/x@latest a@b", "example.com/x@latest", "DL3062"), ("go get example.com/x@none", "example.com/x@none", "DL3062"),
        ("go install example.com/tool@latest", "example.com/tool@latest", "DL3062"), ("pip3 install 'uvicorn[standard]'", "uvicorn[standard]", "DL3013"),
    ],
)  # fmt: skip
def test_a_package_without_a_version_is_found_in_every_stage(command: str, name: str, number: str) -> None:
    (found,) = findings(RULE, f"FROM x\nRUN {command}\nFROM y\n")

    assert found.message == f"any version of {name} may come"
    assert found.alias == number


@pytest.mark.parametrize(
    "command",
    [
        "pip install a==1 'b>=2' c~=3 ./d git+https://x/y -e .", "pip install -r requirements.txt", "pip install git+ssh://git@x/y.git@v1", "npm i git://x/y.git#v1", "go run example.com/x", "go get example.com/x", "pip install .", "npm ci",
        "pip install -c constraints.txt a", "pip install --upgrade pip setuptools", "npm install", "npm i a@1 @b/c@2 ./d",
        "npm install user/repo", "gem install -v 1 a", "gem install a:1", "gem install a:1 -- --with-x y", "go install ./cmd/...", "go install example.com/x@v1",
        "go install", "pip install --target /x --index-url https://y a==1", "pip install $PACKAGES", "pip uninstall a",
        "npm install --prefix /x", "go install std", "npm run install",
    ],
)  # fmt: skip
def test_versions_files_and_what_is_not_known_are_fine(command: str) -> None:
    assert lines_found(RULE, f"FROM x\nRUN {command}\n") == []


def test_the_hint_shows_the_spelling() -> None:
    hints = [f.hint for f in findings(RULE, "FROM x\nRUN pip install a && npm i b@latest\n")]

    assert [hint and hint.partition(",")[0] for hint in hints] == ["write a==VERSION", "write b@VERSION"]
