"""skops, imported without torch.

skops looks through every module of scikit-learn, among them the bridge to torch, which takes seconds to
import where torch is installed and which no model file has need of.
"""

from __future__ import annotations

import sys

TORCH_BRIDGE = "sklearn.externals.array_api_compat.torch"

if TORCH_BRIDGE in sys.modules:
    from skops.io import dumps, loads
else:
    sys.modules[TORCH_BRIDGE] = None  # type: ignore[assignment] # "there is none", for as long as skops looks
    try:
        from skops.io import dumps, loads
    finally:
        del sys.modules[TORCH_BRIDGE]

__all__ = ["dumps", "loads"]
