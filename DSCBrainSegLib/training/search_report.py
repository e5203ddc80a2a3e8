"""The result of a grid search as a table and a picture."""

from __future__ import annotations

import csv
from pathlib import Path

from DSCBrainSegLib.display import new_figure, to_png
from DSCBrainSegLib.training.grid_search import Trial

FIGURES = ("parameters", "validation_loss", "validation_dice", "best_epoch", "epochs", "seconds")


def write_search(trials: list[Trial], folder: Path) -> None:
    """Write ``grid.md``, ``grid.csv`` and ``grid.png`` into a folder that exists.

    Parameters
    ----------
    trials : list of Trial
        At least one, best first.
    folder : Path
    """
    (folder / "grid.md").write_text(make_table(trials), encoding="utf-8")
    with (folder / "grid.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*trials[0].values, *FIGURES, "problem"])
        for trial in trials:
            figures = [getattr(trial, name) for name in FIGURES]
            writer.writerow([*map(_words, trial.values.values()), *figures, trial.problem])
    (folder / "grid.png").write_bytes(draw_search(trials))


def make_table(trials: list[Trial]) -> str:
    """Return the trials as a Markdown table."""
    axes = list(trials[0].values)
    heads = [*axes, "parameters", "validation loss", "Dice", "best epoch", "s"]
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for trial in trials:
        cells = [_words(trial.values[axis]) for axis in axes]
        if trial.problem:
            cells += ["left out: " + trial.problem, "", "", "", ""]
        else:
            cells += [
                f"{trial.parameters:,}",
                f"{trial.validation_loss:.4f}",
                f"{trial.validation_dice:.4f}",
                f"{trial.best_epoch} of {trial.epochs}",
                f"{trial.seconds:.0f}",
            ]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def draw_search(trials: list[Trial]) -> bytes:
    """Draw the validation loss over each axis, one point for each trial; returns a PNG file."""
    good = [trial for trial in trials if not trial.problem]
    axes = list(trials[0].values)
    figure = new_figure((3.2 * len(axes) + 0.6, 3.6), dpi=110)
    panels = figure.subplots(1, len(axes), sharey=True, squeeze=False)[0]
    for panel, axis in zip(panels, axes, strict=True):
        values = list(dict.fromkeys(_words(trial.values[axis]) for trial in trials))
        values.sort(key=_order)
        for trial in good:
            place = values.index(_words(trial.values[axis]))
            best = trial is good[0]
            panel.plot(
                place,
                trial.validation_loss,
                marker="*" if best else "o",
                markersize=12 if best else 5,
                color="tab:red" if best else "tab:blue",
                alpha=1.0 if best else 0.6,
            )
        panel.set_xticks(range(len(values)), values, rotation=20, ha="right", fontsize=8)
        panel.set_xlim(-0.5, len(values) - 0.5)
        panel.set_title(axis, fontsize=10)
        panel.grid(axis="y", alpha=0.3)
    panels[0].set_ylabel("Validation loss (star: best)")
    return to_png(figure)


def _words(value) -> str:
    return "-".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _order(text: str) -> tuple:
    try:
        return (0, float(text), text)
    except ValueError:
        return (1, 0.0, text)
