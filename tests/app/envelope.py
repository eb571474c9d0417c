"""Opens the player's envelope, following only the description of its format."""

from __future__ import annotations

import json
import math
import struct
from typing import Any

import numpy as np


def opened(envelope: bytes) -> tuple[dict[str, Any], Any]:
    """Header and a way to its arrays, after the description of the format alone."""
    (length,) = struct.unpack_from("<I", envelope)

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is not valid JSON")

    header = json.loads(envelope[4 : 4 + length].decode("utf-8"), parse_constant=refuse)
    blobs = -(-(4 + length) // 8) * 8

    def array(reference: dict[str, int]) -> np.ndarray:
        entry = header["arrays"][reference["array"]]
        assert entry["offset"] % 8 == 0
        count = math.prod(entry["shape"])
        return np.frombuffer(envelope, "<" + entry["dtype"], count, blobs + entry["offset"]).reshape(entry["shape"])

    return header, array
