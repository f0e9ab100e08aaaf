"""`stagemill run`: its statuses and what is told before anything is done. The processes themselves are in integration."""

from __future__ import annotations

import click
import pytest

from stagemill.cli.container.refusals import REFUSED
from stagemill.cli.docker.compat import RUN
from stagemill.cli.main import run
from stagemill.cli.run import command


class TestUsage:
    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (("-it",), "error: -it needs a terminal, and standard input is none\nhint: leave out -t, or -i"),
            (("-v", "nonsense"), "error: invalid --volume 'nonsense': it is no SOURCE:TARGET\n"),
            (("-v", "cache:/root/.cache"), "hint: stagemill keeps no volumes by name: make a directory, mkdir cache,"),
            (("-e", "=x"), "error: invalid --env '=x': it has no name\n"),
            (("--env-file", "/none"), "error: cannot read --env-file /none: no such file or directory\n"),
            (("--mount", "type=volume,target=/x"), "stagemill keeps no volumes\n"),
            (("--tmpfs", "x"), "error: invalid --tmpfs 'x'"),
            (("--device", "/etc/passwd"), "error: invalid --device '/etc/passwd': /etc/passwd is no device\n"),
            (("--network", "web"), "error: --network web is not supported: "),
            (("-p", "8080:80"), "error: cannot publish port 80 as 8080: "),
            (("--cpus", "none"), "error: invalid --cpus 'none'\n"),
            (("--pids-limit", "few"), "error: invalid --pids-limit 'few'\n"),
            (("-m", "much"), "error: invalid memory 'much': it is no size\n"),
            (("--ulimit", "nofiles=1"), "hint: did you mean nofile?"),
            (("--cap-add", "NET_ADMN"), "hint: did you mean NET_ADMIN?"),
            (("--dns", "here"), "error: invalid --dns 'here': it is no IP address\n"),
            (("--add-host", "db"), "error: invalid --add-host 'db'"),
            (("--security-opt", "seccomp=/x.json"), "error: --security-opt seccomp=/x.json is not supported\n"),
            (("--platform", "a/b/c/d"), "error: invalid --platform"),
            (("--pull", "sometimes"), "'sometimes' is not one of 'always', 'missing', 'never'"),
            (("--no-such-flag",), "error: stagemill run has no flag --no-such-flag\n"),
        ],
    )
    def test_what_is_wrong_is_told_with_dockers_status(
        self, arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str], folder: object
    ) -> None:
        assert run(["run", *arguments, "app"]) == 125
        assert message in capsys.readouterr().err

    def test_without_an_image_too(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["run"]) == 125
        assert (
            "error: IMAGE is missing\nhint: stagemill run [OPTIONS] IMAGE [COMMAND…]; for example: stagemill run app\n"
            in capsys.readouterr().err
        )

    def test_an_image_that_nobody_has(self, capsys: pytest.CaptureFixture[str], folder: object) -> None:
        assert run(["run", "--pull", "never", "app"]) == 125
        assert capsys.readouterr().err.startswith("error: there is no image app in the store\n")

    def test_h_is_the_host_name_and_help_is_help(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["run", "--help"]) == 0
        assert "-h, --hostname NAME" in capsys.readouterr().out


@pytest.mark.parametrize("flag", [flag for refusal in REFUSED for flag in refusal.flags])
def test_each_flag_that_there_is_not_says_why(flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    refusal = next(refusal for refusal in REFUSED if flag in refusal.flags)
    given = [f"{flag}=false"] if refusal.default_on else [flag] if refusal.switch else [flag, "x"]

    assert run(["run", *given, "app"]) == 125

    value = "=false" if refusal.default_on else "" if refusal.switch else " x"
    said = capsys.readouterr().err
    assert said == f"error: {refusal.flags[-1]}{value} is not supported: {refusal.why}\nhint: {refusal.hint}\n"


def test_every_flag_of_docker_run_is_known() -> None:
    known = {name for param in command.params if isinstance(param, click.Option) for name in param.opts}

    assert set(DOCKER_RUN.split()) - known == {"--help"}
    assert known & {name for flag in RUN.valued for name in flag.split()}


# `docker run --help` of docker 28.2.2, and the longer names that it does not show.
DOCKER_RUN = """
--add-host --annotation -a --attach --blkio-weight --blkio-weight-device --cap-add --cap-drop --cgroup-parent --cgroupns
--cidfile --cpu-count --cpu-percent --cpu-period --cpu-quota --cpu-rt-period --cpu-rt-runtime -c --cpu-shares --cpus
--cpuset-cpus --cpuset-mems -d --detach --detach-keys --device --device-cgroup-rule --device-read-bps --device-read-iops
--device-write-bps --device-write-iops --disable-content-trust --dns --dns-option --dns-opt --dns-search --domainname
--entrypoint -e --env --env-file --expose --gpus --group-add --health-cmd --health-interval --health-retries
--health-start-interval --health-start-period --health-timeout --help -h --hostname --init -i --interactive
--io-maxbandwidth --io-maxiops --ip --ip6 --ipc --isolation --kernel-memory -l --label --label-file --link
--link-local-ip --log-driver --log-opt --mac-address -m --memory --memory-reservation --memory-swap --memory-swappiness
--mount --name --net --net-alias --network --network-alias --no-healthcheck --oom-kill-disable --oom-score-adj --pid
--pids-limit --platform --privileged -p --publish -P --publish-all --pull -q --quiet --read-only --restart --rm
--runtime --security-opt --shm-size --sig-proxy --stop-signal --stop-timeout --storage-opt --sysctl --tmpfs -t --tty
--ulimit --use-api-socket -u --user --userns --uts -v --volume --volume-driver --volumes-from -w --workdir
"""
