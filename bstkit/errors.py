"""Everything that bstkit raises on purpose.

    BstkitError                 exit code 2: could not run
    ├── ConfigError             registry.toml, features.toml, --set: every problem of a file at once
    ├── ComponentError          a component is unknown, ambiguous, refuses its parameters, or does not fit its slot
    ├── PluginError             a plugin that is needed did not load
    ├── DataError               a log or a dataset cannot be used
    ├── TrainingError           training could not go on
    ├── RunError                a run folder is missing, incomplete, taken or not writable
    ├── ExportError             a model could not be converted, or the graph breaks a rule
    ├── BundleError             a folder is no bundle, or of a newer format than this bstkit reads
    ├── ProviderError           an execution provider was asked for and did not run
    └── VerificationError       exit code 1: the answer is no, numbers differ or files were changed

    Exception
    └── WorkerFinished          exit code 0: a worker that is not the chief has done its part

    KeyboardInterrupt
    └── TrainingInterrupted     exit code 130 or 143: somebody stopped a training, which can go on

A layer's own argument errors stay `ValueError`, as everywhere in Keras; composition turns them into `ComponentError`.
"""


class BstkitError(Exception):
    """An error that a user can act on.

    Args:
        message: what is wrong, one line or several.
        hint: one thing to do next.
    """

    exit_code = 2

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ConfigError(BstkitError):
    """A configuration file or an override is wrong. The message lists every problem, one a line."""


class ComponentError(BstkitError):
    """A component is unknown, ambiguous, refuses its parameters, or does not fit where it was put."""


class PluginError(BstkitError):
    """A plugin that is needed did not load."""


class DataError(BstkitError):
    """A log or a dataset cannot be used."""


class TrainingError(BstkitError):
    """Training could not go on."""


class RunError(BstkitError):
    """A run folder is missing, incomplete, taken or not writable."""


class ExportError(BstkitError):
    """A model could not be converted, or the converted graph breaks a rule."""


class BundleError(BstkitError):
    """A folder is no bundle, or one that this version cannot read."""


class ProviderError(BstkitError):
    """An execution provider was asked for and did not run."""


class VerificationError(BstkitError):
    """ONNX Runtime and TensorFlow do not give the same numbers, or a file is not what was exported."""

    exit_code = 1


class WorkerFinished(Exception):
    """Training is over on a worker that is not the chief: only the chief has a run to return.

    It is no error: the program exits with 0.
    """


class TrainingInterrupted(KeyboardInterrupt):
    """Ctrl-C or SIGTERM ended a training after a step, and its checkpoint is written.

    It is no `BstkitError`: who trains one model after the other and goes on after errors is stopped as a whole.

    Args:
        message: where it was stopped.
        hint: how to go on.
        exit_code: 130 for Ctrl-C, 143 for SIGTERM.
    """

    def __init__(self, message: str, hint: str, exit_code: int) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.exit_code = exit_code
