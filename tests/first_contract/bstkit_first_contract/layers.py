"""One layer of every kind, each as plain as its kind allows."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="bstkit_first_contract")
class FirstSteps(keras.layers.Layer):
    """Add a learned vector a step.

    Args:
        max_steps: int, given by compose.
        hours: float > 0, after which half of it is left. Defaults to `24.0`.
    """

    def __init__(self, max_steps: int, hours: float = 24.0, **kwargs):
        super().__init__(**kwargs)
        if hours <= 0:
            raise ValueError(f"`hours` must be positive. Received: hours={hours}")
        self.max_steps = max_steps
        self.hours = hours

    def build(self, sequence_shape, step_shape=None, age_seconds_shape=None):
        self.table = self.add_weight(name="table", shape=(self.max_steps, sequence_shape[-1]), initializer="uniform")

    def call(self, sequence, mask, step, age_seconds=None):
        added = ops.take(self.table, step, axis=0)[None]
        if age_seconds is not None:
            hours = ops.cast(ops.maximum(age_seconds, 0), sequence.dtype) / 3600.0
            added = added * (self.hours / (self.hours + hours))[..., None]
        return sequence + ops.cast(added, sequence.dtype)

    def get_config(self):
        return {**super().get_config(), "max_steps": self.max_steps, "hours": self.hours}


@keras.saving.register_keras_serializable(package="bstkit_first_contract")
class FirstMix(keras.layers.Layer):
    """Mix each step with the candidate, where there is one, by a dense layer.

    Args:
        units: int, width of a step. Defaults to `8`.
    """

    def __init__(self, units: int = 8, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.dense = keras.layers.Dense(units, activation="tanh", name="dense", dtype=self.dtype_policy)

    def build(self, sequence_shape, target_shape=None, weight_shape=None):
        self.dense.build((*sequence_shape[:-1], sequence_shape[-1] * (1 if target_shape is None else 2)))

    def call(self, sequence, mask, target=None, weight=None):
        if target is not None:
            sequence = ops.concatenate([sequence, sequence * target[:, None, :]], axis=-1)
        mixed = self.dense(ops.where(mask[..., None], sequence, 0.0))
        return mixed if weight is None else mixed * weight[..., None]

    def get_config(self):
        return {**super().get_config(), "units": self.units}


@keras.saving.register_keras_serializable(package="bstkit_first_contract")
class FirstDot(keras.layers.Layer):
    """Weigh each step by its product with the candidate."""

    def call(self, sequence, mask, target):
        score = ops.sigmoid(ops.sum(sequence * target[:, None, :], axis=-1))
        return ops.where(mask, score, 0.0)


@keras.saving.register_keras_serializable(package="bstkit_first_contract")
class FirstMean(keras.layers.Layer):
    """Average the real steps; it writes its own ONNX.

    Args:
        weighted: bool, by the weights of a score before it. Defaults to `False`.
    """

    def __init__(self, weighted: bool = False, **kwargs):
        super().__init__(**kwargs)
        self.weighted = weighted

    @property
    def ignored_tensors(self):
        return () if self.weighted else ("weight",)

    def call(self, sequence, mask, weight=None):
        share = ops.cast(mask, sequence.dtype)
        share = share if weight is None else share * weight
        total = ops.sum(ops.where(mask[..., None], sequence, 0.0) * share[..., None], axis=1)
        return total / ops.maximum(ops.sum(share, axis=1, keepdims=True), 1e-6)

    def to_onnx(self, op, sequence, mask, weight=None):
        share = op.Cast(mask, to="float32")
        share = share if weight is None else op.Mul(share, weight)
        kept = op.Where(op.Unsqueeze(mask, [2]), sequence, 0.0)
        total = op.ReduceSum(op.Mul(kept, op.Unsqueeze(share, [2])), [1], keepdims=0)
        return op.Div(total, op.Max(op.ReduceSum(share, [1], keepdims=1), 1e-6))

    def get_config(self):
        return {**super().get_config(), "weighted": self.weighted}


@keras.saving.register_keras_serializable(package="bstkit_first_contract")
class FirstFlat(keras.layers.Layer):
    """Lay the steps side by side, zeros where they are masked."""

    def call(self, sequence, mask):
        kept = ops.where(mask[..., None], sequence, 0.0)
        return ops.reshape(kept, (-1, sequence.shape[1] * sequence.shape[2]))


@keras.saving.register_keras_serializable(package="bstkit_first_contract")
class FirstNext(keras.layers.Layer):
    """Tell each clicked step from a sampled one."""

    def build(self, sequence_shape, clicked_shape=None, negative_shape=None):
        self.matrix = self.add_weight(name="matrix", shape=(sequence_shape[-1], clicked_shape[-1]))

    def call(self, sequence, mask, clicked, negative):
        states = ops.matmul(ops.where(mask[..., None], sequence, 0.0), self.matrix)
        margin = ops.sum(states * (negative - clicked), axis=-1)
        real = ops.cast(mask, margin.dtype)
        return ops.sum(ops.softplus(margin) * real) / ops.maximum(ops.sum(real), 1.0)


@keras.saving.register_keras_serializable(package="bstkit_first_contract")
class FirstLinear(keras.layers.Layer):
    """One linear logit a task.

    Args:
        tasks: names of the tasks, given by compose.
    """

    def __init__(self, tasks, **kwargs):
        super().__init__(**kwargs)
        self.tasks = tuple(tasks)
        self.dense = {task: keras.layers.Dense(1, name=task, dtype=self.dtype_policy) for task in self.tasks}

    def build(self, pooled_shape, context_shape=None, target_shape=None):
        width = sum(shape[-1] for shape in (pooled_shape, context_shape, target_shape) if shape is not None)
        for layer in self.dense.values():
            layer.build((None, width))

    def call(self, pooled, context=None, target=None):
        given = [one for one in (pooled, context, target) if one is not None]
        joined = ops.concatenate(given, axis=-1)
        return {task: layer(joined) for task, layer in self.dense.items()}

    def get_config(self):
        return {**super().get_config(), "tasks": list(self.tasks)}
