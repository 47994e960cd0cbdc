"""WebP: sizes of the chunks, and whether the decoder needs every byte of them.

The format has no checksum. A damaged stream decodes to a wrong picture, but nearly always takes fewer or
more bytes than the sound one. libwebp notices only where bytes are missing, so each stream is decoded again
without its last bytes: a sound one then fails, a damaged one often does not. Source: RFC 9649, RFC 6386
(section 9.1).
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

from PIL.WebPImagePlugin import WebPImageFile

from leukokit.imageio.integrity.streams import damaged

_HEADER, _CHUNK_HEADER, _FRAME_HEADER = 12, 8, 16  # bytes; of the file, a chunk, an animation's frame
_VP8_TAG, _VP8_HEADER = 3, 10
_ALPHA_FLAG = 0x10
# Bytes without which a sound stream cannot be decoded. Of 368 files, of all qualities and methods of libwebp,
# none decoded without its last 4 (VP8), 3 (first partition of VP8) or 2 bytes (VP8L, ALPH); the rest is for
# encoders that pad their streams.
_SLACK = {b"VP8 ": 8, b"VP8L": 6, b"ALPH": 6}


@dataclass(frozen=True, slots=True)
class Chunk:
    """Name and content of a chunk."""

    name: bytes
    body: bytes


def check(data: bytes, frame: int = 0) -> None:
    """Raise ``damaged`` where the file ends early, or a stream of the frame has bytes that are not needed."""
    chunks = list(_chunks(data[: check_length(data)], _HEADER))
    animated = [chunk for chunk in chunks if chunk.name == b"ANMF"]
    pictures = [list(_chunks(chunk.body, _FRAME_HEADER)) for chunk in animated[: frame + 1]] or [chunks]
    for picture in pictures:
        streams = [chunk for chunk in picture if chunk.name in _SLACK]
        if not any(chunk.name in (b"VP8 ", b"VP8L") for chunk in streams):
            raise damaged("the WebP file holds no pixels")
        for index, chunk in enumerate(streams):
            for shortened in _shortened(chunk):
                if _decodes([*streams[:index], shortened, *streams[index + 1 :]]):
                    raise damaged("the WebP file continues after its last pixel")


def check_length(data: bytes) -> int:
    """Return the length that the header states, in bytes; raise ``damaged`` where the file is shorter."""
    end = 8 + int.from_bytes(data[4:8], "little")
    if end > len(data):
        raise damaged(f"the WebP file ends early: {len(data)} of {end} bytes")
    return end


def _chunks(data: bytes, offset: int) -> Iterator[Chunk]:
    while offset < len(data):
        length = int.from_bytes(data[offset + 4 : offset + 8], "little")
        body = data[offset + _CHUNK_HEADER : offset + _CHUNK_HEADER + length]
        if offset + _CHUNK_HEADER > len(data) or len(body) < length:
            raise damaged("the chunks of the WebP file do not fit into it")
        yield Chunk(data[offset : offset + 4], body)
        offset += _CHUNK_HEADER + length + length % 2


def _shortened(chunk: Chunk) -> Iterator[Chunk]:
    """Streams that lack the last bytes of one of their parts, each too short to be decoded if it is sound."""
    slack = _SLACK[chunk.name]
    if len(chunk.body) > slack + _VP8_HEADER:
        yield Chunk(chunk.name, chunk.body[:-slack])
    if chunk.name == b"VP8 ":
        tag = int.from_bytes(chunk.body[:_VP8_TAG], "little")
        first = tag >> 5  # bytes of the first partition
        if slack < first <= len(chunk.body) - _VP8_HEADER:
            shorter = (tag & 31 | (first - slack) << 5).to_bytes(_VP8_TAG, "little")
            kept = chunk.body[_VP8_TAG : _VP8_HEADER + first - slack]
            yield Chunk(chunk.name, shorter + kept + chunk.body[_VP8_HEADER + first :])


def _decodes(streams: list[Chunk]) -> bool:
    """Whether streams decode as a file of their own."""
    chunks = streams
    if any(chunk.name == b"ALPH" for chunk in streams):
        chunks = [Chunk(b"VP8X", bytes([_ALPHA_FLAG, 0, 0, 0]) + _canvas(streams)), *streams]
    body = b"WEBP"
    for chunk in chunks:
        padding = b"\0" * (len(chunk.body) % 2)
        body += chunk.name + len(chunk.body).to_bytes(4, "little") + chunk.body + padding
    try:
        WebPImageFile(io.BytesIO(b"RIFF" + len(body).to_bytes(4, "little") + body)).load()
    except Exception:  # what it raises depends on where the stream ends
        return False
    return True


def _canvas(streams: list[Chunk]) -> bytes:
    """Size of a frame as ``VP8X`` states it: width and height less 1, 3 bytes each."""
    body = next(chunk.body for chunk in streams if chunk.name == b"VP8 ")
    sides = (int.from_bytes(body[at : at + 2], "little") & 0x3FFF for at in (6, 8))
    return b"".join((side - 1).to_bytes(3, "little") for side in sides)
