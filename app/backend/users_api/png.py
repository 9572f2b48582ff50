"""Just enough PNG: to make the seed's pictures, and to refuse an upload that is not one."""

import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_SIDE = 1024


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def encode(side: int, palette: bytes, pixels: bytes) -> bytes:
    """A square picture: palette of RGB triples, one byte a pixel.

    Stored, not deflated: its bytes must not depend on zlib's version.
    """
    rows = b"".join(b"\0" + pixels[y * side : (y + 1) * side] for y in range(side))
    if len(rows) > 0xFFFF:
        raise ValueError(f"cannot store {len(rows)} bytes in one block")
    stored = (
        b"\x78\x01\x01"
        + struct.pack("<HH", len(rows), len(rows) ^ 0xFFFF)
        + rows
        + struct.pack(">I", zlib.adler32(rows))
    )
    header = struct.pack(">IIBBBBB", side, side, 8, 3, 0, 0, 0)
    return (
        SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"PLTE", palette) + _chunk(b"IDAT", stored) + _chunk(b"IEND", b"")
    )


def problem(data: bytes) -> str | None:
    """Why data is not a whole PNG of at most 1024 x 1024, in French for the person who sent it; None when it is one."""
    if not data.startswith(SIGNATURE):
        return "le fichier n'est pas une image PNG"
    at, kinds = len(SIGNATURE), []
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        if data[at + 8 + length : at + 12 + length] != struct.pack(">I", zlib.crc32(kind + body)):
            return "l'image PNG est abîmée"
        kinds.append(kind)
        if len(kinds) == 1 and (kind != b"IHDR" or length != 13):
            return "l'image PNG est abîmée"
        if kind == b"IHDR":
            width, height = struct.unpack_from(">II", body)
            if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
                return f"l'image mesure {width} x {height} pixels, {MAX_SIDE} x {MAX_SIDE} au plus"
        at += 12 + length
        if kind == b"IEND":
            break
    whole = at == len(data) and b"IDAT" in kinds and kinds[-1] == b"IEND"
    return None if whole else "l'image PNG est incomplète"
