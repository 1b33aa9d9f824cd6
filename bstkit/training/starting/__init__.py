"""Where weights begin: `--init-from`. `init_run.py` opens the run, `init_fit.py` compares, `warm_start.py` copies."""
