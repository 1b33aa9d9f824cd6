"""The papers' formulas in NumPy, float64, one row at a time; written from the papers alone."""

from itertools import chain

import numpy as np


def silu(x):
    """`x sigmoid(x)`."""
    return x / (1 + np.exp(-x))


def softmax(x):
    """Along the last axis."""
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def relu(x):
    """`max(x, 0)`."""
    return np.maximum(x, 0)


def layer_norm(x, gamma, beta):
    """Over the last axis, epsilon 1e-6."""
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-6) * gamma + beta


def weights_of(layer):
    """Path below the layer -> float64 array."""
    return {weight.path.partition("/")[2]: np.asarray(weight, np.float64) for weight in layer.weights}


def hstu_unit(x, real, w, heads, key_dim, value_dim, divisor, bias_of):
    """Zhai et al., 2024, equations 1 to 3, of one row.

    `x` is `(time, dim)`, `real` which steps are real, `w` the weights, `bias_of(i, j)` the bias of query i and key j,
    None where i must not see j.
    """
    time = len(x)
    projected = silu(
        layer_norm(x, w["input_norm/gamma"], w["input_norm/beta"]) @ w["projection/kernel"] + w["projection/bias"]
    )
    values, keys = heads * value_dim, heads * key_dim
    u, v = projected[:, :values], projected[:, values : 2 * values]
    q, k = projected[:, 2 * values : 2 * values + keys], projected[:, 2 * values + keys :]
    seen = np.zeros((time, values))
    for head in range(heads):
        of_keys, of_values = (slice(head * size, (head + 1) * size) for size in (key_dim, value_dim))
        for i in range(time):
            for j in range(time):
                if real[j] and bias_of(i, j) is not None:
                    a = silu(q[i, of_keys] @ k[j, of_keys] + bias_of(i, j))
                    seen[i, of_values] += a * v[j, of_values] / divisor
    gated = layer_norm(seen, w["output_norm/gamma"], w["output_norm/beta"]) * u
    return x + gated @ w["output/kernel"] + w["output/bias"]


def target_attention(sequence, real, target, query_kernel, key_kernel, value_kernel, output_kernel, top_k=0):
    """Scaled dot-product attention from one query, of one row, with every key and value computed; heads added up."""
    heads, _, key_dim = query_kernel.shape
    pooled = np.zeros(output_kernel.shape[-1])
    steps = np.flatnonzero(real)
    if not len(steps):
        return pooled
    for head in range(heads):
        keys, values = sequence[steps] @ key_kernel[head].T, sequence[steps] @ value_kernel[head]
        scores = keys @ (target @ query_kernel[head]) / np.sqrt(key_dim)
        kept = np.argsort(-scores)[:top_k] if top_k else np.arange(len(steps))
        pooled += softmax(scores[kept]) @ values[kept] @ output_kernel[head]
    return pooled


def dense_stack(x, w, prefix):
    """Every dense layer below `prefix`, with ReLU."""
    number = 1
    while f"{prefix}/dense_{number}/kernel" in w:
        x = relu(x @ w[f"{prefix}/dense_{number}/kernel"] + w[f"{prefix}/dense_{number}/bias"])
        number += 1
    return x


def ple(x, w, tasks, levels, task_experts, shared_experts):
    """Tang et al., 2020, section 4.2, of a batch: `{task: logit}`."""
    groups = [*range(1, len(tasks) + 1), "shared"]
    inputs = dict.fromkeys(groups, x)
    for level in range(1, levels + 1):
        said = {
            group: [
                dense_stack(inputs[group], w, f"level_{level}/{name(group)}_expert_{number}")
                for number in range(1, (shared_experts if group == "shared" else task_experts) + 1)
            ]
            for group in groups
        }
        outputs = {}
        for group in groups if level < levels else groups[:-1]:
            selected = list(chain(*said.values())) if group == "shared" else said[group] + said["shared"]
            gate = softmax(inputs[group] @ w[f"level_{level}/{name(group)}_gate/kernel"])
            outputs[group] = sum(gate[:, [number]] * vector for number, vector in enumerate(selected))
        inputs = outputs
    return {
        task: dense_stack(inputs[number], w, f"{task}_tower") @ w[f"{task}_logit/kernel"] + w[f"{task}_logit/bias"]
        for number, task in enumerate(tasks, start=1)
    }


def name(group):
    """How the layer's weights name a group of experts."""
    return "shared" if group == "shared" else f"task_{group}"
