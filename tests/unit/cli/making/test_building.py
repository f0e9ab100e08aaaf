"""A build's command line, checked."""

from __future__ import annotations

import pytest

from stagemill.cli.frame.command import Command
from stagemill.cli.frame.values import Values
from stagemill.cli.given.options import add_build_options
from stagemill.cli.given.platforms import WantedPlatforms
from stagemill.cli.making.building import BuildFlags
from stagemill.cli.results.targets import Target
from stagemill.context.named import NamedContexts
from stagemill.oci.platform import Platform


def given(*arguments: str, **environment: str) -> BuildFlags:
    context = add_build_options(Command("any")).make_context("any", [*arguments, "."])
    return BuildFlags.of(Values(context.params), environment)


class TestFlags:
    def test_without_any_the_whole_file_is_built_for_this_machine(self) -> None:
        assert given() == BuildFlags(
            context=".",
            file=None,
            targets=(Target(),),
            also=(),
            all_stages=False,
            build_args={},
            labels={},
            extra_hosts=(),
            network="default",
            platforms=WantedPlatforms((Platform.local(),), implicit=True),
            no_cache=False,
            no_cache_filter=(),
            rerun=(),
            pull=False,
            host_ca=None,
            progress="auto",
            secrets={},
            ssh={},
            allow=frozenset(),
            contexts=NamedContexts(),
        )

    def test_each_becomes_what_it_means(self) -> None:
        found = given(
            "--target", "b", "--build-arg", "A=1", "--build-arg", "TOKEN", "--add-host", "DB:192.0.2.1",
            "--no-cache-filter", "A,b", "--host-ca", "--progress", "rawjson", "--network", "none", TOKEN="secret",
        )  # fmt: skip

        assert (found.targets, found.build_args) == ((Target("b"),), {"A": "1", "TOKEN": "secret"})
        assert (found.extra_hosts, found.network) == (("192.0.2.1\tdb",), "none")
        assert (found.no_cache_filter, found.host_ca, found.progress) == (("a", "b"), "auto", "rawjson")

    def test_what_is_confided_is_kept_out_of_what_can_be_printed(self) -> None:
        found = given("--secret", "id=t,env=TOKEN", "--allow", "security.insecure", TOKEN="hidden words")

        assert (found.secrets, found.allow) == ({"t": b"hidden words"}, frozenset({"security.insecure"}))
        assert "hidden words" not in repr(found)

    def test_the_environment_has_defaults(self) -> None:
        found = given(BUILDKIT_PROGRESS="plain", DOCKER_DEFAULT_PLATFORM=str(Platform.local()))

        assert (found.progress, found.platforms.all) == ("plain", (Platform.local(),))

    def test_the_command_line_wins_over_the_environment(self) -> None:
        assert given("--progress", "quiet", BUILDKIT_PROGRESS="plain").progress == "quiet"

    @pytest.mark.parametrize(
        ("arguments", "expected"),
        [
            ((), {"SOURCE_DATE_EPOCH": "5"}),
            (("--build-arg", "SOURCE_DATE_EPOCH=7"), {"SOURCE_DATE_EPOCH": "7"}),
            (("--build-arg", "SOURCE_DATE_EPOCH="), {"SOURCE_DATE_EPOCH": ""}),
        ],
    )
    def test_the_date_of_the_environment_is_a_build_argument_unless_there_is_one(
        self, arguments: tuple[str, ...], expected: dict[str, str]
    ) -> None:
        assert given(*arguments, SOURCE_DATE_EPOCH="5").build_args == expected
