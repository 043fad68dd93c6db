"""The reduction of a block, its settlement tree and its output (docs/reference/wire-formats.md 7 and 8)."""

from collections import defaultdict

from papyrus_wire import (AUDIT, EVERY_SELLER, SELLERS, TEST, WIN, keccak256, merkle_root, sha256, tohex, unhex, word)

MILLION = 1_000_000
VIEWABLE, INVALID = 2, 8 | 16
USUAL_RECORDS = 16


class Group:
    """What one impression comes to."""

    __slots__ = ("key", "records", "kept", "outcomes", "contradictory", "flooding", "amounts", "root", "opening",
                 "leaf")


class Output:
    """What the records of all valid parts come to."""


def amount_words(amounts):
    padded = list(amounts) + [0] * (-len(amounts) % 4)
    flat = b"".join(one.to_bytes(8, "big") for one in padded)
    return [flat[i : i + 32] for i in range(0, len(flat), 32)]


def keep(records):
    """Those of one author's records towards one counterparty that can decide; `records` by hash."""
    if records[0].kind == WIN:
        highest = max(record.price for record in records)
        lowest = min(record.price for record in records)
        decide = [next(r for r in records if r.price == price) for price in (highest, lowest)]
    else:
        decide = [next((r for r in records if r.flags & INVALID), None),
                  next((r for r in records if not r.flags & VIEWABLE), None)]
        if decide == [None, None]:
            decide = records[:1]
    return {record.hash for record in decide if record is not None}


def reduce_group(records, roles, p):
    """`records`: the distinct records of one impression, in order, without those of tests."""
    group = Group()
    group.key = records[0].key
    statements, written = defaultdict(list), defaultdict(int)
    for record in records:
        statements[record.kind, record.author, record.counterparty].append(record)
        written[record.author] += 1
    deciding = set().union(*(keep(one) for one in statements.values()))
    kept = [record for record in records if record.hash in deciding]
    group.kept = len(kept)
    group.flooding = sorted(author for author, count in written.items() if count > USUAL_RECORDS)

    prices = defaultdict(set)
    for record in kept:
        if record.kind == WIN:
            prices[record.author, record.counterparty].add(record.price)
    group.contradictory = sorted({author for (author, _), stated in prices.items() if len(stated) > 1})
    group.amounts, group.outcomes = [0] * len(roles), []
    for seller, role in enumerate(roles):
        s, d = prices.get((seller, 0)), prices.get((0, seller))
        if role in SELLERS and (s or d):
            audits = [r for r in kept if r.kind == AUDIT and r.counterparty in (EVERY_SELLER, seller)]
            # Who contradicts itself cannot reject.
            policy = {**p, "onPriceMismatch": 0} if d and len(d) > 1 and p["onPriceMismatch"] == 3 else p
            reduce_seller(group, seller, min(s) if s else None, max(d) if d else None, audits, policy)
    if not prices:
        group.outcomes.append((None, "audit-only", 0, False))
    group.amounts[0] = sum(group.amounts)

    group.root = merkle_root([record.hash for record in kept])
    group.opening = sha256(group.key, group.kept.to_bytes(8, "big"), bytes(8), group.root)
    group.leaf = sha256(group.opening, merkle_root(amount_words(group.amounts)))
    return group


def agreed_price(s, d, p):
    """(price, None), or (None, reason)."""
    if s is None:
        return (d, None) if p["onMissingSsp"] == 1 else (None, "missing-ssp")
    if d is None:
        return (s, None) if p["onMissingDsp"] == 1 else (None, "missing-dsp")
    if abs(s - d) * MILLION <= p["priceTolerancePpm"] * max(s, d):
        return min(s, d), None
    price = [min(s, d), s, d, None][p["onPriceMismatch"]]
    return price, None if price is not None else "price-mismatch"


def reduce_seller(group, seller, s, d, audits, p):
    price, reason = agreed_price(s, d, p)
    if price is None:
        group.outcomes.append((seller, reason, max(s or 0, d or 0), False))
        return
    differs = s is not None and d is not None and s != d
    auditors = {record.author for record in audits}
    for auditor in auditors:
        group.amounts[auditor] += int(p["auditorFeeNano"])
    if any(record.flags & INVALID for record in audits):
        verdict = "invalid-traffic"
    elif not auditors:
        verdict = "matched" if p["onMissingAudit"] == 1 else "missing-audit"
    elif p["requireViewable"] and not all(record.flags & VIEWABLE for record in audits):
        verdict = "not-viewable"
    else:
        verdict = "matched"
    group.outcomes.append((seller, verdict, price, differs))
    if verdict == "matched":
        rest = price
        for share in p["shares"]:
            part = price * share["ppm"] // MILLION
            group.amounts[share["participant"]] += part
            rest -= part
        group.amounts[seller] += rest


def sum_tree(groups, participants):
    """(root, its first half or None, amounts)."""
    level = [(group.leaf, group.opening, group.amounts) for group in groups]
    while len(level) > 1:
        above = []
        for left, right in zip(level[::2], level[1::2]):
            amounts = [a + b for a, b in zip(left[2], right[2])]
            opening = sha256(left[0], right[0])
            above.append((sha256(opening, merkle_root(amount_words(amounts))), opening, amounts))
        level = above + ([level[-1]] if len(level) % 2 else [])
    return level[0] if level else (bytes(32), None, [0] * participants)


def reduce_records(records, roles, p):
    """Merge, deduplicate, order, reduce and sum; `records` in any order, any of them repeated."""
    distinct = list({record.hash: record for record in records}.values())
    distinct.sort(key=lambda r: (r.key, r.kind, r.author, r.hash))
    by_key = defaultdict(list)
    for record in distinct:
        by_key[record.key].append(record)
    groups = []
    for one in by_key.values():
        taking = [record for record in one if not record.flags & TEST]
        if taking:
            groups.append(reduce_group(taking, roles, p))
            groups[-1].records = len(one)
    output = Output()
    output.groups = groups
    output.settlement_root, output.opening, output.amounts = sum_tree(groups, len(roles))
    output.record_hashes = [record.hash for record in distinct]
    reasons, contradictory, flooding = {}, defaultdict(int), defaultdict(int)
    for group in groups:
        for _, reason, nano, differs in group.outcomes:
            for one in (["price-differs"] if differs else []) + [reason]:
                count, total = reasons.get(one, (0, 0))
                reasons[one] = (count + 1, total + nano)
        for author in group.contradictory:
            contradictory[author] += 1
        for author in group.flooding:
            flooding[author] += 1
    output.reasons = {reason: list(sums) for reason, sums in reasons.items()}
    output.contradictory = [[author, contradictory[author]] for author in sorted(contradictory)]
    output.flooding = [[author, flooding[author]] for author in sorted(flooding)]
    return output


def cbor(value):
    """DAG-CBOR of integers, text, lists and maps."""
    if isinstance(value, int):
        return cbor_head(0, value)
    if isinstance(value, str):
        return cbor_head(3, len(value.encode())) + value.encode()
    if isinstance(value, (list, tuple)):
        return cbor_head(4, len(value)) + b"".join(cbor(one) for one in value)
    keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
    return cbor_head(5, len(keys)) + b"".join(cbor(key) + cbor(value[key]) for key in keys)


def cbor_head(major, value):
    if value < 24:
        return bytes([major << 5 | value])
    code, length = next((24 + i, 2**i) for i in range(4) if value < 256 ** 2**i)
    return bytes([major << 5 | code]) + value.to_bytes(length, "big")


def reduce_block(parts, invalid, channel, p):
    """The result of a block, shaped as `result` in blocks.json, and its Output.

    `parts`: {participant: batches} of the valid parts; `invalid`: {participant: reason} of the others.
    """
    batches = [batch for one in parts.values() for batch in one]
    output = reduce_records([record for batch in batches for record in batch.records], channel.roles, p)
    roots = defaultdict(set)
    for batch in batches:
        roots[batch.author, batch.sequence].add(batch.records_root)
    report = {
        "version": 1,
        "reasons": output.reasons,
        "invalidParts": [[participant, invalid[participant]] for participant in sorted(invalid)],
        "records": len(output.record_hashes),
        "impressions": len(output.groups),
        "contradictory": output.contradictory,
        "flooding": output.flooding,
        "sequenceConflicts": [list(place) for place in sorted(roots) if len(roots[place]) > 1],
    }
    report_bytes = cbor(report)
    valid_parts = sum(1 << participant for participant in parts)
    words = amount_words(output.amounts)
    output_hash = keccak256(channel.channel_id, word(channel.block_number), output.settlement_root,
                            word(len(output.groups)), word(6 * 32), word(valid_parts), word(len(words)), *words)
    if output.opening is not None and sha256(output.opening, merkle_root(words)) != output.settlement_root:
        raise AssertionError("the settlement root does not open to its amounts")
    result = {
        "settlementRoot": tohex(output.settlement_root),
        "reportHash": tohex(sha256(report_bytes)),
        "outputHash": tohex(output_hash),
        "impressionCount": len(output.groups),
        "amounts": [str(one) for one in output.amounts],
        "validParts": valid_parts,
        "outputTransactions": [{"payee": payee, "nano": str(nano)}
                               for payee, nano in enumerate(output.amounts) if payee and nano],
        "report": report,
        "reportBytes": tohex(report_bytes),
    }
    return result, output


def work_of(validator, output_hash, salt, output):
    """(workDigest, commitment) of a validator's result."""
    address = unhex(validator.lower())
    work = sha256(address, *output.record_hashes)
    return tohex(work), tohex(keccak256(unhex(output_hash), address, work, unhex(salt)))
