#!/usr/bin/env python3
"""Checks a proof of one impression: check_proof.py FILE, where FILE was written by `papyrus record prove`.

Exit code 0: it holds; what is to be compared with the chain is printed. 1: the first step that does not hold is named.
2: usage. 3: a needed library is missing.
"""

import json
import sys
from pathlib import Path

sys.dont_write_bytecode = True  # a check leaves no traces in the checkout

from papyrus_reduce import amount_words, reduce_group
from papyrus_wire import (BATCH, TERMS, TEST, Record, digest_of, keccak256, merkle_root, parse_record, recover,
                          root_of_path, sha256, tohex, unhex, word)


class Fault(Exception):
    pass


def need(holds, what):
    if not holds:
        raise Fault(what)


def parameters_of(encoded):
    """The words of `abi.encode`; that they are its one encoding, the channel id says of terms that opened."""
    words = [int.from_bytes(encoded[i : i + 32], "big") for i in range(0, len(encoded), 32)]
    names = ("priceTolerancePpm", "onPriceMismatch", "onMissingDsp", "onMissingSsp", "onMissingAudit",
             "requireViewable", "auditorFeeNano")
    shares = [{"participant": words[10 + 2 * i], "ppm": words[11 + 2 * i]} for i in range(words[9])]
    return {**dict(zip(names, words)), "shares": shares}


def node(left, right, amounts):
    return sha256(sha256(left, right), merkle_root(amount_words(amounts)))


def root_of(leaf, amounts, index, count, path):
    """The root's hash and amounts, or None where the path has another length than index and count fix."""
    need(0 <= index < count, "index")
    steps = [(unhex(step["sibling"]), [int(one) for one in step["amounts"]]) for step in path]
    while count > 1:
        if index ^ 1 < count:
            need(steps, "path")
            sibling, together = steps.pop(0)
            leaf = node(sibling, leaf, together) if index % 2 else node(leaf, sibling, together)
            amounts = together
        index, count = index // 2, (count + 1) // 2
    need(not steps, "path")
    return leaf, amounts


def need_root(proof, leaf, amounts, index, path):
    result = proof["result"]
    root, sums = root_of(leaf, amounts, index, result["impressionCount"], path)
    need(tohex(root) == result["settlementRoot"], "path")
    need(sums == [int(one) for one in result["amounts"]], "amounts")


def output_hash(proof):
    result = proof["result"]
    amounts = [int(one) for one in result["amounts"]]
    need(all(0 <= one < 2**64 for one in amounts), "numbers")
    words = amount_words(amounts)
    return keccak256(unhex(proof["channelId"]), word(proof["blockNumber"]), unhex(result["settlementRoot"]),
                     word(result["impressionCount"]), word(6 * 32), word(result["validParts"]), word(len(words)), *words)


def check_neighbours(proof):
    key, sides = unhex(proof["impressionKey"]), [proof["left"], proof["right"]]
    left, right = sides
    count = proof["result"]["impressionCount"]
    need(any(sides) or count == 0, "neighbours")
    need(left is None or unhex(left["impressionKey"]) < key, "neighbours")
    need(right is None or key < unhex(right["impressionKey"]), "neighbours")
    need((right["index"] if right else count) == (left["index"] + 1 if left else 0), "neighbours")
    for one in filter(None, sides):
        amounts = [int(nano) for nano in one["amounts"]]
        content = sha256(unhex(one["impressionKey"]), one["kept"].to_bytes(8, "big"), bytes(8), unhex(one["recordsRoot"]))
        need_root(proof, sha256(content, merkle_root(amount_words(amounts))), amounts, one["index"], one["path"])


def check_place(proof, domain, place, record):
    header = unhex(place["header"])
    need(header[:8] == b"papyrus\x01" and not any(header[29:32]) and not any(header[161:192]), "header")
    author, count = header[28], int.from_bytes(header[24:28], "little")
    need(1 <= count <= 1021 and record.author == author, "author")
    paths = {name: [unhex(one) for one in place[name]] for name in ("recordPath", "batchPath", "rowPath")}
    need(root_of_path(record.hash, place["recordIndex"], count, paths["recordPath"]) == header[64:96], "recordsRoot")
    segment = root_of_path(sha256(header), place["batchIndex"], place["batches"], paths["batchPath"])
    need(segment is not None, "segmentRoot")
    row = sha256(unhex(place["sealedDigest"]), segment)
    part_root = root_of_path(row, place["segmentIndex"], place["segmentCount"], paths["rowPath"])
    need(part_root == unhex(place["partRoot"]), "partRoot")
    block_number = int.from_bytes(header[8:16], "little")
    need(header[32:64] == unhex(proof["channelId"]) and block_number == proof["blockNumber"], "block")
    need(proof["result"]["validParts"] >> place["participant"] & 1, "part")
    signer = recover(digest_of(domain, "RecordBatch", BATCH, {
        "channelId": header[32:64], "blockNumber": block_number, "author": author,
        "sequence": int.from_bytes(header[16:24], "little"), "count": count, "recordsRoot": header[64:96],
    }), header[96:161])
    need(signer is not None, "signature")
    return f"record of participant {author}, signed by {signer}, in part {place['participant']} {place['partRoot']}"


def check_leaf(proof, domain):
    terms, leaf = proof["terms"], proof["leaf"]
    records = [parse_record(unhex(one), terms["roles"], int(terms["priceNanoMax"])) for one in leaf["records"]]
    need(records and all(isinstance(one, Record) for one in records), "records")
    need(all(one.key == unhex(proof["impressionKey"]) and not one.flags & TEST for one in records), "records")
    ordered = sorted(records, key=lambda one: (one.kind, one.author, one.hash))
    group = reduce_group(ordered, terms["roles"], parameters_of(unhex(terms["reducerParameters"])))
    need(group.kept == len(records) == len({one.hash for one in records}), "leaf")
    need_root(proof, group.leaf, group.amounts, leaf["index"], leaf["path"])
    need(len(proof["places"]) == len(records), "places")
    lines = [check_place(proof, domain, place, record) for place, record in zip(proof["places"], records)]
    paid = ", ".join(f"{at} {nano}" for at, nano in enumerate(group.amounts) if nano)
    reasons = ", ".join(reason for _, reason, _, _ in group.outcomes)
    return lines + [f"came to {reasons}; nano by participant: {paid or 'nothing'}"]


def check(proof):
    need(proof["schemaVersion"] == 1, "schemaVersion")
    domain = {"name": "Papyrus", "version": "1", "chainId": proof["chainId"],
              "verifyingContract": proof["verifyingContract"]}
    channel_id = digest_of(domain, "ChannelTerms", TERMS, proof["terms"])
    need(tohex(channel_id) == proof["channelId"] and proof["terms"]["reducer"] == "rtb-impression/1", "terms")
    if proof["leaf"] is not None:
        lines = check_leaf(proof, domain)
    else:
        need(not proof["places"], "places")
        check_neighbours(proof)
        lines = ["the block has no such impression"]
    return lines + [f"holds: outputHash {tohex(output_hash(proof))}"]


def main(arguments):
    if len(arguments) != 1 or not Path(arguments[0]).is_file():
        print("usage: check_proof.py FILE   (FILE was written by `papyrus record prove`)", file=sys.stderr)
        return 2
    try:
        print("\n".join(check(json.loads(Path(arguments[0]).read_text(encoding="utf8")))))
        return 0
    except Fault as fault:
        print(f"does not hold: {fault}")
    except (KeyError, IndexError, TypeError, ValueError, OverflowError) as fault:
        print(f"does not hold: not of the stated form: {type(fault).__name__} {fault}")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
