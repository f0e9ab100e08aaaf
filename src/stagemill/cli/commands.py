"""The commands by name; the module of a command is loaded when it is called, so that starting stays cheap."""

from __future__ import annotations

import importlib
import os

import click

from stagemill import __version__
from stagemill.cli.docker.absent import absent
from stagemill.cli.docker.refused import Refusal, refusing
from stagemill.cli.frame.command import Helping, Option, examples, option

_COMMANDS = {
    "attestations": ("stagemill.cli.attestations", "List what is said of an image, or print a statement of it."),
    "build": ("stagemill.cli.build", "Build an image from a Dockerfile."),
    "builds": ("stagemill.cli.builds", "List the builds of this store: times, cached steps, results."),
    "cache": ("stagemill.cli.cache", "Look after the directories of RUN --mount=type=cache."),
    "completion": ("stagemill.cli.completion", "Print what a shell needs to complete command lines."),
    "copy": ("stagemill.cli.copy", "Copy an image from one place to another."),
    "delete": ("stagemill.cli.delete", "Delete an image from its registry."),
    "diff": ("stagemill.cli.diff", "Show what differs between images, stages or builds."),
    "du": ("stagemill.cli.du", "Show what the store takes on the disk, and what for."),
    "graph": ("stagemill.cli.graph", "Draw the stages and steps of a build, and what waits for what."),
    "history": ("stagemill.cli.history", "Show the instructions that made an image, with their sizes."),
    "images": ("stagemill.cli.images", "List the images in the local store."),
    "index": ("stagemill.cli.index", "Make, change and show indexes of images."),
    "info": ("stagemill.cli.info", "Show where the store is, and what this machine has."),
    "init": ("stagemill.cli.init", "Write a Dockerfile and an ignore file for a project."),
    "inspect": ("stagemill.cli.inspect", "Show an image's config as JSON, or as a template says."),
    "lint": ("stagemill.cli.lint", "Find mistakes in a Dockerfile, explain and mend them."),
    "load": ("stagemill.cli.load", "Take images from an archive into the local store."),
    "lock": ("stagemill.cli.lock", "Write down what the names in a Dockerfile stand for now."),
    "log": ("stagemill.cli.log", "Print what a step of a build wrote, also one that was cached."),
    "login": ("stagemill.cli.login", "Log in to a registry, and keep that for later."),
    "logout": ("stagemill.cli.logout", "Forget the login to a registry."),
    "lsp": ("stagemill.cli.lsp", "Tell an editor what lint finds, and what stages are."),
    "plan": ("stagemill.cli.plan", "Show what a build would do, and run nothing."),
    "prune": ("stagemill.cli.prune", "Remove from the cache what is not wanted any more."),
    "pull": ("stagemill.cli.pull", "Fetch an image from a registry into the local store."),
    "push": ("stagemill.cli.push", "Send an image of the local store to a registry."),
    "report": ("stagemill.cli.report", "Write a build as one page: times, causes, sizes, outputs."),
    "rmi": ("stagemill.cli.rmi", "Remove images, by name or by id."),
    "run": ("stagemill.cli.run", "Run a command in an image and throw its changes away."),
    "save": ("stagemill.cli.save", "Write images to an archive that docker and podman load."),
    "shell": ("stagemill.cli.shell", "Open a shell in the tree of a stage."),
    "size": ("stagemill.cli.size", "Show what an image weighs, and what of it is waste."),
    "split": ("stagemill.cli.split", "Make a Dockerfile of one stage into one of two, proven."),
    "store": ("stagemill.cli.store", "Look after the local store."),
    "tag": ("stagemill.cli.tag", "Give an image another name."),
    "tags": ("stagemill.cli.tags", "List the tags of a repository in its registry."),
    "verify": ("stagemill.cli.verify", "Build twice and show every byte that differs, with its cause."),
    "version": ("stagemill.cli.version", "Show the versions of stagemill and of what it runs on."),
    "why": ("stagemill.cli.why", "Show why the steps of a build ran, and were not cached."),
}
_HIDDEN = {
    "buildx imagetools": "stagemill.cli.imagetools",
    "manifest": "stagemill.cli.manifest",
    "ps": "stagemill.cli.ps",
}

# What docker calls our commands, for `alias docker=stagemill`; not listed, since each is one that is.
_GROUPS = {
    "builder": {"build": "build", "prune": "prune"},
    "buildx": {"build": "build", "du": "du", "imagetools": "buildx imagetools", "prune": "prune", "version": "version"},
    "container": {"list": "ps", "ls": "ps", "ps": "ps", "run": "run"},
    "image": {
        "build": "build", "history": "history", "inspect": "inspect", "list": "images", "load": "load", "ls": "images",
        "pull": "pull", "push": "push", "remove": "rmi", "rm": "rmi", "save": "save", "tag": "tag",
    },
    "system": {"df": "du", "info": "info", "prune": "prune"},
}  # fmt: skip

_NO_DAEMON = "there is no daemon to connect to"
_REFUSED = (
    Refusal(("-H", "--host"), _NO_DAEMON, "leave it out; DOCKER_HOST is not looked at"),
    Refusal(("-c", "--context"), _NO_DAEMON, "leave it out", harmless=frozenset({"", "default"})),
    Refusal(("-D", "--debug"), "each command says what it can tell", "stagemill build --debug", switch=True),
    Refusal(("-l", "--log-level"), "each command says what it can tell", "leave it out", harmless=frozenset({"info"})),
    Refusal(("--tls",), _NO_DAEMON, "leave it out", switch=True),
    Refusal(("--tlsverify",), _NO_DAEMON, "leave it out", switch=True),
    Refusal(("--tlscacert",), _NO_DAEMON, "leave it out"),
    Refusal(("--tlscert",), _NO_DAEMON, "leave it out"),
    Refusal(("--tlskey",), _NO_DAEMON, "leave it out"),
)

_EXAMPLES = examples(
    {
        "stagemill build -t hello .": "build the Dockerfile of this directory, and name the image",
        "stagemill run hello": "run it",
        "stagemill size .": "see what each stage weighs",
        "stagemill build --help": "all that a command can do",
    }
)


class DockerGroup(click.Group):
    """A group of docker's, whose commands are ours by other names."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return sorted(_GROUPS[self.name or ""])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        name = _GROUPS[self.name or ""].get(cmd_name)
        return program.get_command(ctx, name) if name else absent(f"{self.name} {cmd_name}")

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from stagemill.errors import UsageError

            hint = f"there is {', '.join(self.list_commands(ctx))}"
            raise UsageError(f"there is no command {self.name} {args[0]}", hint=hint) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, f"stagemill {_GROUPS[self.name or ''][name]}") for name in self.list_commands(ctx)]
            )


class LazyGroup(Helping, click.Group):
    """Loads a command's module when the command is called; help needs none of them."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in _GROUPS:
            return DockerGroup(
                cmd_name, help=f"The commands of docker {cmd_name} that stagemill has, by their names there."
            )
        module = _HIDDEN.get(cmd_name) or _COMMANDS.get(cmd_name, ("",))[0]
        if not module:
            return absent(cmd_name)
        command = importlib.import_module(module).command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            import difflib

            from stagemill.errors import UsageError

            near = difflib.get_close_matches(args[0], _COMMANDS, n=1)
            hint = f"did you mean {near[0]}?" if near else "stagemill --help lists the commands"
            raise UsageError(f"there is no command {args[0]}", hint=hint) from error

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in sorted(_COMMANDS.items())])


@refusing(_REFUSED)
@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=_EXAMPLES,
)
@click.version_option(__version__, "-V", "-v", "--version", cls=Option, message="%(prog)s %(version)s")
@option("--config", metavar="DIRECTORY", help="Where logins of registries are: its config.json. [~/.docker]")
def program(config: str | None) -> None:
    """Build multi-stage container images from Dockerfiles: no daemon, no root needed."""
    if config:
        os.environ["DOCKER_CONFIG"] = config
