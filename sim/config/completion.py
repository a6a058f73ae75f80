"""Completion of ``python -m sim`` in bash: ``eval "$(python -m sim -sc install=bash)"``.

Hydra's own script completes only ``python FILE``; its completions are used, not its script.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from sim.base.errors import ConfigError

LINE = "COMP_LINE"  # in which bash passes the line typed so far
# Bash breaks words at equals signs; what precedes the last break is typed already, so only the
# rest is returned.
SCRIPT = r"""_messenger_migration_sim() {
    local line="${COMP_LINE:0:COMP_POINT}"
    [[ "$line" == "$1 -m sim "* ]] || return
    local word="${line##* }"
    local typed="${word%"$2"}"
    local offered="$(COMP_LINE="$line" "$1" -m sim -sc query=bash 2>/dev/null)"
    COMPREPLY=($(compgen -W "$offered" -- "$word"))
    COMPREPLY=("${COMPREPLY[@]#"$typed"}")
}
complete -o nospace -o default -F _messenger_migration_sim python python3
"""
REMOVAL = "complete -r python python3; unset -f _messenger_migration_sim\n"
SCRIPTS = {"install=bash": SCRIPT, "uninstall=bash": REMOVAL}
QUERY = "query=bash"


def script(request: Sequence[str]) -> str | None:
    """Return the script for bash to evaluate; None for a query, which Hydra answers.

    Raises
    ------
    ConfigError
        If the request is unknown.
    """
    if list(request) == [QUERY]:
        os.environ[LINE] = re.sub(r"^\S+ +-m +sim\b", "sim", os.environ.get(LINE, "sim "))
        return None
    wanted = " ".join(request)
    if wanted not in SCRIPTS:
        raise ConfigError(f"-sc {wanted}: allowed: {', '.join((*SCRIPTS, QUERY))}")
    return SCRIPTS[wanted]
