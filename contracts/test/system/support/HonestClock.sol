// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {AccusationState, Turn} from "../../../src/disputes/IAdjudicator.sol";
import {IPanel} from "../../../src/disputes/IPanel.sol";
import {Stage} from "../../../src/interfaces/ChannelTypes.sol";
import {HonestSide} from "./HonestSide.sol";

/// When the honest side must play at the latest: in the last second of each time that it has. Nothing of it is read from
/// the contracts but what they keep.
abstract contract HonestClock is HonestSide {
    /// It plays in the last second alone, otherwise as soon as anybody has done anything.
    bool internal isLate;

    /// Lets time pass, and the honest side play on the way.
    function passTo(uint256 time) internal {
        if (!isLate) play();
        uint256 cursor = block.timestamp;
        for (uint256 i = 0; i < 400; i++) {
            uint256 next = nextDue(cursor);
            if (next >= time) break;
            if (next > block.timestamp) vm.warp(next);
            playAt();
            cursor = next + 1;
        }
        if (time > block.timestamp) vm.warp(time);
        requireEnd();
    }

    function playAt() internal virtual {
        play();
        requireEnd();
    }

    /// A dispute ends by itself before disputeMax would end it.
    function requireEnd() internal {
        if (isHonestAway || stageNow() != Stage.Dispute) return;
        if (block.timestamp + 1 >= uint256(look().state.disputedAt) + disputeMax) {
            broken["end"] = "disputeMax cuts somebody off";
        }
    }

    /// The first second, from `from` on, in which it has to play.
    function nextDue(uint256 from) internal view returns (uint256) {
        uint256[120] memory times;
        uint256 used = 0;
        Now memory one = look();
        if (one.state.endedAt != 0) return type(uint256).max;
        used = dueInProcessing(one, times, used);
        used = dueInDispute(one, times, used);
        used = dueForParts(one, times, used);
        used = dueForPanels(times, used);
        uint256 next = type(uint256).max;
        for (uint256 i = 0; i < used; i++) {
            if (times[i] >= from && times[i] < next) next = times[i];
        }
        return next;
    }

    function dueInProcessing(Now memory one, uint256[120] memory times, uint256 used)
        private
        view
        returns (uint256)
    {
        uint256 processes = processesAt(one);
        times[used++] = collatesAt() + periods.collation - 1;
        times[used++] = processes + periods.processing / 2 - 1;
        times[used++] = processes + periods.processing - 1;
        times[used++] = processes + periods.processing + periods.processing / 2 - 1;
        times[used++] = processes + 2 * uint256(periods.processing) - 1;
        times[used++] = processedAt(one) + periods.challenge - 1;
        times[used++] = processedAt(one) + periods.challenge;
        return used;
    }

    function dueInDispute(Now memory one, uint256[120] memory times, uint256 used)
        private
        view
        returns (uint256)
    {
        if (one.state.disputedAt == 0) return used;
        if (one.dispute.differ) {
            times[used++] = askedUntil(one) - 1;
            times[used++] = askedUntil(one);
            times[used++] = windowUntil(one) - 1;
            times[used++] = windowUntil(one);
        }
        times[used++] = uint256(one.state.disputedAt) + disputeMax - 1;
        for (uint8 r = 0; r < one.count && used < 36; r++) {
            if (has(one.gone, r)) continue;
            times[used++] = accusableUntil(one, r) - 1;
            times[used++] = accusableUntil(one, r);
        }
        for (uint256 k = 0; k < accused.length && used < 60; k++) {
            if (has(one.gone, accused[k][0])) continue;
            (, AccusationState memory state) = caseOf(accused[k][0], accused[k][1]);
            if (!isOpen(state)) continue;
            bool isMine = isAsking(state) ? isAnswered(one.hashes[accused[k][0]]) : accused[k][1] == HONEST;
            times[used++] = isMine && state.deadline > block.timestamp ? state.deadline - 1 : state.deadline;
        }
        return used;
    }

    /// Whose accusations somebody answers in time.
    function isAnswered(bytes32 hash) internal view virtual returns (bool) {
        return isTrue(hash);
    }

    function dueForParts(Now memory one, uint256[120] memory times, uint256 used)
        private
        view
        returns (uint256)
    {
        if (!one.dispute.differ) return used;
        for (uint8 part = 0; part < MEMBERS; part++) {
            for (uint32 row = 0; row < 2; row++) {
                uint256 until = rowNow(part, row).until;
                if (until == 0) continue;
                times[used++] = until - 1;
                times[used++] = until;
            }
        }
        return used;
    }

    function dueForPanels(uint256[120] memory times, uint256 used) private view returns (uint256) {
        for (uint8 part = 0; part < MEMBERS; part++) {
            (IPanel.PanelRound memory told, uint8 round, bool isAsked) = roundOf(part);
            if (!isAsked) continue;
            if (told.drawnAt == 0) {
                times[used++] = block.timestamp;
                continue;
            }
            times[used++] = told.drawnAt + periods.processing / 2 - 1;
            times[used++] = told.drawnAt + periods.processing - 1;
            times[used++] = verdictAt(told, round);
        }
        return used;
    }
}
