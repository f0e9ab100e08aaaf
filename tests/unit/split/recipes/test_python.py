"""Projects of Python."""

from __future__ import annotations

import pytest

from fakes.splitting import builder, drafted, refusal, runtime

FILES = {"requirements.txt": "", "app.py": "", "tests/test_app.py": ""}
PIP = "FROM python:3.12\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\nCMD python app.py\n"


def test_packages_go_into_one_directory_and_that_into_the_runtime() -> None:
    assert builder(PIP, FILES)[-3:] == [
        "RUN python -m venv /opt/venv",
        "ENV VIRTUAL_ENV=/opt/venv PATH=/opt/venv/bin:$PATH",
        "RUN pip install -r requirements.txt",
    ]
    assert runtime(PIP, FILES) == [
        "FROM python:3.12-slim AS runtime",
        "ENV PATH=/opt/venv/bin:$PATH",
        "WORKDIR /app",
        "COPY --from=builder /opt/venv /opt/venv",
        "COPY --from=builder /app/app.py ./",
        "CMD python app.py",
    ]


def test_pip_itself_is_not_what_is_installed() -> None:
    text = PIP.replace("RUN pip", "RUN pip install -U pip\nRUN pip")

    assert builder(text, FILES)[-4:-2] == ["RUN pip install -U pip", "RUN python -m venv /opt/venv"]


def test_a_system_s_python_makes_one_without_pip() -> None:
    text = "FROM debian\nRUN apt-get install -y python3 python3-pip gcc\nRUN pip install x\nCMD python3 a.py\n"

    assert builder(text)[-3] == "RUN python3 -m venv --without-pip /opt/venv"
    assert builder(text.replace("pip gcc", "pip python3-venv"))[-3] == "RUN python3 -m venv /opt/venv"
    assert " python3 \\" in "\n".join(runtime(text))
    assert refusal(text.replace("pip install", "python3 -m pip install"))[1].startswith("install python3-venv too")


def test_uv_has_made_an_environment_already() -> None:
    text = 'FROM ghcr.io/astral-sh/uv:python3.12-bookworm-slim\nWORKDIR /app\nCOPY . .\nRUN uv sync\nCMD ["uv", "run", "app.py"]\n'

    assert drafted(text, FILES).tool == "uv"
    assert runtime(text, FILES)[:2] == ["FROM python:3.12-slim-bookworm AS runtime", "ENV PATH=/app/.venv/bin:$PATH"]
    assert "COPY --from=builder /app/.venv ./.venv" in runtime(text, FILES)
    assert runtime(text, FILES)[-1] == 'CMD ["app.py"]'


def test_poetry_installs_where_it_is_told_to() -> None:
    text = 'FROM python:3.12\nRUN pip install poetry\nRUN poetry install\nCMD ["poetry", "run", "serve"]\n'

    assert drafted(text).tool == "poetry"
    assert builder(text)[1:3] == ["RUN pip install poetry", "RUN python -m venv /opt/venv"]
    assert runtime(text)[-1] == 'CMD ["serve"]'


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("CMD python", "CMD /usr/local/bin/python", "is not the python that has the packages"),
        ("pip install", "pip install --target=/x", "`--target` says where packages go"),
        ("pip install", "pip install --user", "`--user` says where packages go"),
    ],
)
def test_packages_that_would_not_be_found_are_refused(old: str, new: str, message: str) -> None:
    assert message in refusal(PIP.replace(old, new), FILES)[0]


def test_libraries_are_for_the_build_to_show() -> None:
    text = PIP.replace("RUN pip", "RUN apt-get install -y libpq-dev ffmpeg\nRUN pip")

    assert drafted(text, FILES).packages == ("ffmpeg",)
    assert drafted(text, FILES).assumed == ("which shared libraries the packages need, and what brings them",)


def test_a_program_of_the_packages_tells_the_kind() -> None:
    assert drafted(PIP.replace("python app.py", "mkdocs serve"), FILES).kind == "python"


def test_python_2_is_refused() -> None:
    assert "Python 2 makes no virtual environments" in refusal(PIP.replace("3.12", "2.7"), FILES)[0]


@pytest.mark.parametrize(
    ("make", "copy"),
    [
        ("python -m venv $ENVIRONMENT", "COPY --from=builder /opt/own /opt/own"),
        ("virtualenv /srv/own", "COPY --from=builder /srv/own /srv/own"),
        ("python3 -m venv .venv", "COPY --from=builder /app/.venv ./.venv"),
    ],
)
def test_an_environment_that_the_file_makes_itself_is_taken(make: str, copy: str) -> None:
    text = PIP.replace("RUN pip", f"ENV ENVIRONMENT=/opt/own\nRUN {make}\nENV PATH=/opt/own/bin:$PATH\nRUN pip")

    assert copy in runtime(text, FILES)
    assert not any("/opt/venv" in line for line in builder(text, FILES) + runtime(text, FILES))
    assert runtime(text, FILES)[1:3] == ["ENV ENVIRONMENT=/opt/own", "ENV PATH=/opt/own/bin:$PATH"]


def test_an_environment_whose_place_is_not_known_is_refused() -> None:
    text = PIP.replace("RUN pip", "RUN python -m venv $PLACE\nRUN pip")

    assert "where the virtual environment is, is not known" in refusal(text, FILES)[0]
