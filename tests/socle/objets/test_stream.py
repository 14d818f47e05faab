"""The streaming format is Tink's, both ways, and refuses all but the whole stream it wrote."""

import io
import os
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tink import cleartext_keyset_handle, streaming_aead
from tink.proto import aes_gcm_hkdf_streaming_pb2, common_pb2, tink_pb2

from app.socle.crypto import CiphertextRefusedError, StreamDecryptor, StreamEncryptor
from app.socle.crypto.stream import (
    FIRST_PLAIN_SEGMENT,
    PLAIN_SEGMENT,
    SEGMENT_SIZE,
    STREAM_HEADER_SIZE,
    plain_size,
    span_of,
)

KEY = bytes(range(32))
AAD = b"objet 1"
SIZES = [
    0,
    1,
    FIRST_PLAIN_SEGMENT - 1,
    FIRST_PLAIN_SEGMENT,
    FIRST_PLAIN_SEGMENT + 1,
    FIRST_PLAIN_SEGMENT + PLAIN_SEGMENT,
    FIRST_PLAIN_SEGMENT + PLAIN_SEGMENT + 1,
    700_000,
]
RANDOM = os.urandom(FIRST_PLAIN_SEGMENT + 2 * PLAIN_SEGMENT + 1000)


def encrypt(plain: bytes, key: bytes = KEY, aad: bytes = AAD, step: int = 65_536) -> bytes:
    encryptor = StreamEncryptor(key, aad)
    parts = [
        part for start in range(0, len(plain), step) for part in encryptor.update(plain[start : start + step])
    ]
    return b"".join(parts) + encryptor.finish()


def decrypt(sealed: bytes, key: bytes = KEY, aad: bytes = AAD, step: int = 50_000) -> bytes:
    header, body = sealed[:STREAM_HEADER_SIZE], sealed[STREAM_HEADER_SIZE:]
    decryptor = StreamDecryptor(key, aad, header, len(sealed))
    plain = b"".join(
        part for start in range(0, len(body), step) for part in decryptor.update(body[start : start + step])
    )
    decryptor.finish()
    return plain


@pytest.fixture(scope="module")
def tink() -> streaming_aead.StreamingAead:
    streaming_aead.register()
    key = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingKey(
        version=0,
        key_value=KEY,
        params=aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingParams(
            ciphertext_segment_size=SEGMENT_SIZE, derived_key_size=32, hkdf_hash_type=common_pb2.SHA256
        ),
    )
    keyset = tink_pb2.Keyset(
        primary_key_id=1,
        key=[
            tink_pb2.Keyset.Key(
                key_id=1,
                status=tink_pb2.ENABLED,
                output_prefix_type=tink_pb2.RAW,
                key_data=tink_pb2.KeyData(
                    type_url="type.googleapis.com/google.crypto.tink.AesGcmHkdfStreamingKey",
                    value=key.SerializeToString(),
                    key_material_type=tink_pb2.KeyData.SYMMETRIC,
                ),
            )
        ],
    )
    handle = cleartext_keyset_handle.from_keyset(keyset)
    return handle.primitive(streaming_aead.StreamingAead)


class _Kept(io.BytesIO):
    """A destination whose bytes stay readable once closed."""

    def close(self) -> None:
        self.kept = self.getvalue()
        super().close()


@pytest.mark.parametrize("size", SIZES)
def test_tink_reads_what_we_write(tink: streaming_aead.StreamingAead, size: int) -> None:
    plain = RANDOM[:size]
    with tink.new_decrypting_stream(io.BytesIO(encrypt(plain)), AAD) as stream:
        assert stream.read() == plain


@pytest.mark.parametrize("size", SIZES)
def test_we_read_what_tink_writes(tink: streaming_aead.StreamingAead, size: int) -> None:
    plain, destination = RANDOM[:size], _Kept()
    with tink.new_encrypting_stream(destination, AAD) as stream:
        stream.write(plain)
    assert decrypt(destination.kept) == plain
    assert plain_size(len(destination.kept)) == size


def test_nothing_of_the_plaintext_shows_and_two_writings_differ() -> None:
    plain = b"NIR 1 85 05 22 113 023" * 100
    first, second = encrypt(plain), encrypt(plain)
    assert first != second
    assert b"NIR" not in first


SEALED = encrypt(RANDOM)


@pytest.mark.parametrize(
    "cut",
    [
        0,
        39,
        STREAM_HEADER_SIZE,
        SEGMENT_SIZE - 1,
        SEGMENT_SIZE,
        SEGMENT_SIZE + 16,
        2 * SEGMENT_SIZE,
        len(SEALED) - 1,
    ],
)
def test_a_cut_stream_is_refused(cut: int) -> None:
    with pytest.raises(CiphertextRefusedError):
        decrypt(SEALED[:cut])


def test_a_stream_that_stops_before_the_size_announced_is_refused() -> None:
    decryptor = StreamDecryptor(KEY, AAD, SEALED[:STREAM_HEADER_SIZE], len(SEALED))
    list(decryptor.update(SEALED[STREAM_HEADER_SIZE : 2 * SEGMENT_SIZE]))
    with pytest.raises(CiphertextRefusedError):
        decryptor.finish()


def test_swapped_segments_are_refused() -> None:
    one, two, three = (
        SEALED[:SEGMENT_SIZE],
        SEALED[SEGMENT_SIZE : 2 * SEGMENT_SIZE],
        SEALED[2 * SEGMENT_SIZE :],
    )
    with pytest.raises(CiphertextRefusedError):
        decrypt(one + three[:SEGMENT_SIZE] + two + three[SEGMENT_SIZE:])


@pytest.mark.parametrize("extra", [b"\0", b"\0" * 16, b"\0" * 17, b"\0" * SEGMENT_SIZE])
@pytest.mark.parametrize("size", [10, FIRST_PLAIN_SEGMENT])
def test_trailing_bytes_are_refused(extra: bytes, size: int) -> None:
    sealed = encrypt(RANDOM[:size])
    with pytest.raises(CiphertextRefusedError):
        decrypt(sealed + extra)
    decryptor = StreamDecryptor(KEY, AAD, sealed[:STREAM_HEADER_SIZE], len(sealed))
    with pytest.raises(CiphertextRefusedError):
        list(decryptor.update(sealed[STREAM_HEADER_SIZE:] + extra))


def test_another_object_or_another_key_is_refused() -> None:
    sealed = encrypt(b"acte")
    with pytest.raises(CiphertextRefusedError):
        decrypt(sealed, aad=b"objet 2")
    with pytest.raises(CiphertextRefusedError):
        decrypt(sealed, key=secrets.token_bytes(32))


@given(position=st.integers(0, 5_000), bit=st.integers(0, 7))
def test_any_flipped_bit_is_refused(position: int, bit: int) -> None:
    sealed = bytearray(encrypt(b"x" * 5_000))
    sealed[position % len(sealed)] ^= 1 << bit
    with pytest.raises(CiphertextRefusedError):
        decrypt(bytes(sealed))


@given(bounds=st.tuples(st.integers(0, len(RANDOM)), st.integers(0, len(RANDOM))).map(sorted))
def test_any_range_is_read_from_its_own_segments(bounds: list[int]) -> None:
    start, end = bounds
    span = span_of(start, end, len(SEALED))
    decryptor = StreamDecryptor(
        KEY, AAD, SEALED[:STREAM_HEADER_SIZE], len(SEALED), first=span.first, last=span.last
    )
    plain = b"".join(decryptor.update(SEALED[span.start : span.end]))
    decryptor.finish()
    assert plain[span.skip : span.skip + end - start] == RANDOM[start:end]
    assert span.end - span.start <= (end - start) + 2 * SEGMENT_SIZE


def test_an_empty_range_reads_the_last_segment_so_that_the_end_is_proven() -> None:
    span = span_of(3, 3, len(SEALED))
    assert span.end == len(SEALED)
    assert span.start == (len(SEALED) - 1) // SEGMENT_SIZE * SEGMENT_SIZE
