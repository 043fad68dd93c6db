#!/usr/bin/env python3
"""Checks a settled block from outside: check_block.py DIR, where DIR was written by `papyrus block export … --sealed`.

Opens the sealed blocks, verifies every digest, root and signature, reduces, and compares all that the export states.
Says what was checked, and what is only believed because it is not in the export: that is for the chain to say.
Exit code 0: everything is equal. 1: the first difference is named. 2: usage. 3: a needed library is missing.
"""

import base64
import json
import sys
from pathlib import Path

sys.dont_write_bytecode = True  # a check leaves no traces in the checkout

from papyrus_reduce import reduce_block, work_of
from papyrus_wire import (TERMS, U64_MAX, Channel, commit_rows, cut, digest_of, encode_parameters, invalidity, open_part,
                          read_batches, seal_part, tohex, unhex)


class Difference(Exception):
    pass


def same(what, found, stated):
    if found != stated:
        raise Difference(f"{what}: found {short(found)}, the export states {short(stated)}")


def short(value):
    text = json.dumps(value, default=str)
    return text if len(text) <= 300 else text[:300] + "…"


def check_terms(block):
    """The terms give channel id, roles and parameters; an export without terms gives limits that never bind."""
    parameters = block["parameters"]
    same("parameters.encoded", tohex(encode_parameters(parameters)), parameters["encoded"])
    terms = block.get("terms")
    if terms is None:
        return U64_MAX, U64_MAX
    same("channelId", tohex(digest_of(block["domain"], "ChannelTerms", TERMS, terms)), block["channelId"])
    same("roles", terms["roles"], block["roles"])
    same("reducer", terms["reducer"], "rtb-impression/1")
    same("terms.reducerParameters", terms["reducerParameters"], parameters["encoded"])
    return int(terms["authorBytesMax"]), int(terms["priceNanoMax"])


def channel_of(block):
    author_bytes_max, price_max = check_terms(block)
    same("number of signers", len(block["signers"]), len(block["roles"]))
    return Channel(block["domain"], unhex(block["channelId"]), int(block["blockNumber"]), block["roles"],
                   block["signers"], author_bytes_max, price_max)


def stated_parts(block, folder):
    """{participant: plaintext} as the export gives it in files, in block.json, or in both alike."""
    parts = {int(one): base64.b64decode(text) for one, text in (block.get("parts") or {}).items()}
    for participant in range(len(block["roles"])) if folder else ():
        file = folder / f"part-{participant}.bin"
        if file.exists():
            data = file.read_bytes()
            same(f"part {participant} in block.json", parts.get(participant, data) == data, True)
            parts[participant] = data
    return parts


def check_plain_part(participant, plaintext, commitment, channel, block_key):
    """(batches, None) or (None, reason) of an opened part; seals a valid one again to compare the commitment."""
    batches = read_batches(plaintext, channel)
    reason = "malformed" if batches is None else invalidity(cut(batches), channel)
    if reason:
        return None, reason
    rows = [row for _, _, _, row in seal_part(plaintext, batches, channel, block_key)]
    same(f"commitment of part {participant}", commit_rows(rows), commitment)
    return batches, None


def check_parts(block, channel, folder):
    """({participant: batches}, {participant: reason}, [participants whose reason is taken from the report])."""
    sealed = folder / "sealed" if folder and (folder / "sealed").is_dir() else None
    stated = stated_parts(block, folder)
    reported = {int(one): reason for one, reason in block["result"]["report"]["invalidParts"]}
    block_key = unhex(block["blockKey"])
    valid, invalid, believed = {}, {}, []

    def get(digest):
        file = sealed / f"{digest.hex()}.bin"
        return file.read_bytes() if file.exists() else None

    for participant in range(len(block["roles"])):
        commitment = block["commitments"].get(str(participant))
        if commitment is None and participant not in reported:
            raise Difference(f"part {participant}: no commitment, but the report does not call it invalid")
        if commitment is not None and sealed:
            plaintext, batches, reason = open_part(commitment, block_key, channel, get)
            if reason is None or participant in stated:
                same(f"part-{participant}.bin is what the sealed segments open to",
                     stated.get(participant) == plaintext, True)
        elif commitment is not None and participant in stated:
            batches, reason = check_plain_part(participant, stated[participant], commitment, channel, block_key)
        elif commitment is None and sealed:
            reason = "missing"
        else:
            reason = reported.get(participant, "unavailable")
            believed.append(participant)
        if reason:
            invalid[participant] = reason
        else:
            valid[participant] = batches
    return valid, invalid, believed


def numbers(value):
    """Large counts may be written as decimal strings."""
    if isinstance(value, dict):
        return {key: numbers(one) for key, one in value.items()}
    if isinstance(value, list):
        return [numbers(one) for one in value]
    return int(value) if isinstance(value, str) and value.isdecimal() else value


def check_result(result, stated):
    for key in ("report", "validParts", "impressionCount", "settlementRoot", "amounts", "outputTransactions",
                "outputHash", "reportBytes", "reportHash"):
        if key == "report":
            same(key, numbers(result[key]), numbers(stated[key]))
        else:
            same(key, result[key], stated[key])


def check_validators(block, output):
    listed = block.get("validators") or [block]
    same("the first of validators", {key: block[key] for key in ("validator", "workDigest", "salt", "commitment")},
         {key: listed[0][key] for key in ("validator", "workDigest", "salt", "commitment")})
    for one in listed:
        work, commitment = work_of(one["validator"], block["result"]["outputHash"], one["salt"], output)
        same(f"workDigest of {one['validator']}", work, one["workDigest"])
        same(f"commitment of {one['validator']}", commitment, one["commitment"])
    return len(listed)


def stated_outcome(one):
    return (one["seller"], one["reason"], int(one["nano"]), one["priceDiffers"])


def check_impressions(file, groups):
    """Each line states what one impression came to, in the order of the settlement tree."""
    at = 0
    with file.open(encoding="utf8") as lines:
        for at, line in enumerate(lines, 1):
            if at > len(groups):
                raise Difference(f"impressions.ndjson has more than {len(groups)} lines")
            one, group = json.loads(line), groups[at - 1]
            where = f"impressions.ndjson line {at}"
            same(f"{where}, impressionKey", tohex(group.key), one["impressionKey"])
            same(f"{where}, records", group.records, one["records"])
            same(f"{where}, kept", group.kept, one["kept"])
            same(f"{where}, outcomes", group.outcomes, [stated_outcome(outcome) for outcome in one["outcomes"]])
            same(f"{where}, amounts", [str(nano) for nano in group.amounts], one["amounts"])
            same(f"{where}, leaf", tohex(group.leaf), one["leaf"])
    same("lines of impressions.ndjson", at, len(groups))


def coverage(block, folder, believed):
    """Two lines: what the checks above rest on, and what an export alone cannot show."""
    is_sealed = (folder / "sealed").is_dir()
    checked = [
        "the sealed bytes against the commitments, and what they open to" if is_sealed else
        "the opened parts, sealed again, against the commitments",
        "every signature against the signers that the export states",
        "every record, reduced again: impressions, amounts, roots, outputHash and block report",
        "the work and commitments of the validators",
    ]
    unchecked = [
        "that the chain has these commitments, signers, validators and this outputHash, and paid the amounts",
        "that the records tell what happened: what all parties left out is in no part",
    ]
    if block.get("terms") is None:
        unchecked.append("the terms, which the export lacks: no limit of theirs was applied")
    else:
        checked.insert(0, "the channel id against domain and terms")
    if not is_sealed:
        unchecked.append("the stored bytes, which export --sealed adds")
    if believed:
        unchecked.append(f"why parts {believed} are invalid: their bytes are not in the export")
    return [f"checked: {'; '.join(checked)}", f"not checked: {'; '.join(unchecked)}"]


def check_export(block, folder=None):
    """Raises Difference, or returns lines that say what was checked, and of a folder also what was not."""
    channel = channel_of(block)
    valid, invalid, believed = check_parts(block, channel, folder)
    result, output = reduce_block(valid, invalid, channel, block["parameters"])
    check_result(result, block["result"])
    validators = check_validators(block, output)
    if folder:
        check_impressions(folder / "impressions.ndjson", output.groups)
    line = (f"equal: block {channel.block_number}, {len(valid)} valid parts, {len(invalid)} invalid, "
            f"{len(channel.known)} batches, {len(output.record_hashes)} records, {len(output.groups)} impressions, "
            f"{validators} validators, outputHash {result['outputHash']}")
    if believed:
        line += f"; believed without bytes: why parts {believed} are invalid"
    return "\n".join([line, *(coverage(block, folder, believed) if folder else [])])


def main(arguments):
    if len(arguments) != 1 or arguments[0].startswith("-") or not (Path(arguments[0]) / "block.json").is_file():
        print("usage: check_block.py DIR   (DIR holds block.json, written by `papyrus block export … --sealed`)",
              file=sys.stderr)
        return 2
    folder = Path(arguments[0])
    try:
        print(check_export(json.loads((folder / "block.json").read_text(encoding="utf8")), folder))
        return 0
    except Difference as difference:
        print(f"different: {difference}")
    except (KeyError, TypeError, ValueError, FileNotFoundError) as fault:
        print(f"different: the export is not of the stated form: {type(fault).__name__} {fault}")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
