// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BlockWords} from "../../../src/interfaces/BlockTypes.sol";
import {Stage} from "../../../src/interfaces/ChannelTypes.sol";
import {BlockWords as RawWords, Quarrel} from "../../../src/lib/BlockWords.sol";
import {SystemScene} from "./SystemScene.sol";

/// What is watched of a block; which parts count is reckoned here once more, from what was noted beside the
/// contracts, in the moment in which it becomes clear: whatever act writes it later has to write the same.
abstract contract SystemDecision is SystemScene {
    struct Decision {
        bool isClear;
        uint16 counted;
        uint48 fallen;
        uint16 burntOwn;
        uint16 burntSeats;
    }

    mapping(bytes32 id => mapping(uint64 n => Decision)) internal decisions;
    /// Bit 16 × part + i: participant i questioned the part.
    mapping(bytes32 id => mapping(uint64 n => uint256)) internal questioned;
    mapping(bytes32 id => mapping(uint64 n => uint256)) internal questionsOpen;
    mapping(bytes32 id => mapping(uint64 n => uint256)) internal resolvedAt;
    mapping(bytes32 id => mapping(uint64 n => Stage)) private lastStage;

    // ── times ──

    /// V of a block, as far as what was noted tells.
    function processedAt(bytes32 id, uint64 n) internal view returns (uint256 until) {
        Noted memory one = noted[id][n];
        bool isWhole = one.posted == (1 << MEMBERS) - 1;
        until = (isWhole ? one.lastPostedAt : collatesAt(n) + periods.collation) + periods.processing;
        if (one.firstRevealedAt >= until) until += periods.processing;
    }

    function decidesAt(bytes32 id, uint64 n) internal view returns (uint256 time) {
        time = processedAt(id, n) + 2 * periods.challenge;
        if (resolvedAt[id][n] > time) time = resolvedAt[id][n];
    }

    // ── which parts count ──

    function noteDecisions() internal {
        for (uint256 c = 0; c < CHANNELS; c++) {
            for (uint64 n = 0; n < startedNow(); n++) {
                noteDecision(idOf(c), n);
            }
        }
    }

    function noteDecision(bytes32 id, uint64 n) internal {
        Noted memory one = noted[id][n];
        if (one.disputedAt == 0 || one.wordsAtEnd != 0 || decisions[id][n].isClear) return;
        if (questionsOpen[id][n] > 0 || block.timestamp < decidesAt(id, n)) return;
        BlockWords memory all = words(id, n);
        if (all.agreed != 0) return;
        uint16 counted = 0;
        bool differ = false;
        for (uint256 r = 0; r < all.results.length; r++) {
            if (all.results[r].validParts != all.results[0].validParts) differ = true;
            if (!all.results[r].fallen && !all.results[r].withdrawn) counted |= all.results[r].validParts;
        }
        if (!differ) return;
        counted &= ~all.struck;
        Decision storage decision = decisions[id][n];
        (decision.isClear, decision.counted) = (true, counted);
        for (uint256 r = 0; r < all.results.length; r++) {
            uint16 parts = all.results[r].validParts;
            if (parts == counted) continue;
            decision.fallen |= uint48(1 << r);
            noteBurnt(id, n, all, r, counted & ~parts);
        }
    }

    function noteBurnt(bytes32 id, uint64 n, BlockWords memory all, uint256 result, uint16 leftOut)
        private
    {
        uint256 posters = postersOf(id, n, result);
        uint256 seats = seatsOf(all, result);
        uint256 standers = seats | posters | acceptersOf(all, result);
        bool isAsked = true;
        for (uint256 part = 0; part < MEMBERS; part++) {
            uint256 askers = questioned[id][n] >> (16 * part);
            if ((leftOut >> part) & 1 == 1 && askers & standers == 0) isAsked = false;
        }
        if (isAsked) return;
        uint256 lost = lostIn(id, n);
        decisions[id][n].burntOwn |= uint16(posters & ~(lost >> 16));
        decisions[id][n].burntSeats |= uint16(seats & ~lost);
    }

    /// Whose own result it is, or was until it took it back.
    function postersOf(bytes32 id, uint64 n, uint256 result) private view returns (uint256 posters) {
        uint256[] memory raw = blocks.rawWords(id, n);
        uint256 own = RawWords.stateOf(raw[RawWords.STATE]).own;
        for (uint256 i = 0; i < MEMBERS; i++) {
            bool isOwn = RawWords.ownIn(raw[RawWords.STANCES], i) == result;
            if (isOwn && (own >> i) & 1 == 1) posters |= 1 << i;
        }
    }

    function seatsOf(BlockWords memory all, uint256 result) private pure returns (uint256 seats) {
        for (uint256 i = 0; i < all.seats.length; i++) {
            bool isOfIt = all.seats[i].revealed && all.seats[i].result == result;
            if (isOfIt) seats |= 1 << all.seats[i].participant;
        }
    }

    function acceptersOf(BlockWords memory all, uint256 result) private pure returns (uint256 accepters) {
        for (uint256 i = 0; i < all.acceptances.length; i++) {
            if (all.acceptances[i].result == result) accepters |= 1 << all.acceptances[i].participant;
        }
    }

    /// A bit for each seat, and 16 above for each participant, whose bond was handed over.
    function lostIn(bytes32 id, uint64 n) internal view returns (uint256) {
        uint256 word = blocks.rawWords(id, n)[RawWords.DISPUTE];
        return RawWords.disputeOf(word).lostSeats | (uint256(RawWords.disputeOf(word).lostOwn) << 16);
    }

    function requireDecision(bytes32 id, uint64 n) private {
        BlockWords memory all = words(id, n);
        Decision memory decision = decisions[id][n];
        if (!all.decided) {
            if (all.endedAt != 0 && decision.isClear) broken["decision"] = "ended without it";
            return;
        }
        if (!decision.isClear) broken["decision"] = "too early";
        if (all.counted != decision.counted) broken["decision"] = "other parts";
        for (uint256 r = 0; r < all.results.length; r++) {
            bool isGone = all.results[r].fallen || all.results[r].withdrawn;
            if (!isGone && all.results[r].validParts != all.counted) {
                broken["decision"] = "other parts stand";
            }
            if ((decision.fallen >> r) & 1 == 1 && !all.results[r].fallen) {
                broken["decision"] = "none fell";
            }
        }
        Quarrel memory quarrel = RawWords.quarrelOf(blocks.rawWords(id, n)[RawWords.QUARREL]);
        // What was burnt where its participant said more is forgotten.
        if (quarrel.burntOwn & ~decision.burntOwn != 0) broken["decision"] = "burnt unfairly";
        if (quarrel.burntSeats != decision.burntSeats) broken["decision"] = "seats burnt unfairly";
    }

    // ── what is kept of a block ──

    /// Stages go forward; parts stay; what is over stays as it ended.
    function watch(bytes32 id, uint64 n) internal {
        Stage stage = stageOf(id, n);
        Stage last = lastStage[id][n];
        bool isOverFor = last == Stage.Settled || last == Stage.Void || last == Stage.Final;
        bool isEnd = stage == Stage.Settled && last == Stage.Final;
        if (stage < last || (isOverFor && stage != last && !isEnd)) broken["stage"] = "a stage went back";
        lastStage[id][n] = stage;
        if (noted[id][n].disputedAt != 0) requireDecision(id, n);
        bytes32 ended = noted[id][n].wordsAtEnd;
        if (ended != 0 && ended != wordsAfter(id, n)) broken["stage"] = "what was over changed";
    }

    /// Of a block that is over; what was taken back is fetched after it too, and accusations end.
    function wordsAfter(bytes32 id, uint64 n) internal view returns (bytes32) {
        uint256[] memory raw = blocks.rawWords(id, n);
        uint256 mask = type(uint16).max;
        raw[RawWords.DISPUTE] &= ~(mask << 184 | mask);
        return keccak256(abi.encode(raw));
    }
}
