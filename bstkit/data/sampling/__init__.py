"""Candidates beside the positives of a log that holds interactions only: `[sampling]` in features.toml.

`candidate_sampling.py` states the rule and draws, from a `candidate_pool.py` without what `seen_candidates.py` knows;
`sampling_rate.py` says what share was drawn and how to correct probabilities; `sampled_leaks.py` checks a dataset. How
the draws become rows stands in `bstkit/data/prepared/sampled_rows.py`.
"""
