"""What pytest leaves alone: the modules of encoders, where torch is not installed (make encoder)."""

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("torch") else ["stance/classifiers/encoder_*.py"]
