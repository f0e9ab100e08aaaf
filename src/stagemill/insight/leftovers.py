"""`Leftover`: what a path in a runtime is known to be that a program does not need to run: caches, headers, docs, tests, ….

Licences are never one of these: who passes software on passes its licence on. Sources: the Filesystem Hierarchy Standard;
apt-get(8), apk(8), and the documentation of npm, yarn, pip, go, cargo, Maven and Gradle for where they keep what they fetched.
"""

from __future__ import annotations

import re
from enum import StrEnum

from stagemill.insight.ownership import Ecosystem, Installed


class Leftover(StrEnum):
    """The values are what JSON and people read."""

    CACHE = "package manager's cache"
    TEMPORARY = "temporary file"
    COMPILER = "compiler or build tool"
    HEADERS = "header or static library"
    MAPS = "source map"
    TESTS = "tests of a dependency"
    DOCS = "documentation"


_HOME = r"(?:root|home/[^/]+)"
_PROGRAMS = r"ms-playwright(?:-go)?|puppeteer|pyppeteer|Cypress|selenium|rod|camoufox|huggingface|torch|whisper|nltk_data|chroma|tiktoken"
"""What keeps in ~/.cache what it cannot do without: browsers to drive, and models."""
_CACHE = re.compile(
    rf"var/cache/(?:apt|apk|dnf|yum|ldconfig|debconf)/.|var/lib/apt/lists/.|etc/apk/cache/|lib/apk/db/scripts\.tar\.old"
    rf"|{_HOME}/(?:\.cache(?!/(?:{_PROGRAMS})/)|\.npm|\.yarn/berry/cache|\.local/share/pnpm/store|\.m2/repository|\.gradle/caches)/."
    rf"|{_HOME}/(?:\.cargo/registry|\.cargo/git|\.composer/cache|\.nuget/packages|\.bundle/cache|\.gem/specs|go/pkg/mod)/."
    rf"|usr/local/share/\.cache/.|usr/local/cargo/(?:registry|git)/.|go/pkg/mod/."
)
_TEMPORARY = re.compile(r"(?:var/)?tmp/.")
_NODE = re.compile(r"(?:.*/)?node_modules/(?:@[^/]+/)?[^/]+/")
_LIBRARIES = re.compile(r"(?:.*/)?(?:(?:site|dist)-packages|gems/[^/]+)/")
_NODE_TESTS = re.compile(r"(?:.*/)?(?:tests?|__tests__)/.+|.*\.(?:test|spec)\.[cm]?[jt]sx?")
_TESTS = re.compile(r"(?:.*/)?tests/.+")
_STANDARD_TESTS = re.compile(r"usr/(?:local/)?lib/python3[^/]*/(?:test|[^/]+/tests?|idlelib/idle_test)/.")
_DOCS = re.compile(r"usr/(?:local/)?share/(?:doc|man|info|gtk-doc)/.")
_PACKAGE_DOCS = re.compile(
    r"(?:.*/)?(?:docs?|examples?)/.+|(?:.*/)?(?:readme|changelog|changes|history)[^/]*|.*\.(?:md|markdown)",
    re.IGNORECASE,
)
_CODE = (".js", ".cjs", ".mjs", ".json", ".node", ".py", ".rb", ".so")
_LICENSE = re.compile(r"(?:.*/)?(?:copyright|(?:[^/]*[-.])?(?:licen[cs]e|copying|notice)[^/]*)", re.IGNORECASE)
_HEADERS = re.compile(
    r"(?:.*/)?include/.*\.(?:h|hh|hpp|hxx|ipp|inl|tcc)|usr/(?:local/)?include/.|.*\.(?:a|la|o)|(?:.*/)?pkgconfig/[^/]+\.pc"
)
_MAPS = re.compile(r".*\.(?:[cm]?js|css|[cm]?ts)\.map")
_TOOL = (
    r"(?:[\w]+(?:-[\w]+)*-)?(?:gcc|g\+\+|cpp|c\+\+|cc|gfortran|clang|clang\+\+|ld|ld\.(?:bfd|gold|lld)|as|ar|ranlib|nm|objdump|strip)(?:-[\d.]+)?"
    r"|make|gmake|cmake|ninja|meson|autoconf|automake|libtool|bison|flex|rustc|cargo|javac|node-gyp|gofmt"
)
_COMPILER = re.compile(
    rf"(?:usr/(?:local/)?)?bin/(?:{_TOOL})|usr/(?:local/)?(?:lib|libexec)/gcc/.*/(?:cc1(?:plus|obj)?|lto1|collect2|lto-wrapper|f951)"
    rf"|usr/(?:local/|lib/)?go/.+|{_HOME}/\.rustup/.+|usr/local/rustup/.+|usr/lib/llvm[^/]*/bin/.+"
    rf"|usr/lib/jvm/[^/]+/(?:jmods/.+|bin/(?:javac|jlink|jmod|jar|javadoc|jdeps|jdb))"
)
_COMPILER_PACKAGE = re.compile(
    r"(?:gcc|g\+\+|cpp|gfortran|clang|llvm)(?:-[\d.]+)?(?:-[\w-]+-linux-gnu)?|binutils(?:-[\w-]+-linux-gnu|-common)?|build-(?:base|essential)"
    r"|make|cmake(?:-data)?|ninja(?:-build)?|meson|autoconf|automake|libtool|bison|flex|rustc|cargo|golang(?:-.*)?|go|dpkg-dev|fakeroot"
)
_HEADER_PACKAGE = re.compile(r".+-dev(?:-bin)?|linux-headers|linux-libc-dev(?:-.*)?|.+-static")
_SYSTEM = {Ecosystem.DPKG, Ecosystem.APK}


def is_license(path: str) -> bool:
    """Whether a path is that of a licence, by its name."""
    return _LICENSE.fullmatch(path) is not None


def leftover(path: str, owner: Installed | None = None) -> Leftover | None:
    """What the path is that nothing needs; None for all that may be needed, as far as its name tells."""
    if is_license(path):
        return None
    if _CACHE.match(path):
        return Leftover.CACHE
    if _TEMPORARY.match(path):
        return Leftover.TEMPORARY
    if _DOCS.match(path):
        return Leftover.DOCS
    system = owner.name if owner and owner.ecosystem in _SYSTEM else ""
    if _COMPILER.fullmatch(path) or _COMPILER_PACKAGE.fullmatch(system):
        return Leftover.COMPILER
    if _HEADERS.fullmatch(path) or _HEADER_PACKAGE.fullmatch(system):
        return Leftover.HEADERS
    if _MAPS.fullmatch(path):
        return Leftover.MAPS
    return _of_dependency(path)


def _of_dependency(path: str) -> Leftover | None:
    """What packages of npm, Python and Ruby bring along."""
    if _STANDARD_TESTS.match(path):
        return Leftover.TESTS
    above = _NODE.match(path) or _LIBRARIES.match(path)
    if above is None:
        return None
    inner = path[above.end() :]
    if (_NODE_TESTS if above.re is _NODE else _TESTS).fullmatch(inner):
        return Leftover.TESTS
    return Leftover.DOCS if _PACKAGE_DOCS.fullmatch(inner) and not inner.endswith(_CODE) else None
