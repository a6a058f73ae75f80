"""Completion of ``python -m sim`` in bash: ``eval "$(python -m sim -sc install=bash)"``.

Hydra completes ``python FILE`` only; what it offers for a line is used, its script is not.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from sim.base.errors import ConfigError

LINE = "COMP_LINE"  # where bash says what is typed
# What stands before the last of bash's word breaks (the equals sign) is typed already: only the
# rest is handed back.
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


def script(asked: Sequence[str]) -> str | None:
    """Return what bash is to evaluate; None if it asks what may be typed, which Hydra answers.

    Raises
    ------
    ConfigError
        If something else is asked.
    """
    if list(asked) == [QUERY]:
        os.environ[LINE] = re.sub(r"^\S+ +-m +sim\b", "sim", os.environ.get(LINE, "sim "))
        return None
    wanted = " ".join(asked)
    if wanted not in SCRIPTS:
        raise ConfigError(f"-sc {wanted}: allowed: {', '.join((*SCRIPTS, QUERY))}")
    return SCRIPTS[wanted]
