"""Grid search over the training protocol with KerasTuner."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from DSCBrainSegLib.cohort.layout import Cohort
from DSCBrainSegLib.errors import ConfigurationError, DSCBrainSegError, MissingPackageError
from DSCBrainSegLib.progress import (
    CancelCallback,
    ProgressCallback,
    check_cancelled,
    never_cancelled,
    no_progress,
)
from DSCBrainSegLib.training.protocol import train_on_cohort
from DSCBrainSegLib.training.search_space import SearchSpace

PROJECT = "tuner"
TRIALS = "trials"
SETTINGS_NAME = "search.json"


@dataclass(frozen=True)
class Trial:
    """One point of the grid.

    Parameters
    ----------
    values : dict
        Value of each axis.
    parameters : int
        Of the network; 0 for a point that cannot be built.
    validation_loss, validation_dice : float
        At the best epoch.
    best_epoch, epochs : int
    seconds : float
        Of all epochs.
    problem : str
        Why there are no figures; empty if there are.
    """

    values: dict
    parameters: int = 0
    validation_loss: float = float("nan")
    validation_dice: float = float("nan")
    best_epoch: int = 0
    epochs: int = 0
    seconds: float = 0.0
    problem: str = ""


def search_grid(
    cohort: Cohort,
    output: Path,
    space: SearchSpace,
    progress: ProgressCallback = no_progress,
    cancelled: CancelCallback = never_cancelled,
) -> list[Trial]:
    """Train every point of the grid by the protocol and rank by validation loss.

    Each point is a run of `train_on_cohort` in ``output/trials/``: a search that was killed goes on
    in the epoch it was in. Several processes share one search the way KerasTuner's distributed mode
    describes (docs/training.md).

    Parameters
    ----------
    cohort : Cohort
        Split, with ground truth.
    output : Path
    space : SearchSpace
    progress, cancelled : callable
        See `DSCBrainSegLib.progress`; steps are points.

    Returns
    -------
    list of Trial
        Best first, those that failed last.

    Raises
    ------
    MissingPackageError
        KerasTuner is not installed.
    ConfigurationError
        `output` holds a search over another grid.
    SeriesError
        The cohort cannot be used.
    Cancelled
        `cancelled` returned True; finished points stay.
    """
    output = Path(output)
    tuner = _make_tuner(cohort, output, space, progress, cancelled)
    tuner.search()
    return collect_trials(output)


def collect_trials(output: Path) -> list[Trial]:
    """Read the points that are finished, best first, those that failed last."""
    files = sorted((Path(output) / TRIALS).glob("*/trial.json"))
    trials = [Trial(**json.loads(path.read_text(encoding="utf-8"))) for path in files]
    return sorted(trials, key=lambda trial: (bool(trial.problem), trial.validation_loss))


def _make_tuner(cohort, output, space, progress, cancelled):
    try:
        import keras_tuner
    except ImportError as error:
        raise MissingPackageError(
            'Grid search needs KerasTuner; install it with: pip install "DSCBrainSegLib[tune]".'
        ) from error

    _check_same_grid(output, space)
    hyperparameters = keras_tuner.HyperParameters()
    for name, choices in space.axes.items():
        hyperparameters.Choice(name, [json.dumps(choice) for choice in choices])
    total = len(space.points())

    class ProtocolTuner(keras_tuner.GridSearch):
        def run_trial(self, trial):
            check_cancelled(cancelled)
            chosen = trial.hyperparameters.values
            values = {name: json.loads(chosen[name]) for name in space.axes}
            folder = output / TRIALS / "-".join(map(str, _place(space, values)))
            stored = folder / "trial.json"
            if not stored.exists():
                done = len(collect_trials(output))
                progress(done, total, ", ".join(f"{n} {v}" for n, v in values.items()))
                _store(stored, _train(cohort, folder, space, values, cancelled))
            result = Trial(**json.loads(stored.read_text(encoding="utf-8")))
            if result.problem:
                raise keras_tuner.errors.FailedTrialError(result.problem)
            return {"val_loss": result.validation_loss}

    # KerasTuner imports TensorFlow's hypermodel only to build models, which the protocol does.
    return ProtocolTuner(
        hypermodel=lambda hp: None,
        objective=keras_tuner.Objective("val_loss", "min"),
        max_trials=total,
        hyperparameters=hyperparameters,
        tune_new_entries=False,
        max_consecutive_failed_trials=total,
        directory=str(output),
        project_name=PROJECT,
        overwrite=False,
    )


def _train(cohort, folder: Path, space: SearchSpace, values: dict, cancelled) -> Trial:
    import keras

    from DSCBrainSegLib.network.model import build_model

    try:
        config = space.config({name: _tuple(value) for name, value in values.items()})
    except ConfigurationError as error:
        return Trial(values, problem=str(error))
    keras.utils.clear_session()
    result = train_on_cohort(cohort, folder / "run", config, cancelled=cancelled)
    best = result.history[result.best_epoch - 1]
    return Trial(
        values,
        parameters=build_model(config.network).count_params(),
        validation_loss=best["val_loss"],
        validation_dice=best["val_brain_dice"],
        best_epoch=result.best_epoch,
        epochs=len(result.history),
        seconds=round(sum(row["seconds"] for row in result.history), 2),
    )


def _tuple(value):
    return tuple(value) if isinstance(value, list) else value


def _place(space: SearchSpace, values: dict) -> list[int]:
    """Index of the value on each axis: a folder name for any value."""
    return [space.axes[name].index(_tuple(values[name])) for name in space.axes]


def _store(path: Path, trial: Trial) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(asdict(trial), indent=1), encoding="utf-8")
    partial.replace(path)


def _check_same_grid(output: Path, space: SearchSpace) -> None:
    described = json.loads(json.dumps({"base": space.base.to_dict(), "axes": space.axes}))
    path = output / SETTINGS_NAME
    try:
        if path.exists():
            if json.loads(path.read_text(encoding="utf-8")) != described:
                raise ConfigurationError(
                    f"{output} holds a search over another grid; choose another output folder."
                )
            return
        output.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(described, indent=1), encoding="utf-8")
    except (OSError, ValueError) as error:
        raise DSCBrainSegError(
            f"{path} cannot be read or written; choose another output folder."
        ) from error
