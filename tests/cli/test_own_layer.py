"""A one-off layer of a local file, from `train` to `export`, where ONNX has no operation for what it does."""

import hashlib
import json

import pytest

from tests.cli.test_train import SET

LAYER = '''
import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="mine")
class Bessel(keras.layers.Layer):
    """Nobody wrote a conversion of this function."""

    def call(self, sequence, mask):
        return tf.math.special.bessel_i0e(sequence)
'''


@pytest.fixture
def trained(run, small_log, tmp_path):
    """A run whose encoder is the layer."""
    (tmp_path / "my_layers.py").write_text(LAYER)
    (tmp_path / "registry.toml").write_text('schema = 1\n[components]\n"encoder.bessel" = "my_layers:Bessel"\n')
    settings = [one for one in SET if one != "--set" and not one.startswith("encoder.")]
    arguments = [part for one in settings for part in ("--set", one)]
    done = run("train", "--encoder", "bessel", "--data", str(small_log), "--out", "run", *arguments)
    assert done.code == 0, done.err
    return tmp_path / "run"


def test_layer_is_recorded_and_where_it_cannot_be_converted_named_with_nothing_left(run, trained):
    components = json.loads((trained / "provenance.json").read_bytes())["components"]
    file = trained.parent / "my_layers.py"
    assert components["encoder.bessel"] == f"{file} sha256:{hashlib.sha256(LAYER.encode()).hexdigest()}"
    before = sorted(path.name for path in trained.iterdir())
    done = run("export", str(trained))
    assert done.code == 2
    said = " ".join(done.err.split())
    assert "the model could not be converted to ONNX" in said
    assert "encoder_bessel: BesselI0e" in said
    assert "give the layer a `to_onnx`" in said
    assert "Traceback" not in done.err
    assert done.out == ""
    assert sorted(path.name for path in trained.iterdir()) == before
