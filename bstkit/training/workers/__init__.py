"""Several workers that train one model, as TF_CONFIG says.

`cluster.py` reads TF_CONFIG and `reach.py` waits for the other machines, both without TensorFlow; `join.py` meets the
other workers, `strategy.py` trains with them, `share.py` cuts each worker's rows out of a batch, and `lost.py` says
clearly that a worker is gone.
"""
