"""The words of a training's events: tags, settings, the composition drawn."""

from __future__ import annotations

from bstkit.compose import Composed
from bstkit.config.setting_words import setting_words
from bstkit.drawing import draw, tree


def validation_tag(name: str) -> str:
    """`val_auc` as `validation/auc`, `val_ctr_log_loss` as `validation/ctr/log_loss`."""
    name = name.removeprefix("val_")
    metric = next((one for one in ("log_loss", "gauc", "auc") if name.endswith(one)), name)
    task = name.removesuffix(metric).removesuffix("_")
    return "/".join(("validation", *([task] if task else []), metric))


def settings_text(composed: Composed) -> str:
    """`[train]` as a table of Markdown."""
    selection = composed.selection
    rows = {"recipe": selection.recipe, **selection.train.model_dump(mode="json")}
    lines = [f"| {name} | {setting_words(value).replace('|', ' ')} |" for name, value in rows.items()]
    return "\n".join(["| setting | value |", "| --- | --- |", *lines])


def drawing_text(composed: Composed) -> str:
    """The composition as `bstkit show` draws it, as a block of Markdown."""
    lines = draw(composed)
    names = list(tree(lines))
    width = max(map(len, names))
    drawn = [
        "  ".join((name.ljust(width), line.makes, "" if line.parameters is None else f"{line.parameters:,}")).rstrip()
        for name, line in zip(names, lines, strict=True)
    ]
    return "\n".join(["```", *drawn, "```"])
