// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IVault} from "../../../src/interfaces/IVault.sol";
import {Stage} from "../../../src/interfaces/ChannelTypes.sol";
import {LyingSides} from "./LyingSides.sol";

/// One honest member among liars, the clock, and the end of everything.
contract QuarrelActors is LyingSides {
    uint256 public burntBefore;

    // ── who is there ──

    /// What is drawn once, from the first seed that comes.
    function begin(uint256 seed) public {
        isLate = seed % 2 == 0;
        hasHonestSeat = (seed >> 8) % 4 != 0;
        isHonestBinding = (seed >> 16) % 2 == 0;
        doLiarsAnswer = (seed >> 24) % 3 != 0;
        for (uint256 part = 0; part < MEMBERS; part++) {
            isPanelLying[part] = (seed >> (32 + 8 * part)) % 4 == 0;
        }
    }

    /// Members that have vanished, a bit for each.
    function sendAway(uint16 who) external {
        away |= who;
        if (has(who, HONEST)) isHonestAway = true;
    }

    // ── time ──

    /// To the last second before one of the next deadlines, to the deadline, to a second after it, or somewhere before it.
    function letTimePass(uint256 seed) external {
        seed = mixed(seed, 0);
        if (block.timestamp < collatesAt()) {
            begin(mixed(seed, 1));
            passTo(collatesAt());
        } else {
            uint256 time = nextDue(block.timestamp + 1);
            for (uint256 k = (seed >> 8) % 8 == 0 ? 2 : 0; k > 0 && time != type(uint256).max; k--) {
                time = nextDue(time + 1);
            }
            if (time == type(uint256).max) time = block.timestamp + 20;
            uint256 kind = (seed >> 16) % 8;
            if (kind > 4) time = block.timestamp + 1 + (seed >> 24) % (time - block.timestamp);
            else if (kind > 2) time += kind - 2;
            passTo(time);
        }
        noteBurnt();
    }

    function noteBurnt() public {
        (uint256 burnt,,) = vault.weiOf(BURN);
        if (burnt < burntBefore) broken["burnt"] = "less is burnt than before";
        burntBefore = burnt;
    }

    /// All that time ends has ended; whoever is left takes what is theirs.
    function endEverything() external {
        if (block.timestamp < collatesAt()) passTo(collatesAt());
        passTo(collatesAt() + periods.collation + 2 * periods.processing + periods.challenge + disputeMax);
        if (stageNow() < Stage.Final) broken["end"] = "no end";
        endAll(stageNow());
        endAll(stageNow());
        noteBurnt();
    }

    /// Whether every line can be taken out by who has a claim on it.
    function emptyLines() external returns (bool) {
        for (uint8 i = 1; i < MEMBERS; i++) {
            (uint256 amount,) = vault.contested(id, N, i);
            if (amount == 0) continue;
            vm.prank(account(0));
            vault.concede(id, N, i);
        }
        vm.prank(account(0));
        channels.closeChannel(id);
        vm.warp(block.timestamp + 20 * uint256(periods.duration) + disputeMax);
        uint256 sum = 0;
        for (uint8 i = 1; i < MEMBERS; i++) {
            if (vault.line(id, i).amount > 0) vault.executeWithdrawal(id, i);
            sum += vault.line(id, i).amount + vault.line(id, i).debt;
        }
        return sum == 0;
    }
}
