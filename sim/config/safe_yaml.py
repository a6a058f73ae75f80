"""A parser of YAML from others: no tags, no objects, limits of depth and size."""

from __future__ import annotations

from typing import Any

import yaml

DEEPEST = 20  # levels of nesting; a configuration has six
MOST_NODES = 20_000  # keys and values of a file, aliases followed


class SafeComposer(yaml.SafeLoader):  # type: ignore[misc]
    """Parses YAML as OmegaConf does, without building objects; stops if it grows too large."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = self._n_nodes = 0
        self._sizes: dict[str, int] = {}  # keys and values below each anchor

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Compose the next node, unless it has a tag or exceeds a limit."""
        event, before = self.peek_event(), self._n_nodes
        if isinstance(event, yaml.AliasEvent):
            if event.anchor in self.anchors:  # no size yet: the alias is inside its own anchor
                self._n_nodes += self._sizes.get(event.anchor, MOST_NODES)
        elif event.tag is not None:
            raise self._refused(event, f"the tag {event.tag}; allowed: values without one")
        self._n_nodes += 1
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._refused(event, f"nested too deeply; allowed: up to {DEEPEST} levels")
        if self._n_nodes > MOST_NODES:
            raise self._refused(
                event, f"too much, aliases followed; allowed: up to {MOST_NODES} keys and values"
            )
        node = super().compose_node(parent, index)
        self._depth -= 1
        if event.anchor is not None and not isinstance(event, yaml.AliasEvent):
            self._sizes[event.anchor] = self._n_nodes - before
        return node

    @staticmethod
    def _refused(event: Any, problem: str) -> yaml.YAMLError:
        return yaml.composer.ComposerError(None, None, problem, event.start_mark)
