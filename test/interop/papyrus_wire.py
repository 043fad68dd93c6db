"""The wire formats of Papyrus in plain Python: bytes, digests, records, batches, parts.

Written from docs/reference/wire-formats.md alone and sharing no line with the product, so that agreement means something.
Libraries: coincurve for secp256k1, pycryptodome for Keccak and AES-GCM; the rest is the standard library.
"""

import hashlib
import hmac
import re
import sys

try:
    from coincurve import PublicKey
    from Crypto.Cipher import AES
    from Crypto.Hash import keccak
except ImportError as missing:
    print(f"a needed library is missing: {missing.name} (pip install -r requirements.txt)", file=sys.stderr)
    sys.exit(3)

WIN, AUDIT, EVERY_SELLER, TEST = 1, 2, 255, 32
SELLERS, AUDITOR = (3, 4), 5
SEGMENT_BYTES_MAX, CUT_BYTES_MIN, BYTES_A_ROW, PAGE_ROWS = 65536, 16384, 8192, 16384
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
U64_MAX = 2**64 - 1


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def keccak256(*parts):
    return keccak.new(digest_bits=256, data=b"".join(parts)).digest()


def hkdf(key, info):
    """HKDF-SHA256 (RFC 5869) without salt, 32 bytes: one block of the expansion."""
    return hmac.digest(hmac.digest(bytes(32), key, "sha256"), info + b"\x01", "sha256")


def unhex(text):
    if not re.fullmatch(r"0x([0-9a-f]{2})*", text):
        raise ValueError(f"not lower-case 0x-hexadecimal: {text[:20]!r}")
    return bytes.fromhex(text[2:])


def tohex(data):
    return "0x" + data.hex()


def word(value):
    return int(value).to_bytes(32, "big")


# ---- Merkle trees (1)


def levels(hashes):
    level = list(hashes)
    yield level
    while len(level) > 1:
        pairs = [sha256(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = pairs + level[len(pairs) * 2 :]
        yield level


def merkle_root(hashes):
    top = list(levels(hashes))[-1]
    return top[0] if top else bytes(32)


def merkle_path(hashes, index):
    path = []
    for level in levels(hashes):
        if index ^ 1 < len(level):
            path.append(level[index ^ 1])
        index //= 2
    return path


def root_of_path(leaf, index, count, path):
    node, width, rest = leaf, count, list(path)
    if index >= count:
        return None
    while width > 1:
        if index ^ 1 < width:
            if not rest:
                return None
            sibling = rest.pop(0)
            node = sha256(sibling, node) if index % 2 else sha256(node, sibling)
        index, width = index // 2, (width + 1) // 2
    return None if rest else node


# ---- EIP-712 (1, 2, 4, 6)

TERMS = [
    ("address[]", "participants"), ("uint8[]", "roles"), ("uint64[]", "blockMaxNano"), ("address", "token"),
    ("uint256", "tokenPerUnit"), ("string", "reducer"), ("bytes", "reducerParameters"), ("uint8", "blockPolicy"),
    ("uint64", "firstBlockStart"), ("uint64", "blockDuration"), ("uint64", "blocksMax"), ("uint64", "collectionGrace"),
    ("uint64", "collationPeriod"), ("uint64", "processingPeriod"), ("uint64", "challengePeriod"),
    ("uint64", "answerPeriod"), ("uint64", "disputeMax"), ("uint64", "withdrawalNotice"),
    ("uint64", "retentionPeriod"), ("uint64", "authorBytesMax"), ("uint64", "priceNanoMax"), ("bytes32", "keysRoot"),
    ("bytes32", "boxesHash"), ("bytes32", "salt"),
]
BATCH = [
    ("bytes32", "channelId"), ("uint64", "blockNumber"), ("uint8", "author"), ("uint64", "sequence"),
    ("uint32", "count"), ("bytes32", "recordsRoot"),
]
DELEGATION = [
    ("bytes32", "channelId"), ("uint64", "blockNumber"), ("uint8", "participant"), ("address", "validator"),
    ("bool", "binding"), ("bytes32", "keyCommitment"), ("uint256", "feeWei"), ("uint64", "nonce"),
    ("uint64", "notAfter"),
]
KEY_POSSESSION = [("address", "account"), ("uint8", "purpose"), ("uint256", "nonce")]
RECEIPT = [
    ("bytes32", "channelId"), ("uint64", "blockNumber"), ("uint8", "author"), ("uint64", "sequence"),
    ("bytes32", "recordsRoot"), ("uint64", "receivedAt"),
]
DOMAIN = [("string", "name"), ("string", "version"), ("uint256", "chainId"), ("address", "verifyingContract")]


def encode_field(kind, value):
    if kind.endswith("[]"):
        return keccak256(*(encode_field(kind[:-2], one) for one in value))
    if kind == "string":
        return keccak256(value.encode())
    if kind == "bytes":
        return keccak256(unhex(value))
    if kind == "address":
        return unhex(value.lower()).rjust(32, b"\0")
    if kind == "bytes32":
        return value if isinstance(value, bytes) else unhex(value)
    return word(value)


def struct_hash(name, fields, values):
    signature = f"{name}({','.join(f'{kind} {field}' for kind, field in fields)})"
    return keccak256(keccak256(signature.encode()), *(encode_field(kind, values[field]) for kind, field in fields))


def digest_of(domain, name, fields, values):
    return keccak256(b"\x19\x01", struct_hash("EIP712Domain", DOMAIN, domain), struct_hash(name, fields, values))


def recover(digest, signature):
    """The signer's address, or None where r, s and v are no signature: other v, high s, no point."""
    r, s, v = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big"), signature[64]
    if v not in (27, 28) or not 0 < r < ORDER or not 0 < s <= ORDER // 2:
        return None
    try:
        key = PublicKey.from_signature_and_message(signature[:64] + bytes([v - 27]), digest, hasher=None)
    except Exception:  # the library raises what it likes for an r that is no point
        return None
    return tohex(keccak256(key.format(compressed=False)[1:])[12:])


# ---- Reducer parameters (7)


def encode_parameters(p):
    shares = b"".join(word(share["participant"]) + word(share["ppm"]) for share in p["shares"])
    head = [p["priceTolerancePpm"], p["onPriceMismatch"], p["onMissingDsp"], p["onMissingSsp"], p["onMissingAudit"],
            p["requireViewable"], p["auditorFeeNano"], 9 * 32, p["discrepancyLimitPpm"], len(p["shares"])]
    return b"".join(word(one) for one in head) + shares


# ---- Records (3)


class Record:
    __slots__ = ("kind", "version", "author", "counterparty", "flags", "key", "price", "hash", "data")

    def __init__(self, data):
        self.kind, self.version, self.author, self.counterparty = data[:4]
        self.flags = int.from_bytes(data[4:8], "little")
        self.key = data[16:32]
        self.price = int.from_bytes(data[32:40], "little")
        self.hash = hashlib.sha256(data).digest()
        self.data = data


def record_fault(r, roles, price_max):
    """The field at fault, or None."""

    def is_seller(participant):
        return participant < len(roles) and roles[participant] in SELLERS

    if r.kind not in (WIN, AUDIT):
        return "kind"
    if r.version != 1:
        return "version"
    if r.kind == WIN:
        if r.author != 0 and not is_seller(r.author):
            return "author"
        if not (is_seller(r.counterparty) if r.author == 0 else r.counterparty == 0):
            return "counterparty"
        if r.flags not in (0, TEST):
            return "flags"
        return "priceNano" if r.price > price_max else None
    if r.author >= len(roles) or roles[r.author] != AUDITOR:
        return "author"
    if r.counterparty != EVERY_SELLER and not is_seller(r.counterparty):
        return "counterparty"
    if r.flags >= 64:
        return "flags"
    return "priceNano" if r.price != 0 else None


def parse_record(data, roles, price_max):
    """A Record, or the name of the field at fault."""
    if len(data) != 64:
        return "length"
    record = Record(data)
    return record_fault(record, roles, price_max) or record


def impression_key(auction_id, imp_id):
    """16 bytes, or None for ids that are refused."""
    for one in (auction_id, imp_id):
        try:
            size = len(one.encode())
        except UnicodeEncodeError:  # half of a surrogate pair
            return None
        if not 1 <= size <= 256 or "\0" in one:
            return None
    return sha256(auction_id.encode(), b"\0", imp_id.encode())[:16]


# ---- Batches (4)


class Batch:
    __slots__ = ("block_number", "sequence", "count", "author", "channel_id", "records_root", "signature", "records",
                 "header", "size")

    def __init__(self, data):
        self.header = data[:192]
        self.block_number = int.from_bytes(data[8:16], "little")
        self.sequence = int.from_bytes(data[16:24], "little")
        self.count = int.from_bytes(data[24:28], "little")
        self.author = data[28]
        self.channel_id, self.records_root, self.signature = data[32:64], data[64:96], data[96:161]
        self.size = 192 + 64 * self.count
        self.records = [Record(data[i : i + 64]) for i in range(192, self.size, 64)]

    @property
    def place(self):
        return (self.author, self.sequence, self.records_root)


def read_batch(data, at, channel):
    """The batch that begins at `at`, or None where its form is wrong; not its channel, root or signature."""
    head = data[at : at + 192]
    if len(head) < 192 or head[:8] != b"papyrus\x01" or any(head[29:32]) or any(head[161:192]):
        return None
    count = int.from_bytes(head[24:28], "little")
    if not 1 <= count <= 1021 or head[28] >= len(channel.roles) or at + 192 + 64 * count > len(data):
        return None
    batch = Batch(data[at : at + 192 + 64 * count])
    for record in batch.records:
        if record.author != batch.author or record_fault(record, channel.roles, channel.price_max):
            return None
    return batch


def has_its_root(batch):
    return merkle_root([record.hash for record in batch.records]) == batch.records_root


def batch_digest(domain, batch):
    return digest_of(domain, "RecordBatch", BATCH, {
        "channelId": batch.channel_id, "blockNumber": batch.block_number, "author": batch.author,
        "sequence": batch.sequence, "count": batch.count, "recordsRoot": batch.records_root,
    })


# ---- Parts (5)


class Channel:
    """What the rules need to know of a channel in one block."""

    def __init__(self, domain, channel_id, block_number, roles, signers, author_bytes_max=U64_MAX, price_max=U64_MAX):
        self.domain, self.channel_id, self.block_number = domain, channel_id, block_number
        self.roles = roles
        self.signers = [None if one is None else one.lower() for one in signers]
        self.author_bytes_max, self.price_max = author_bytes_max, price_max
        self.known = {}  # signer by header: parts share batches

    def is_signed(self, batch):
        if batch.header not in self.known:
            self.known[batch.header] = recover(batch_digest(self.domain, batch), batch.signature)
        signer = self.known[batch.header]
        return signer is not None and signer == self.signers[batch.author]


def read_batches(plaintext, channel):
    """All batches of the bytes, or None where they are not batches of this channel and block."""
    batches, at = [], 0
    while at < len(plaintext):
        batch = read_batch(plaintext, at, channel)
        if batch is None or (batch.channel_id, batch.block_number) != (channel.channel_id, channel.block_number):
            return None
        batches.append(batch)
        at += batch.size
    return batches


def cut(batches):
    """The batches of each segment."""
    segments, held, size = [], [], 0
    for batch in batches:
        if held and (held[0].author != batch.author or size + batch.size > SEGMENT_BYTES_MAX):
            segments.append(held)
            held, size = [], 0
        held.append(batch)
        size += batch.size
        if batch.records_root[31] < 64 and size >= CUT_BYTES_MIN:
            segments.append(held)
            held, size = [], 0
    return segments + [held] if held else segments


def segment_root(batches):
    return merkle_root([sha256(batch.header) for batch in batches])


def segment_key(block_key, channel, root):
    info = b"papyrus segment" + channel.channel_id + channel.block_number.to_bytes(8, "big") + root
    return hkdf(block_key, info)


def seal(key, text):
    return b"".join(AES.new(key, AES.MODE_GCM, nonce=bytes(12)).encrypt_and_digest(text))


def open_sealed(key, sealed):
    """What the bytes before the tag decrypt to, or None where there is no room for a tag; it decides nothing."""
    if len(sealed) < 16:
        return None
    return AES.new(key, AES.MODE_CTR, nonce=bytes(12), initial_value=2).decrypt(sealed[:-16])


def seal_part(plaintext, batches, channel, block_key):
    """[(batches, bytes, key, row)] of the part's segments: sealing again gives the same bytes."""
    sealed, at = [], 0
    for segment in cut(batches):
        size, root = sum(batch.size for batch in segment), segment_root(segment)
        key = segment_key(block_key, channel, root)
        sealed.append((len(segment), size, key, sha256(seal(key, plaintext[at : at + size])) + root))
        at += size
    return sealed


def commit_rows(rows):
    """(partRoot, segmentCount, indexHash) as a commitment writes them, and the index."""
    pages = [b"".join(rows[i : i + PAGE_ROWS]) for i in range(0, len(rows), PAGE_ROWS)]
    index = b"".join(sha256(page) for page in pages)
    root = merkle_root([sha256(row) for row in rows])
    return {"partRoot": tohex(root), "segmentCount": len(rows), "indexHash": tohex(sha256(index))}


def invalidity(segments, channel):
    """Why segments of batches of good form do not make a valid part: the first reason that applies, or None."""
    batches = [batch for segment in segments for batch in segment]
    if any(a.place >= b.place for a, b in zip(batches, batches[1:])):
        return "out-of-order"
    rows = [0] * len(channel.roles)
    for segment in segments:
        rows[segment[0].author] += 1
    if max(rows) > channel.author_bytes_max // BYTES_A_ROW + 1:
        return "too-large"
    if not all(has_its_root(batch) for batch in batches):
        return "wrong-batch-root"
    return None if all(channel.is_signed(batch) for batch in batches) else "bad-signature"


def open_part(commitment, block_key, channel, get):
    """(plaintext, batches, None) of a valid part, else (plaintext or None, None, reason).

    `get(digest)`: the stored bytes under a digest, whatever they are, or None where there are none.
    """
    count = commitment["segmentCount"]
    pages_count = -(-count // PAGE_ROWS)

    def fetch(digests):
        """(all of them, None) or (None, reason)."""
        found = [get(digest) for digest in digests]
        if None in found:
            return None, "unavailable"
        return (found, None) if all(sha256(one) == d for one, d in zip(found, digests)) else (None, "wrong-bytes")

    # An empty part needs nothing in the store.
    found, reason = ([b""], None) if count == 0 else fetch([unhex(commitment["indexHash"])])
    if reason:
        return None, None, reason
    index = found[0]
    if len(index) != 32 * pages_count:
        return None, None, "wrong-bytes"
    pages, reason = fetch([index[i : i + 32] for i in range(0, len(index), 32)])
    if reason:
        return None, None, reason
    manifest = b"".join(pages)
    rows = [manifest[i : i + 64] for i in range(0, len(manifest), 64)]
    has_whole_rows = all(len(row) == 64 for row in rows)
    if not has_whole_rows or commit_rows(rows) != commitment:
        return None, None, "wrong-bytes"
    sealed, reason = fetch([row[:32] for row in rows])
    if reason:
        return None, None, reason
    texts = [open_sealed(segment_key(block_key, channel, row[32:]), one) for row, one in zip(rows, sealed)]
    if None in texts:
        return None, None, "does-not-open"
    plaintext = b"".join(texts)
    segments = [read_batches(text, channel) for text in texts]
    if any(segment is None or len(cut(segment)) != 1 for segment in segments):  # one may end early, not go on
        return plaintext, None, "malformed"
    batches = [batch for segment in segments for batch in segment]
    if any(segment_root(segment) != row[32:] for row, segment in zip(rows, segments)):
        return plaintext, None, "wrong-segment-root"
    reason = invalidity(segments, channel)
    return (plaintext, None, reason) if reason else (plaintext, batches, None)
