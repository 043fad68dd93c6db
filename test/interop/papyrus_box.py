"""NaCl boxes (X25519, XSalsa20-Poly1305) in plain Python, as docs/reference/wire-formats.md 6 uses them."""

PRIME = 2**255 - 19
# Which words each quarter of a double round mixes: columns, then rows.
QUARTERS = ((0, 4, 8, 12), (5, 9, 13, 1), (10, 14, 2, 6), (15, 3, 7, 11),
            (0, 1, 2, 3), (5, 6, 7, 4), (10, 11, 8, 9), (15, 12, 13, 14))


def x25519(secret, point=(9).to_bytes(32, "little")):
    """RFC 7748; without a point the public key of the secret."""
    scalar = int.from_bytes(secret, "little") & (2**255 - 8) & (2**255 - 1) | 2**254
    u = int.from_bytes(point, "little") & (2**255 - 1)
    x2, z2, x3, z3 = 1, 0, u, 1
    for at in reversed(range(255)):
        bit = scalar >> at & 1
        if bit:
            x2, z2, x3, z3 = x3, z3, x2, z2
        total, difference = x2 + z2, x2 - z2
        da, cb = (x3 - z3) * total, (x3 + z3) * difference
        aa, bb = total * total, difference * difference
        x2, z2 = aa * bb % PRIME, (aa - bb) * (aa + 121665 * (aa - bb)) % PRIME
        x3, z3 = (da + cb) ** 2 % PRIME, u * (da - cb) ** 2 % PRIME
        if bit:
            x2, z2, x3, z3 = x3, z3, x2, z2
    return (x2 * pow(z2, PRIME - 2, PRIME) % PRIME).to_bytes(32, "little")


def words_of(data):
    return [int.from_bytes(data[i : i + 4], "little") for i in range(0, len(data), 4)]


def salsa(key, middle):
    """(words before, words after) the twenty rounds; `middle` is nonce and counter, 16 bytes."""
    c, k, n = words_of(b"expand 32-byte k"), words_of(key), words_of(middle)
    before = [c[0], *k[:4], c[1], *n, c[2], *k[4:], c[3]]
    x = list(before)
    for _ in range(10):
        for quarter in QUARTERS:
            for step, by in enumerate((7, 9, 13, 18)):
                to, one, other = quarter[(step + 1) % 4], quarter[step], quarter[(step + 3) % 4]
                total = (x[one] + x[other]) & 0xFFFFFFFF
                x[to] ^= (total << by | total >> (32 - by)) & 0xFFFFFFFF
    return before, x


def joined(words):
    return b"".join(one.to_bytes(4, "little") for one in words)


def hsalsa(key, middle):
    _, after = salsa(key, middle)
    return joined(after[at] for at in (0, 5, 10, 15, 6, 7, 8, 9))


def stream(key, nonce, length):
    """XSalsa20."""
    inner, out = hsalsa(key, nonce[:16]), b""
    while len(out) < length:
        before, after = salsa(inner, nonce[16:] + (len(out) // 64).to_bytes(8, "little"))
        out += joined((a + b) & 0xFFFFFFFF for a, b in zip(before, after))
    return out[:length]


def poly1305(key, data):
    r, total = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF, 0
    for at in range(0, len(data), 16):
        total = (total + int.from_bytes(data[at : at + 16] + b"\x01", "little")) * r % (2**130 - 5)
    return ((total + int.from_bytes(key[16:], "little")) % 2**128).to_bytes(16, "little")


def seal_box(plaintext, recipient, ephemeral_secret, nonce):
    key = hsalsa(x25519(ephemeral_secret, recipient), bytes(16))
    pad = stream(key, nonce, 32 + len(plaintext))
    text = bytes(a ^ b for a, b in zip(plaintext, pad[32:]))
    return x25519(ephemeral_secret) + nonce + poly1305(pad[:32], text) + text


def open_box(box, secret):
    """The plaintext, or None if the box was not made for this key or was changed."""
    public, nonce, tag, text = box[:32], box[32:56], box[56:72], box[72:]
    pad = stream(hsalsa(x25519(secret, public), bytes(16)), nonce, 32 + len(text))
    return bytes(a ^ b for a, b in zip(text, pad[32:])) if poly1305(pad[:32], text) == tag else None
