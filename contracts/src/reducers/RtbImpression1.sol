// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ImpressionRecord} from "../lib/ImpressionRecord.sol";
import {IReducer} from "./IReducer.sol";

/// The reducer `rtb-impression/1` (wire-formats.md 7). Nobody owns it and it stores nothing.
contract RtbImpression1 is IReducer {
    uint256 private constant PPM = 1_000_000;

    // Words of the encoded parameters, in their order; the shares' (participant, ppm) pairs follow the last.
    uint256 private constant PRICE_TOLERANCE_PPM = 0;
    uint256 private constant ON_PRICE_MISMATCH = 1;
    uint256 private constant ON_MISSING_DSP = 2;
    uint256 private constant ON_MISSING_SSP = 3;
    uint256 private constant ON_MISSING_AUDIT = 4;
    uint256 private constant REQUIRE_VIEWABLE = 5;
    uint256 private constant AUDITOR_FEE_NANO = 6;
    uint256 private constant SHARES_OFFSET = 7;
    uint256 private constant DISCREPANCY_LIMIT_PPM = 8;
    uint256 private constant SHARES_LENGTH = 9;

    // Values of onPriceMismatch; 0 is the lower price.
    uint256 private constant TAKES_SSP = 1;
    uint256 private constant TAKES_DSP = 2;
    uint256 private constant REJECTS = 3;

    /// What the records of an impression say. Prices by seller and spokenFor by auditor; sets of participants
    /// are bits, and bit 255 (the counterparty of such an audit) stands for every seller.
    struct Said {
        uint256 selling;
        uint256 bought;
        uint256 contradictedByPayer;
        uint256[] sellerPrice;
        uint256[] payerPrice;
        uint256[] spokenFor;
        uint256 invalidFor;
        uint256 hiddenFor;
    }

    /// What `isKept` remembers of the records before the one in hand.
    struct Walk {
        /// Kind and author, and the hash, of the last record.
        uint256 order;
        bytes32 hash;
        /// Index of the first record of that kind and author.
        uint256 since;
        /// Counterparties towards which that author has two records.
        uint256 twice;
        /// By counterparty: one more than the index of the last record towards it, of whichever author.
        uint256[256] written;
    }

    // ── parameters ──

    /// Word by word rather than by abi.decode: every refusal is named, and only the one canonical encoding
    /// passes.
    function checkParameters(uint8[] calldata roles, bytes calldata parameters) external pure {
        checkLength(parameters);
        checkWord("priceTolerancePpm", parameters, PRICE_TOLERANCE_PPM, type(uint32).max);
        checkWord("onPriceMismatch", parameters, ON_PRICE_MISMATCH, REJECTS);
        checkWord("onMissingDsp", parameters, ON_MISSING_DSP, 1);
        checkWord("onMissingSsp", parameters, ON_MISSING_SSP, 1);
        uint256 onMissingAudit = checkWord("onMissingAudit", parameters, ON_MISSING_AUDIT, 1);
        uint256 requireViewable = checkWord("requireViewable", parameters, REQUIRE_VIEWABLE, 1);
        checkWord("auditorFeeNano", parameters, AUDITOR_FEE_NANO, type(uint64).max);
        checkWord("discrepancyLimitPpm", parameters, DISCREPANCY_LIMIT_PPM, type(uint32).max);
        (, uint256 auditors) = ImpressionRecord.sidesOf(roles);
        if (auditors == 0 && (onMissingAudit == 0 || requireViewable == 1)) revert AuditorMissing();
        checkShares(parameters, roles.length);
    }

    function auditorFeeNano(bytes calldata parameters) external pure returns (uint64) {
        checkLength(parameters);
        return uint64(checkWord("auditorFeeNano", parameters, AUDITOR_FEE_NANO, type(uint64).max));
    }

    // ── what is kept ──

    function isKept(uint8[] calldata roles, uint64 priceNanoMax, bytes calldata records)
        external
        pure
        returns (bool)
    {
        uint256 count = records.length / ImpressionRecord.BYTES;
        if (count == 0 || records.length % ImpressionRecord.BYTES != 0) return false;
        (uint256 sellers, uint256 auditors) = ImpressionRecord.sidesOf(roles);
        (bytes32 first,) = ImpressionRecord.wordsAt(records, 0);
        Walk memory walk;
        for (uint256 i = 0; i < count; i++) {
            (bytes32 head, bytes32 tail) = ImpressionRecord.wordsAt(records, i);
            if (bytes(ImpressionRecord.fault(sellers, auditors, priceNanoMax, head, tail)).length != 0) {
                return false;
            }
            if (ImpressionRecord.isTest(head)) return false;
            if (ImpressionRecord.impressionKeyOf(head) != ImpressionRecord.impressionKeyOf(first)) {
                return false;
            }
            if (!ascends(walk, i, orderOf(head), ImpressionRecord.hashOf(head, tail))) return false;
            if (!isKeptWithEarlier(walk, records, i, ImpressionRecord.counterpartyOf(head))) return false;
        }
        return true;
    }

    function wouldChange(
        uint8[] calldata roles,
        uint64 priceNanoMax,
        bytes calldata records,
        bytes calldata extra
    ) external pure returns (bool) {
        (bytes32 head, bytes32 tail) = checkExtra(roles, priceNanoMax, records, extra);
        return ImpressionRecord.kindOf(head) == ImpressionRecord.WIN
            ? isWinKeptBeside(records, head, tail)
            : isAuditKeptBeside(records, head, tail);
    }

    // ── what is paid ──

    function reduce(uint8[] calldata roles, bytes calldata parameters, bytes calldata records)
        external
        pure
        returns (uint64[] memory amounts)
    {
        Said memory said = gather(roles, records);
        uint256[] memory earned = new uint256[](roles.length);
        for (uint256 seller = 1; seller < roles.length; seller++) {
            (bool stands, uint256 price) = priceOf(parameters, said, seller);
            if (!stands) continue;
            if (isPaid(parameters, said, earned, seller)) pay(parameters, earned, seller, price);
        }
        amounts = new uint64[](roles.length);
        uint256 owed = 0;
        for (uint256 i = 1; i < roles.length; i++) {
            owed += earned[i];
            // No more than what the payer owes, which is checked below.
            amounts[i] = uint64(earned[i]);
        }
        if (owed > type(uint64).max) revert AmountsTooLarge(owed);
        amounts[0] = uint64(owed);
    }

    // ── helpers of the parameters ──

    function checkLength(bytes calldata parameters) private pure {
        if (parameters.length < (SHARES_LENGTH + 1) * 32) {
            revert ReducerParameterRefused("encoding", parameters.length);
        }
    }

    function checkShares(bytes calldata parameters, uint256 participants) private pure {
        uint256 shares = checkWord("shares", parameters, SHARES_LENGTH, participants - 1);
        uint256 offset = wordAt(parameters, SHARES_OFFSET);
        if (offset != SHARES_LENGTH * 32 || parameters.length != (SHARES_LENGTH + 1 + 2 * shares) * 32) {
            revert ReducerParameterRefused("encoding", parameters.length);
        }
        uint256 named = 0;
        uint256 sum = 0;
        for (uint256 i = 0; i < shares; i++) {
            (uint256 participant, uint256 ppm) = shareAt(parameters, i);
            bool isNamed = participant < participants && (named >> participant) & 1 == 1;
            if (participant == 0 || participant >= participants || isNamed || ppm > PPM - sum) {
                revert ShareRefused(participant, ppm);
            }
            named |= 1 << participant;
            sum += ppm;
        }
    }

    function checkWord(string memory name, bytes calldata parameters, uint256 index, uint256 most)
        private
        pure
        returns (uint256 value)
    {
        value = wordAt(parameters, index);
        if (value > most) revert ReducerParameterRefused(name, value);
    }

    function shareAt(bytes calldata parameters, uint256 index)
        private
        pure
        returns (uint256 participant, uint256 ppm)
    {
        participant = wordAt(parameters, SHARES_LENGTH + 1 + 2 * index);
        ppm = wordAt(parameters, SHARES_LENGTH + 2 + 2 * index);
    }

    function wordAt(bytes calldata parameters, uint256 index) private pure returns (uint256) {
        return uint256(bytes32(parameters[index * 32:index * 32 + 32]));
    }

    // ── helpers of keeping ──

    /// Kind and author as one number that sorts as they do.
    function orderOf(bytes32 head) private pure returns (uint256) {
        return (uint256(ImpressionRecord.kindOf(head)) << 8) | ImpressionRecord.authorOf(head);
    }

    /// Whether the record at `index` comes after the last one; it is the last one then.
    function ascends(Walk memory walk, uint256 index, uint256 order, bytes32 hash)
        private
        pure
        returns (bool)
    {
        if (order < walk.order || (order == walk.order && hash <= walk.hash)) return false;
        if (order != walk.order) (walk.since, walk.twice) = (index, 0);
        (walk.order, walk.hash) = (order, hash);
        return true;
    }

    /// Whether the record is kept beside what its author wrote before towards that counterparty. Three never
    /// are, so the work for a record is bounded.
    function isKeptWithEarlier(
        Walk memory walk,
        bytes calldata records,
        uint256 index,
        uint256 counterparty
    ) private pure returns (bool) {
        uint256 earlier = walk.written[counterparty];
        walk.written[counterparty] = index + 1;
        if (earlier <= walk.since) return true;
        if ((walk.twice >> counterparty) & 1 == 1) return false;
        walk.twice |= 1 << counterparty;
        return areBothKept(records, earlier - 1, index);
    }

    /// Of two records of one statement, the one with the lower hash first.
    function areBothKept(bytes calldata records, uint256 lower, uint256 higher)
        private
        pure
        returns (bool)
    {
        (bytes32 low, bytes32 lowTail) = ImpressionRecord.wordsAt(records, lower);
        (bytes32 high, bytes32 highTail) = ImpressionRecord.wordsAt(records, higher);
        if (ImpressionRecord.kindOf(low) == ImpressionRecord.WIN) {
            return ImpressionRecord.priceNanoOf(lowTail) != ImpressionRecord.priceNanoOf(highTail);
        }
        bool isLowInvalid = ImpressionRecord.isInvalidTraffic(low);
        bool isLowHidden = !ImpressionRecord.isViewable(low);
        bool isHighKept = (ImpressionRecord.isInvalidTraffic(high) && !isLowInvalid)
            || (!ImpressionRecord.isViewable(high) && !isLowHidden);
        return isHighKept && (isLowInvalid || isLowHidden);
    }

    function checkExtra(
        uint8[] calldata roles,
        uint64 priceNanoMax,
        bytes calldata records,
        bytes calldata extra
    ) private pure returns (bytes32 head, bytes32 tail) {
        if (extra.length != ImpressionRecord.BYTES) revert RecordRefused("length");
        (head, tail) = ImpressionRecord.wordsAt(extra, 0);
        (uint256 sellers, uint256 auditors) = ImpressionRecord.sidesOf(roles);
        string memory field = ImpressionRecord.fault(sellers, auditors, priceNanoMax, head, tail);
        if (bytes(field).length != 0) revert RecordRefused(field);
        if (ImpressionRecord.isTest(head)) revert RecordRefused("flags");
        if (records.length == 0) return (head, tail);
        (bytes32 first,) = ImpressionRecord.wordsAt(records, 0);
        if (ImpressionRecord.impressionKeyOf(head) != ImpressionRecord.impressionKeyOf(first)) {
            revert RecordRefused("impressionKey");
        }
    }

    /// Whether the win is the highest or the lowest, and of equal prices the lowest hash.
    function isWinKeptBeside(bytes calldata records, bytes32 extra, bytes32 extraTail)
        private
        pure
        returns (bool)
    {
        uint64 price = ImpressionRecord.priceNanoOf(extraTail);
        bytes32 extraHash = ImpressionRecord.hashOf(extra, extraTail);
        bool hasHigher = false;
        bool hasLower = false;
        for (uint256 i = 0; i < records.length / ImpressionRecord.BYTES; i++) {
            (bytes32 head, bytes32 tail) = ImpressionRecord.wordsAt(records, i);
            if (ImpressionRecord.statementOf(head) != ImpressionRecord.statementOf(extra)) continue;
            uint64 other = ImpressionRecord.priceNanoOf(tail);
            if (other == price && ImpressionRecord.hashOf(head, tail) <= extraHash) return false;
            if (other > price) hasHigher = true;
            if (other < price) hasLower = true;
        }
        return !hasHigher || !hasLower;
    }

    /// Whether the audit has the lowest hash of those with invalid traffic, of those that are not viewable,
    /// or, where there is neither, of all.
    function isAuditKeptBeside(bytes calldata records, bytes32 extra, bytes32 extraTail)
        private
        pure
        returns (bool)
    {
        bytes32 extraHash = ImpressionRecord.hashOf(extra, extraTail);
        bool isInvalidNew = ImpressionRecord.isInvalidTraffic(extra);
        bool isHiddenNew = !ImpressionRecord.isViewable(extra);
        bool isCleanNew = !isInvalidNew && !isHiddenNew;
        for (uint256 i = 0; i < records.length / ImpressionRecord.BYTES; i++) {
            (bytes32 head, bytes32 tail) = ImpressionRecord.wordsAt(records, i);
            if (ImpressionRecord.statementOf(head) != ImpressionRecord.statementOf(extra)) continue;
            bool isInvalid = ImpressionRecord.isInvalidTraffic(head);
            bool isHidden = !ImpressionRecord.isViewable(head);
            bool isLower = ImpressionRecord.hashOf(head, tail) <= extraHash;
            if (isInvalid || isHidden || isLower) isCleanNew = false;
            if (isInvalid && isLower) isInvalidNew = false;
            if (isHidden && isLower) isHiddenNew = false;
        }
        return isInvalidNew || isHiddenNew || isCleanNew;
    }

    // ── helpers of paying ──

    function gather(uint8[] calldata roles, bytes calldata records)
        private
        pure
        returns (Said memory said)
    {
        said.sellerPrice = new uint256[](roles.length);
        said.payerPrice = new uint256[](roles.length);
        said.spokenFor = new uint256[](roles.length);
        for (uint256 i = 0; i < records.length / ImpressionRecord.BYTES; i++) {
            (bytes32 head, bytes32 tail) = ImpressionRecord.wordsAt(records, i);
            uint8 author = ImpressionRecord.authorOf(head);
            uint8 counterparty = ImpressionRecord.counterpartyOf(head);
            uint256 price = ImpressionRecord.priceNanoOf(tail);
            if (ImpressionRecord.kindOf(head) == ImpressionRecord.AUDIT) {
                said.spokenFor[author] |= 1 << counterparty;
                if (ImpressionRecord.isInvalidTraffic(head)) said.invalidFor |= 1 << counterparty;
                if (!ImpressionRecord.isViewable(head)) said.hiddenFor |= 1 << counterparty;
            } else if (author == 0) {
                hearPayer(said, counterparty, price);
            } else {
                hearSeller(said, author, price);
            }
        }
    }

    /// Of different prices the one against the author's interest counts: the payer's highest.
    function hearPayer(Said memory said, uint256 seller, uint256 price) private pure {
        uint256 known = said.payerPrice[seller];
        bool isFirst = (said.bought >> seller) & 1 == 0;
        if (!isFirst && price != known) said.contradictedByPayer |= 1 << seller;
        if (isFirst || price > known) said.payerPrice[seller] = price;
        said.bought |= 1 << seller;
    }

    /// The seller's lowest.
    function hearSeller(Said memory said, uint256 seller, uint256 price) private pure {
        bool isFirst = (said.selling >> seller) & 1 == 0;
        if (isFirst || price < said.sellerPrice[seller]) said.sellerPrice[seller] = price;
        said.selling |= 1 << seller;
    }

    /// Step 1.
    function priceOf(bytes calldata parameters, Said memory said, uint256 seller)
        private
        pure
        returns (bool stands, uint256 price)
    {
        uint256 s = said.sellerPrice[seller];
        uint256 d = said.payerPrice[seller];
        bool isSold = (said.selling >> seller) & 1 == 1;
        bool isBought = (said.bought >> seller) & 1 == 1;
        if (!isSold && !isBought) return (false, 0);
        if (!isBought) return (wordAt(parameters, ON_MISSING_DSP) == 1, s);
        if (!isSold) return (wordAt(parameters, ON_MISSING_SSP) == 1, d);
        (uint256 lower, uint256 higher) = s < d ? (s, d) : (d, s);
        if ((higher - lower) * PPM <= wordAt(parameters, PRICE_TOLERANCE_PPM) * higher) {
            return (true, lower);
        }
        uint256 policy = wordAt(parameters, ON_PRICE_MISMATCH);
        if (policy == TAKES_SSP) return (true, s);
        if (policy == TAKES_DSP) return (true, d);
        // Who contradicts itself cannot reject.
        bool isRejected = policy == REJECTS && (said.contradictedByPayer >> seller) & 1 == 0;
        return (!isRejected, lower);
    }

    /// Steps 2 and 3: every auditor that speaks for the seller earns its fee; whether nothing stands against
    /// the price.
    function isPaid(bytes calldata parameters, Said memory said, uint256[] memory earned, uint256 seller)
        private
        pure
        returns (bool)
    {
        uint256 speaking = (1 << seller) | (1 << uint256(ImpressionRecord.EVERY_SELLER));
        uint256 fee = wordAt(parameters, AUDITOR_FEE_NANO);
        bool isAudited = false;
        for (uint256 auditor = 1; auditor < earned.length; auditor++) {
            if (said.spokenFor[auditor] & speaking == 0) continue;
            earned[auditor] += fee;
            isAudited = true;
        }
        if (!isAudited) return wordAt(parameters, ON_MISSING_AUDIT) == 1;
        if (said.invalidFor & speaking != 0) return false;
        return said.hiddenFor & speaking == 0 || wordAt(parameters, REQUIRE_VIEWABLE) == 0;
    }

    /// Step 4.
    function pay(bytes calldata parameters, uint256[] memory earned, uint256 seller, uint256 price)
        private
        pure
    {
        uint256 rest = price;
        uint256 shares = wordAt(parameters, SHARES_LENGTH);
        for (uint256 i = 0; i < shares; i++) {
            (uint256 participant, uint256 ppm) = shareAt(parameters, i);
            uint256 share = price * ppm / PPM;
            earned[participant] += share;
            rest -= share;
        }
        earned[seller] += rest;
    }
}
