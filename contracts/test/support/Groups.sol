// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// Parameters of rtb-impression/1, in the order of their encoding.
struct Parameters {
    uint32 priceTolerancePpm;
    uint8 onPriceMismatch;
    uint8 onMissingDsp;
    uint8 onMissingSsp;
    uint8 onMissingAudit;
    bool requireViewable;
    uint64 auditorFeeNano;
    Share[] shares;
    uint32 discrepancyLimitPpm;
}

struct Share {
    uint8 participant;
    uint32 ppm;
}

/// Makes records of one impression and keeps those that can decide, slowly and straight from the words of
/// wire-formats.md 7, so that the contract is held against something that is not made like it.
library Groups {
    uint8 internal constant WIN = 1;
    uint8 internal constant AUDIT = 2;
    uint32 internal constant VIEWABLE = 2;
    uint32 internal constant TEST = 32;

    function encoded(Parameters memory p) internal pure returns (bytes memory) {
        // abi.encode of a struct with a tail begins with the struct's place, which the parameters leave out.
        bytes memory whole = abi.encode(p);
        bytes memory cut = new bytes(whole.length - 32);
        for (uint256 i = 0; i < cut.length; i++) {
            cut[i] = whole[i + 32];
        }
        return cut;
    }

    function win(uint8 author, uint8 counterparty, uint64 price, uint256 nonce)
        internal
        pure
        returns (bytes memory)
    {
        return record(WIN, author, counterparty, 0, price, nonce);
    }

    function audit(uint8 author, uint8 counterparty, uint32 flags, uint256 nonce)
        internal
        pure
        returns (bytes memory)
    {
        return record(AUDIT, author, counterparty, flags, 0, nonce);
    }

    /// Of one impression; `nonce` makes it another record that says the same.
    function record(uint8 kind, uint8 author, uint8 counterparty, uint32 flags, uint64 price, uint256 nonce)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodePacked(
            kind,
            uint8(1),
            author,
            counterparty,
            uint32(flipped(flags) >> 32),
            flipped(uint64(nonce)),
            bytes16("one impression"),
            flipped(price),
            bytes24(keccak256(abi.encode(nonce)))
        );
    }

    /// The number whose bytes stand in the other order.
    function flipped(uint64 value) internal pure returns (uint64 other) {
        for (uint256 i = 0; i < 8; i++) {
            other = (other << 8) | ((value >> (8 * i)) & 0xff);
        }
    }

    /// The distinct records that are kept, in group order.
    function keep(bytes[] memory records) internal pure returns (bytes[] memory kept) {
        bytes[] memory all = sorted(records);
        bytes32[] memory hash = hashes(all);
        kept = new bytes[](all.length);
        uint256 count = 0;
        for (uint256 i = 0; i < all.length; i++) {
            if (flagsOf(all[i]) & TEST == 0 && decides(all, hash, i)) kept[count++] = all[i];
        }
        assembly ("memory-safe") {
            mstore(kept, count)
        }
    }

    /// Distinct, by (kind, author, recordHash).
    function sorted(bytes[] memory records) internal pure returns (bytes[] memory all) {
        all = new bytes[](records.length);
        uint256[2][] memory places = new uint256[2][](records.length);
        uint256 count = 0;
        for (uint256 i = 0; i < records.length; i++) {
            uint256 order = uint256(uint8(records[i][0])) << 8 | uint8(records[i][2]);
            uint256[2] memory place = [order, uint256(sha256(records[i]))];
            uint256 at_ = count;
            while (at_ > 0 && isBefore(place, places[at_ - 1])) at_--;
            if (at_ > 0 && !isBefore(places[at_ - 1], place)) continue;
            for (uint256 k = count; k > at_; k--) {
                (all[k], places[k]) = (all[k - 1], places[k - 1]);
            }
            (all[at_], places[at_]) = (records[i], place);
            count++;
        }
        assembly ("memory-safe") {
            mstore(all, count)
        }
    }

    function joined(bytes[] memory records) internal pure returns (bytes memory all) {
        for (uint256 i = 0; i < records.length; i++) {
            all = bytes.concat(all, records[i]);
        }
    }

    function withOne(bytes[] memory records, bytes memory one) internal pure returns (bytes[] memory more) {
        more = new bytes[](records.length + 1);
        for (uint256 i = 0; i < records.length; i++) {
            more[i] = records[i];
        }
        more[records.length] = one;
    }

    function without(bytes[] memory records, uint256 index) internal pure returns (bytes[] memory fewer) {
        fewer = new bytes[](records.length - 1);
        for (uint256 i = 0; i < fewer.length; i++) {
            fewer[i] = records[i < index ? i : i + 1];
        }
    }

    function hashes(bytes[] memory records) internal pure returns (bytes32[] memory all) {
        all = new bytes32[](records.length);
        for (uint256 i = 0; i < records.length; i++) {
            all[i] = sha256(records[i]);
        }
    }

    /// Whether the record at `index` is one of the at most two that its author's statement keeps of `all`.
    function decides(bytes[] memory all, bytes32[] memory hash, uint256 index) private pure returns (bool) {
        bool isWin = uint8(all[index][0]) == WIN;
        uint64 lowest = type(uint64).max;
        uint64 highest = 0;
        bool isAnyBad = false;
        for (uint256 i = 0; i < all.length; i++) {
            if (!isOfOneStatement(all[i], all[index])) continue;
            uint64 price = priceOf(all[i]);
            if (price < lowest) lowest = price;
            if (price > highest) highest = price;
            if (isInvalid(all[i]) || isHidden(all[i])) isAnyBad = true;
        }
        if (isWin) {
            uint64 price = priceOf(all[index]);
            return (price == lowest || price == highest) && isLowestHash(all, hash, index, samePrice);
        }
        if (!isAnyBad) return isLowestHash(all, hash, index, anything);
        return (isInvalid(all[index]) && isLowestHash(all, hash, index, bothInvalid))
            || (isHidden(all[index]) && isLowestHash(all, hash, index, bothHidden));
    }

    function isLowestHash(
        bytes[] memory all,
        bytes32[] memory hash,
        uint256 index,
        function(bytes memory, bytes memory) pure returns (bool) competes
    ) private pure returns (bool) {
        for (uint256 i = 0; i < all.length; i++) {
            if (!isOfOneStatement(all[i], all[index]) || !competes(all[i], all[index])) continue;
            if (hash[i] < hash[index]) return false;
        }
        return true;
    }

    function samePrice(bytes memory a, bytes memory b) private pure returns (bool) {
        return priceOf(a) == priceOf(b);
    }

    function anything(bytes memory, bytes memory) private pure returns (bool) {
        return true;
    }

    function bothInvalid(bytes memory a, bytes memory b) private pure returns (bool) {
        return isInvalid(a) && isInvalid(b);
    }

    function bothHidden(bytes memory a, bytes memory b) private pure returns (bool) {
        return isHidden(a) && isHidden(b);
    }

    /// Test records say nothing.
    function isOfOneStatement(bytes memory a, bytes memory b) private pure returns (bool) {
        if (flagsOf(a) & TEST != 0 || flagsOf(b) & TEST != 0) return false;
        return a[0] == b[0] && a[2] == b[2] && a[3] == b[3];
    }

    function isBefore(uint256[2] memory a, uint256[2] memory b) private pure returns (bool) {
        return a[0] < b[0] || (a[0] == b[0] && a[1] < b[1]);
    }

    function isInvalid(bytes memory one) private pure returns (bool) {
        return flagsOf(one) & 24 != 0;
    }

    function isHidden(bytes memory one) private pure returns (bool) {
        return flagsOf(one) & VIEWABLE == 0;
    }

    function flagsOf(bytes memory one) private pure returns (uint32) {
        return uint32(numberAt(one, 4));
    }

    function priceOf(bytes memory one) private pure returns (uint64) {
        return numberAt(one, 32);
    }

    function numberAt(bytes memory one, uint256 at_) private pure returns (uint64 value) {
        for (uint256 i = 8; i > 0; i--) {
            value = (value << 8) | uint8(one[at_ + i - 1]);
        }
    }
}
