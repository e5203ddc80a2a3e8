"""The learning curve as a picture."""

from __future__ import annotations

from DSCBrainSegLib.display import new_figure, to_png


def draw_learning_curve(history: list[dict], best_epoch: int) -> bytes:
    """Draw loss, Dice and learning rate over the epochs.

    Parameters
    ----------
    history : list of dict
        Rows with ``epoch``, ``loss``, ``val_loss``, ``brain_dice``, ``val_brain_dice`` and
        ``learning_rate``.
    best_epoch : int
        Marked; counted from 1.

    Returns
    -------
    bytes
        A PNG file.
    """
    from matplotlib.ticker import MaxNLocator

    epochs = [row["epoch"] for row in history]
    figure = new_figure((12, 4), dpi=110)
    losses, dices, rates = figure.subplots(1, 3)
    for panel, name, title in ((losses, "loss", "Loss"), (dices, "brain_dice", "Dice")):
        marker = "." if len(history) < 30 else ""
        panel.plot(epochs, [row[name] for row in history], label="training", marker=marker)
        panel.plot(
            epochs, [row[f"val_{name}"] for row in history], label="validation", marker=marker
        )
        panel.axvline(best_epoch, color="grey", linewidth=0.8, linestyle=":", label="best epoch")
        panel.set_title(title)
        panel.legend(fontsize=8)
    losses.set_yscale("log")
    low = min(row["val_brain_dice"] for row in history[len(history) // 10 :])
    dices.set_ylim(max(0.0, low - 0.02), 1.0)
    rates.step(epochs, [row["learning_rate"] for row in history], where="mid")
    rates.set(yscale="log", title="Learning rate")
    for panel in (losses, dices, rates):
        panel.set_xlabel("Epoch")
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
    return to_png(figure)
