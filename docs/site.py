"""What MkDocs cannot know (mkdocs.yml): pages made at the build, and links that lead out of docs/.

Pages are written for GitHub as well. There a link may lead to any file; here such a link is its
text alone, except that the README is the home page.
"""

import io
import os
import re
import runpy
import sys
import textwrap
import warnings
from contextlib import redirect_stdout
from functools import cache
from pathlib import Path

from mkdocs.structure.files import File

REPO = Path(__file__).resolve().parents[1]
LINK = re.compile(r"(?<!!)\[([^]]+)\]\(([^)#\s]+)(#[^)]*)?\)")
WIDTH = 100  # of a line that is left as it is
CUT = "== Values to set"  # in the help of python -m sim: below it stands the whole configuration


def on_files(files, config):
    """Add the pages that are made here."""
    made = {"index.md": home, "commands.md": commands, "policies_by_date.md": scenarios}
    for name, page in made.items():
        files.append(File.generated(config, name, content=page()))
    return files


def on_page_markdown(markdown, page, **_):
    """Leave links between pages, and replace those that lead out of docs/."""
    here = (REPO / "docs" / page.file.src_uri).parent

    def inward(match):
        text, target, anchor = match.groups()
        path = (here / target).resolve()
        if "://" in target or path.is_relative_to(REPO / "docs"):
            return match[0]
        if path == REPO / "README.md":
            return f"[{text}](index.md{anchor or ''})"
        return text

    return LINK.sub(inward, markdown)


def home():
    """Return the README with its links as seen from docs/."""
    text = (REPO / "README.md").read_text(encoding="utf-8")
    for outside in ("sim/", "notebooks/", "CITATION", "CONTRIBUTING"):
        text = text.replace(f"]({outside}", f"](../{outside}")
    return text.replace("](docs/", "](")


def scenarios():
    """Return every scenario with its description, counterfactuals and policies by date."""
    from sim.commands.scenarios import dated
    from sim.config.conf import names
    from sim.report.descriptions import description

    sections = [
        f"## {name}\n\n{description(name)}\n\n```text\n{dated(name)}\n```"
        for name in names("scenario")
    ]
    head = (
        "# Scenarios and their policies\n\nMade at the build from `conf/scenario` and "
        "`conf/policy`; the same as `python -m sim.scenarios NAME`. What each of them moves and "
        "costs stands in [scenarios.md](scenarios.md), every key of a policy in "
        "[parameters.md](parameters.md#policies)."
    )
    return "\n\n".join([head, *sections])


@cache
def commands():
    """Return what every command says of itself."""
    of_the_package = sorted(REPO.glob("sim/**/*.py"), key=lambda path: path.name != "__main__.py")
    modules = filter(is_command, [*of_the_package, *experiments()])
    called = [name_of(path) for path in modules]
    helps = map(help_of, called)
    head = (
        "# Every command\n\nMade at the build from what `--help` prints. What follows a command "
        "as `KEY=VALUE` is an override as of `python -m sim`; every key stands in "
        "[parameters.md](parameters.md)."
    )
    shown = (
        f"## {name}\n\n```text\n{text}\n```" for name, text in zip(called, helps, strict=True)
    )
    return "\n\n".join([head, *shown])


def experiments():
    """Return the files of experiments that may be commands."""
    return sorted([*REPO.glob("experiments/*.py"), *REPO.glob("experiments/*/__main__.py")])


def is_command(path):
    """Say whether a file is run by ``python -m``."""
    return '__name__ == "__main__"' in path.read_text(encoding="utf-8")


def name_of(path):
    """Return what ``python -m`` takes: no ``__main__``, and commands by their name in `sim`."""
    name = ".".join(path.relative_to(REPO).with_suffix("").parts)
    return name.removesuffix(".__main__").replace("sim.commands.", "sim.")


def help_of(name):
    """Return the help of a command, called in this process: to start one takes two seconds."""
    argv, env, status = sys.argv, dict(os.environ), None
    sys.argv = [name, "--help"]
    os.environ |= {"COLUMNS": "80", "NO_COLOR": "1"}
    try:
        with redirect_stdout(io.StringIO()) as out, warnings.catch_warnings():
            warnings.filterwarnings("ignore", ".*prior to execution")  # imported before
            runpy.run_module(name, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        status = end.code
    finally:
        sys.argv = argv
        os.environ.clear()
        os.environ.update(env)
    if status:
        raise RuntimeError(f"python -m {name} --help ended with {status}")
    return "\n".join(map(narrow, out.getvalue().partition(CUT)[0].strip().splitlines()))


def narrow(line):
    """Break a line that a terminal would break, as that of all policies."""
    return line if len(line) <= WIDTH else textwrap.fill(line, WIDTH, subsequent_indent="  ")
