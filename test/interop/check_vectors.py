#!/usr/bin/env python3
"""Checks a folder of protocol vectors with the code that checks exported blocks: check_vectors.py DIR.

Exit codes as of check_block.py.
"""

import base64
import json
import sys
from pathlib import Path

sys.dont_write_bytecode = True  # a check leaves no traces in the checkout

from check_block import Difference, check_export, same
from papyrus_box import open_box, seal_box, x25519
from papyrus_reduce import reduce_records
from papyrus_wire import (DELEGATION, KEY_POSSESSION, RECEIPT, TERMS, U64_MAX, Channel, Record, batch_digest, commit_rows, cut, digest_of,
                          encode_parameters, has_its_root, hkdf, impression_key, invalidity, keccak256, merkle_path,
                          merkle_root, parse_record, read_batch, read_batches, recover, root_of_path, seal_part, sha256,
                          struct_hash, tohex, unhex)


def check_merkle(vectors):
    for count, root in enumerate(vectors["roots"]):
        leaves = [sha256(at.to_bytes(4, "big")) for at in range(count)]
        same(f"root of {count}", tohex(merkle_root(leaves)), root)
    leaves = [sha256(at.to_bytes(4, "big")) for at in range(11)]
    for at, path in enumerate(vectors["paths11"]):
        same(f"path {at} of 11", [tohex(one) for one in merkle_path(leaves, at)], path)
        same(f"root of path {at}", root_of_path(leaves[at], at, 11, map(unhex, path)), merkle_root(leaves))
    return len(vectors["roots"]) + len(vectors["paths11"])


def check_terms(vectors):
    for case in vectors["cases"]:
        same("structHash", tohex(struct_hash("ChannelTerms", TERMS, case["terms"])), case["structHash"])
        same("channelId", tohex(digest_of(vectors["domain"], "ChannelTerms", TERMS, case["terms"])), case["channelId"])
        same("parameters", tohex(encode_parameters(case["parameters"])), case["parameters"]["encoded"])
        same("reducerParameters", case["terms"]["reducerParameters"], case["parameters"]["encoded"])
    return len(vectors["cases"])


def check_records(vectors):
    roles, price_max = vectors["roles"], int(vectors["priceNanoMax"])
    for one in vectors["impressionKeys"]:
        same("impression key", tohex(impression_key(one["auctionId"], one["impId"])), one["key"])
    for one in vectors["refusedIds"] + ["\ud83d", "\ude00\ud83d"]:
        same("key of a refused id", (impression_key(one, "1"), impression_key("1", one)), (None, None))
    for one in vectors["good"]:
        record, fields = parse_record(unhex(one["bytes"]), roles, price_max), one["fields"]
        if not isinstance(record, Record):
            raise Difference(f"a good record is refused for {record}")
        same("hash", tohex(record.hash), one["hash"])
        same("fields", [record.kind, record.version, record.author, record.counterparty, record.flags,
                        tohex(record.key), record.price],
             [fields[name] for name in ("kind", "version", "author", "counterparty", "flags", "impressionKey")]
             + [int(fields["priceNano"])])
    for one in vectors["bad"]:
        same("field at fault", parse_record(unhex(one["bytes"]), roles, price_max), one["field"])
    return len(vectors["good"]) + len(vectors["bad"])


def channel_of(vectors, roles, signers):
    return Channel(vectors["domain"], unhex(vectors["channelId"]), vectors["blockNumber"], roles, signers)


def check_batches(vectors):
    channel = channel_of(vectors, vectors["roles"], vectors["signers"])
    for one in vectors["good"]:
        data = unhex(one["bytes"])
        batch = read_batch(data, 0, channel)
        same("batch", [batch.author, batch.sequence, batch.count, batch.size, tohex(batch.records_root)],
             [one["author"], int(one["sequence"]), one["count"], len(data), one["recordsRoot"]])
        same("root", has_its_root(batch), True)
        digest = batch_digest(vectors["domain"], batch)
        same("digest", tohex(digest), one["digest"])
        same("signer", recover(digest, batch.signature), one["signer"])
        same("a part of the good batch", invalidity([[batch]], channel), None)
    for one in vectors["faulty"]:
        batches, fault = read_batches(unhex(one["bytes"]), channel), one["fault"]
        expected = "malformed"
        if fault.startswith("records root"):
            expected = "wrong-batch-root"
        elif fault.startswith("signature") and "block number" not in fault and "channel" not in fault:
            expected = "bad-signature"
        same(f"batch with fault {fault!r}", "malformed" if batches is None else invalidity(cut(batches), channel), expected)
        batch = read_batch(unhex(one["bytes"]), 0, channel)
        if fault.startswith("signature"):
            same(f"batch with fault {fault!r} is signed", channel.is_signed(batch), False)
    return len(vectors["good"]) + len(vectors["faulty"])


def check_parts(vectors, roles):
    def key_of(secret):
        return hkdf(secret, b"papyrus block")

    secret, leaves = unhex(vectors["channelSecret"]), []
    for block in range(vectors["blocksMax"]):
        if block == vectors["blockNumber"]:
            same("blockSecret", tohex(secret), vectors["blockSecret"])
            same("blockKey", tohex(key_of(secret)), vectors["blockKey"])
        leaves.append(keccak256(b"papyrus key", key_of(secret)))
        secret = hkdf(secret, b"papyrus next")
    same("keyCommitment", tohex(leaves[vectors["blockNumber"]]), vectors["keyCommitment"])
    same("keysRoot", tohex(merkle_root(leaves)), vectors["keysRoot"])
    same("keyPath", [tohex(one) for one in merkle_path(leaves, vectors["blockNumber"])], vectors["keyPath"])
    channel = channel_of(vectors, roles, [])
    for part in vectors["parts"]:
        plaintext = base64.b64decode(part["plaintext"])
        segments = seal_part(plaintext, read_batches(plaintext, channel), channel, unhex(vectors["blockKey"]))
        same(f"segments of {part['name']}",
             [{"batches": count, "bytes": size, "segmentKey": tohex(key), "row": tohex(row)}
              for count, size, key, row in segments], part["segments"])
        same(f"commitment of {part['name']}", commit_rows([segment[3] for segment in segments]),
             {key: part[key] for key in ("partRoot", "segmentCount", "indexHash")})
    for one in vectors["manifests"]:
        rows = [sha256(at.to_bytes(4, "big")) + sha256((at + 2**24).to_bytes(4, "big")) for at in range(one["rows"])]
        same(f"manifest of {one['rows']} rows", commit_rows(rows),
             {"partRoot": one["partRoot"], "segmentCount": one["rows"], "indexHash": one["indexHash"]})
    for one in vectors["boxes"]:
        secret, box = unhex(one["recipientSecret"]), unhex(one["box"])
        same(f"public key of {one['about']}", tohex(x25519(secret)), one["recipientPublic"])
        same(f"box of {one['about']}", box, seal_box(*(unhex(one[key]) for key in (
            "plaintext", "recipientPublic", "ephemeralSecret", "nonce"))))
        same(f"plaintext of {one['about']}", tohex(open_box(box, secret)), one["plaintext"])
        same(f"opened by another: {one['about']}", open_box(box, sha256(secret)), None)
    for one in vectors["proofs"]:
        check_proof(one)
    for name, key, fields in (("Delegation", "delegation", DELEGATION), ("Receipt", "receipt", RECEIPT),
                              ("KeyPossession", "keyPossession", KEY_POSSESSION)):
        one = vectors[key]
        digest = digest_of(vectors["domain"], name, fields, {**vectors, **one})
        same(f"digest of {name}", tohex(digest), one["digest"])
        same(f"signature of {name}", recover(digest, unhex(one["signature"])) is not None, True)
    signers = [recover(unhex(vectors[one]["digest"]), unhex(vectors[one]["signature"]))
               for one in ("delegation", "receipt", "keyPossession")]
    same("signers of what an operator key signs", len(set(signers)), 1)
    return sum(len(vectors[key]) for key in ("parts", "manifests", "boxes", "proofs"))


def check_proof(one):
    """A record, from its bytes to the root of its part."""
    record, header = unhex(one["record"]), unhex(one["header"])
    same("sizes of record and header", (len(record), len(header)), (64, 192))
    same("author of record and header", record[2], header[28])
    count = int.from_bytes(header[24:28], "little")
    same("count in the header", count, one["count"])

    def root(leaf, index, of, path):
        return root_of_path(leaf, one[index], of, map(unhex, one[path]))

    same("recordsRoot", root(sha256(record), "recordIndex", count, "recordPath"), header[64:96])
    segment_root = root(sha256(header), "batchIndex", one["batches"], "batchPath")
    same("segmentRoot", tohex(segment_root), one["segmentRoot"])
    row = sha256(unhex(one["sealedDigest"]), segment_root)
    same("partRoot", tohex(root(row, "segmentIndex", one["segmentCount"], "rowPath")), one["partRoot"])


def check_impressions(vectors):
    for case in vectors["cases"]:
        records = [parse_record(unhex(one), case["roles"], U64_MAX) for one in case["records"]]
        group, = reduce_records(records, case["roles"], case["parameters"]).groups
        outcomes = []
        for _, reason, nano, differs in group.outcomes:
            outcomes += ([["price-differs", str(nano)]] if differs else []) + [[reason, str(nano)]]
        found = {"amounts": [str(one) for one in group.amounts], "outcomes": outcomes,
                 "contradictory": group.contradictory, "flooding": group.flooding, "kept": group.kept,
                 "groupRoot": tohex(group.root), "leaf": tohex(group.leaf)}
        same(case["name"], found, {key: case[key] for key in found})
    return len(vectors["cases"])


def check_blocks(vectors):
    for block in vectors["blocks"]:
        try:
            check_export({**block, **{key: vectors[key] for key in ("domain", "channelId", "blockNumber")}})
        except Difference as difference:
            raise Difference(f"block {block['name']!r}, {difference}") from None
    return len(vectors["blocks"])


def main(arguments):
    folder = Path(arguments[0]) if len(arguments) == 1 else Path("-")
    if not (folder / "blocks.json").is_file():
        print("usage: check_vectors.py DIR   (DIR holds merkle.json … blocks.json)", file=sys.stderr)
        return 2

    def read(name):
        return json.loads((folder / f"{name}.json").read_text(encoding="utf8"))

    checks = {"merkle": check_merkle, "terms": check_terms, "records": check_records, "batches": check_batches,
              "parts": lambda vectors: check_parts(vectors, read("batches")["roles"]),
              "impressions": check_impressions, "blocks": check_blocks}
    counts = []
    for name, check in checks.items():
        try:
            counts.append(f"{name} {check(read(name))}")
        except Difference as difference:
            print(f"different: {name}.json, {difference}")
            return 1
    print(f"equal: {', '.join(counts)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
