"""What a path is that nothing needs to run, by its name and its package; and what looks like it and is none."""

from __future__ import annotations

import pytest

from stagemill.insight.leftovers import Leftover, leftover
from stagemill.insight.ownership import Ecosystem, Installed

KNOWN = {
    Leftover.CACHE: [
        "var/lib/apt/lists/deb.example_InRelease", "var/cache/apt/archives/x.deb", "var/cache/apk/APKINDEX.tar.gz",
        "root/.cache/pip/http/a", "home/node/.npm/_cacache/index", "usr/local/share/.cache/v6/x", "root/go/pkg/mod/x/y.go",
        "usr/local/cargo/registry/index/x", "root/.m2/repository/a.jar", "root/.gem/specs/x", "root/.cache/puppeteer.log", "root/.cache/torchvision/x",
    ],
    Leftover.TEMPORARY: ["tmp/build/x", "var/tmp/y"],
    Leftover.COMPILER: [
        "usr/bin/gcc", "usr/bin/gcc-12", "usr/bin/x86_64-linux-gnu-g++-12", "usr/local/bin/cargo", "usr/bin/make",
        "usr/lib/gcc/x86_64-linux-gnu/12/cc1plus", "usr/local/go/bin/go", "root/.rustup/toolchains/x", "usr/bin/ld.bfd",
        "usr/lib/jvm/java-17/bin/javac",
    ],
    Leftover.HEADERS: [
        "usr/include/stdio.h", "usr/local/include/node/v8.h", "app/vendor/include/x/y.hpp", "usr/lib/libz.a",
        "usr/lib/pkgconfig/zlib.pc", "app/main.o",
    ],
    Leftover.MAPS: ["app/dist/index.js.map", "app/static/main.css.map", "a/b.mjs.map"],
    Leftover.TESTS: [
        "app/node_modules/x/test/a.js", "app/node_modules/@s/x/lib/__tests__/a.js", "app/node_modules/x/a.spec.ts",
        "usr/lib/python3/site-packages/numpy/core/tests/test_x.py", "usr/lib/python3.11/test/support.py",
    ],
    Leftover.DOCS: [
        "usr/share/doc/libc6/changelog.gz", "usr/share/man/man1/ls.1.gz", "app/node_modules/x/README.md",
        "app/node_modules/x/docs/a.html", "app/node_modules/x/CHANGELOG",
    ],
}  # fmt: skip
NEEDED = [
    "usr/share/doc/libc6/copyright", "app/node_modules/x/LICENSE", "app/node_modules/x/LICENSE.md", "usr/share/doc/x/NOTICE",
    "usr/bin/sh", "usr/bin/asset", "usr/bin/makeinfo2", "usr/bin/cargoship", "app/test/data.json", "app/README.md",
    "app/node_modules/history/index.js", "app/node_modules/test/index.js", "app/node_modules/docs/index.js",
    "app/node_modules/x/history.js", "app/node_modules/x/lib/readme.js", "usr/lib/python3/site-packages/numpy/testing/x.py",
    "usr/lib/python3/site-packages/django/test/client.py", "usr/lib/libz.so.1", "app/map.js", "app/data.map",
    "root/.cache/ms-playwright/chromium-1/chrome", "home/app/.cache/huggingface/hub/model.bin", "root/.gem/ruby/3.3.0/gems/x/x.rb",
    "var/cache", "tmp", "opt/go/pkg", "usr/lib/gcc/x86_64-linux-gnu/12/libgcc_s.so.1", "app/include.h.txt",
]  # fmt: skip


@pytest.mark.parametrize(("kind", "path"), [(kind, path) for kind, paths in KNOWN.items() for path in paths])
def test_leftovers_are_known_by_their_path(kind: Leftover, path: str) -> None:
    assert leftover(path) is kind


@pytest.mark.parametrize("path", NEEDED)
def test_what_may_be_needed_is_none(path: str) -> None:
    assert leftover(path) is None


@pytest.mark.parametrize(
    ("ecosystem", "name", "kind"),
    [
        (Ecosystem.DPKG, "gcc-12", Leftover.COMPILER),
        (Ecosystem.DPKG, "g++", Leftover.COMPILER),
        (Ecosystem.DPKG, "binutils-x86-64-linux-gnu", Leftover.COMPILER),
        (Ecosystem.APK, "build-base", Leftover.COMPILER),
        (Ecosystem.DPKG, "libssl-dev", Leftover.HEADERS),
        (Ecosystem.APK, "linux-headers", Leftover.HEADERS),
        (Ecosystem.DPKG, "gcc-12-base", None),
        (Ecosystem.DPKG, "libgcc-s1", None),
        (Ecosystem.DPKG, "makedev", None),
        (Ecosystem.NPM, "make", None),
        (Ecosystem.PIP, "cmake", None),
    ],
)
def test_packages_of_the_system_are_known_by_their_name(ecosystem: Ecosystem, name: str, kind: Leftover | None) -> None:
    assert leftover("usr/share/x/data", Installed(ecosystem, name, "1")) is kind
