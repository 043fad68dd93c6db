// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// Folds neighbouring entries of a settlement tree into the node above them. In assembly, since an opening
/// folds 256 of them: 2,300 hashes and 1,020 sums of words for 16 participants.
library SettlementFold {
    /// The low 64 bits of each half of a word.
    uint256 private constant EVEN = 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff;

    /// `entries`: one or more, each its content (32 bytes) and `words` (1 to 4) words of amounts, one after
    /// the other; an odd last one of a level is carried. fits is false where a sum reaches 2^64.
    function fold(bytes calldata entries, uint256 words) internal view returns (bytes32 node, bool fits) {
        assembly ("memory-safe") {
            // Zero where the precompile cannot be called, which is no hash that anybody has named.
            function hashPair(from, to) {
                let isMade := staticcall(gas(), 2, from, 64, to, 32)
                mstore(to, mul(isMade, mload(to)))
            }
            // Writes the hash of an entry over its content: of the content and the root over its amounts.
            function seal(entry, count) {
                let amounts := add(entry, 32)
                mstore(0x20, mload(amounts))
                if gt(count, 1) { hashPair(amounts, 0x20) }
                if eq(count, 3) {
                    mstore(0x00, mload(0x20))
                    mstore(0x20, mload(add(amounts, 64)))
                    hashPair(0x00, 0x20)
                }
                if eq(count, 4) {
                    mstore(0x00, mload(0x20))
                    hashPair(add(amounts, 64), 0x20)
                    hashPair(0x00, 0x20)
                }
                mstore(0x00, mload(entry))
                hashPair(0x00, entry)
            }
            let stride := mul(add(words, 1), 32)
            let first := mload(0x40)
            let count := div(entries.length, stride)
            calldatacopy(first, entries.offset, entries.length)
            for { let i := 0 } lt(i, count) { i := add(i, 1) } { seal(add(first, mul(i, stride)), words) }
            let excess := 0
            for {} gt(count, 1) {} {
                let pairs := shr(1, count)
                for { let i := 0 } lt(i, pairs) { i := add(i, 1) } {
                    let into := add(first, mul(i, stride))
                    let left := add(first, mul(shl(1, i), stride))
                    let right := add(left, stride)
                    mstore(0x00, mload(left))
                    mstore(0x20, mload(right))
                    hashPair(0x00, into)
                    for { let at := 32 } lt(at, stride) { at := add(at, 32) } {
                        let a := mload(add(left, at))
                        let b := mload(add(right, at))
                        let low := add(and(a, EVEN), and(b, EVEN))
                        let high := add(and(shr(64, a), EVEN), and(shr(64, b), EVEN))
                        excess := or(excess, or(low, high))
                        mstore(add(into, at), or(and(low, EVEN), shl(64, and(high, EVEN))))
                    }
                    seal(into, words)
                }
                if and(count, 1) {
                    mcopy(add(first, mul(pairs, stride)), add(first, mul(sub(count, 1), stride)), stride)
                }
                count := add(pairs, and(count, 1))
            }
            node := mload(first)
            fits := iszero(and(excess, not(EVEN)))
        }
    }
}
