"""What the canvas knows of the kinds of blocks, as a file of the console's source:

    python -m stateroom.domain.blocks > console/src/blueprint/kinds.json
"""

from __future__ import annotations

import json
import sys

from stateroom.domain.blocks import describe

if __name__ == "__main__":
    sys.stdout.write(json.dumps(describe(), indent=2, ensure_ascii=False) + "\n")
