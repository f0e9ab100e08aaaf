"""Which package a path of an image is of."""

from __future__ import annotations

import json
from collections.abc import Mapping

from fakes.layered import surveys
from fakes.programs import elf, info
from stagemill.insight.contents import contents
from stagemill.insight.ownership import owners

STATUS = b"Package: libc6\nStatus: install ok installed\nVersion: 2.36\n\nPackage: gone\nStatus: deinstall ok config-files\nVersion: 1\n"
APK = b"C:Q1\nP:musl\nV:1.2.5\nF:lib\nR:libc.musl.so\nZ:Q1x\nF:etc\n\nP:zlib\nV:1.3\nF:usr/lib\nR:libz.so\n"
RECORD = (
    b'flask/__init__.py,sha256=x,1\n../../../bin/flask,sha256=y,2\n"flask/a,b.py",,\nFlask-3.0.dist-info/METADATA,,\n'
)


def of(*layers: Mapping[str, bytes], mode: int = 0o644) -> dict[str, str]:
    """Each path that is of a package, and which one that is."""
    found = surveys(*layers, mode=mode)
    whose = owners(contents([each.measure for each in found]), found)
    return {path: f"{each.ecosystem}:{each.name}@{each.version}" for path, each in whose.items()}


def test_dpkg_has_a_list_for_each_package_that_is_installed() -> None:
    found = of({
        "var/lib/dpkg/status": STATUS,
        "var/lib/dpkg/info/libc6:amd64.list": b"/.\n/usr\n/usr/lib/libc.so.6\n/lib/ld.so\n/not/there\n",
        "var/lib/dpkg/info/gone.list": b"/etc/gone\n",
        "usr/lib/libc.so.6": b"1", "usr/lib/ld.so": b"2", "etc/gone": b"3", "lib": b"->usr/lib",
    })  # fmt: skip

    assert found == {
        "usr/lib/libc.so.6": "dpkg:libc6@2.36",
        "usr/lib/ld.so": "dpkg:libc6@2.36",
        "var/lib/dpkg/info/libc6:amd64.list": "dpkg:libc6@2.36",
    }


def test_images_without_a_shell_have_a_status_and_sums_for_each_package() -> None:
    found = of({
        "var/lib/dpkg/status.d/tzdata": b"Package: tzdata\nVersion: 2024a\n",
        "var/lib/dpkg/status.d/tzdata.md5sums": b"0123456789abcdef  usr/share/zoneinfo/UTC\n",
        "usr/share/zoneinfo/UTC": b"1",
    })  # fmt: skip

    assert found["usr/share/zoneinfo/UTC"] == "dpkg:tzdata@2024a"


def test_apk_says_in_one_file_what_is_whose() -> None:
    found = of({"lib/apk/db/installed": APK, "lib/libc.musl.so": b"1", "usr/lib/libz.so": b"2", "etc/x": b"3"})

    assert found == {"lib/libc.musl.so": "apk:musl@1.2.5", "usr/lib/libz.so": "apk:zlib@1.3"}


def test_what_python_compiled_is_of_the_package_of_the_source() -> None:
    found = of({
        "var/lib/dpkg/status": STATUS,
        "var/lib/dpkg/info/libc6.list": b"/usr/lib/a/one.py\n",
        "usr/lib/a/one.py": b"1", "usr/lib/a/__pycache__/one.cpython-311.pyc": b"2",
        "usr/lib/a/__pycache__/one.cpython-311.opt-1.pyc": b"3", "usr/lib/a/__pycache__/two.cpython-311.pyc": b"4",
    })  # fmt: skip

    assert sorted(found) == [
        "usr/lib/a/__pycache__/one.cpython-311.opt-1.pyc", "usr/lib/a/__pycache__/one.cpython-311.pyc",
        "usr/lib/a/one.py", "var/lib/dpkg/info/libc6.list",
    ]  # fmt: skip


def test_pip_records_what_it_installed_also_outside_of_its_folder() -> None:
    site = "usr/lib/python3/site-packages"
    found = of({
        f"{site}/Flask-3.0.dist-info/METADATA": b"Name: Flask\nVersion: 3.0\n",
        f"{site}/Flask-3.0.dist-info/RECORD": RECORD,
        f"{site}/flask/__init__.py": b"1", f"{site}/flask/a,b.py": b"2", "usr/bin/flask": b"3", f"{site}/other.py": b"4",
    })  # fmt: skip

    assert found == {
        f"{site}/flask/__init__.py": "pip:Flask@3.0",
        f"{site}/flask/a,b.py": "pip:Flask@3.0",
        "usr/bin/flask": "pip:Flask@3.0",
        f"{site}/Flask-3.0.dist-info/METADATA": "pip:Flask@3.0",
    }


def test_a_record_that_is_none_says_nothing() -> None:
    found = of({"x.dist-info/METADATA": b"Name: x\nVersion: 1\n", "x.dist-info/RECORD": b'a\rb\0"\n'})

    assert found == {}


def test_a_file_is_of_the_innermost_package_of_npm() -> None:
    def manifest(name: str) -> bytes:
        return json.dumps({"name": name, "version": "1.0.0"}).encode()

    found = of({
        "app/node_modules/a/package.json": manifest("a"),
        "app/node_modules/a/lib/package.json": b"{}",
        "app/node_modules/a/lib/x.js": b"1",
        "app/node_modules/a/node_modules/@s/b/package.json": manifest("@s/b"),
        "app/node_modules/a/node_modules/@s/b/x.js": b"2",
        "app/node_modules/.package-lock.json": b"{}",
        "app/server.js": b"3",
    })  # fmt: skip

    assert found["app/node_modules/a/lib/x.js"] == "npm:a@1.0.0"
    assert found["app/node_modules/a/node_modules/@s/b/x.js"] == "npm:@s/b@1.0.0"
    assert "app/node_modules/.package-lock.json" not in found
    assert "app/server.js" not in found


def test_a_program_of_go_is_of_its_module() -> None:
    files = {"bin/app": elf(info()) + bytes(1 << 18), "bin/tool": elf(info(modules="")) + bytes(1 << 18)}

    assert of(files, mode=0o755) == {"bin/app": "go:example.org/app@", "bin/tool": "go:tool@1.22.1"}
    assert of(files) == {}  # they cannot be run
    assert of({"bin/app": elf(b"nothing") + bytes(1 << 18)}, mode=0o755) == {}


def test_what_a_later_layer_says_counts() -> None:
    found = of(
        {"lib/apk/db/installed": APK, "lib/libc.musl.so": b"1"},
        {"lib/apk/db/installed": APK.replace(b"1.2.5", b"1.2.6")},
    )

    assert found == {"lib/libc.musl.so": "apk:musl@1.2.6"}
