// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {AccusationId, AccusationState} from "../../../src/disputes/IAdjudicator.sol";
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

    // ── the same, in another order ──

    function setUpWith(Periods memory periods_) external {
        setUpFor(periods_);
        makeParts();
    }

    /// A play that the seed alone writes: what each says, which of it is accused, and which part is struck. `order`: one
    /// of 24 in which the members move within a second; `salt`: makes their results others that say the same.
    function outcomeOf(uint256 seed, uint256 order, uint256 salt) external returns (bytes32) {
        uint256[4] memory members = ordered(order);
        bytes32[4] memory hashes;
        vm.warp(collatesAt());
        for (uint256 k = 0; k < MEMBERS; k++) {
            postPart(members[k], members[k] == 2 ? Fault.Disorder : Fault.None);
        }
        vm.warp(block.timestamp + periods.processing);
        sayAsWritten(members, hashes, seed, salt);
        vm.warp(processedAt(look()) + periods.challenge);
        if (seed % 2 == 0) proveDisorder(members[(seed >> 8) % MEMBERS], 2);
        vm.warp(most(block.timestamp, windowUntil(look())));
        for (uint256 k = 0; k < MEMBERS; k++) {
            accuseAsWritten(members[k], hashes, seed);
        }
        vm.warp(block.timestamp + periods.answer);
        carryOnInOrder();
        vm.warp(block.timestamp + 2 * periods.challenge + disputeMax);
        Stage stage = stageNow();
        endAll(stage);
        return summary(stage);
    }

    function sayAsWritten(uint256[4] memory members, bytes32[4] memory hashes, uint256 seed, uint256 salt)
        private
    {
        vm.warp(block.timestamp + periods.processing / 2);
        for (uint256 k = 0; k < MEMBERS; k++) {
            uint256 who = members[k];
            uint256 random = mixed(seed, who);
            uint16 parts = random % 3 == 0 ? ALL & ~bitOf(2) : ALL;
            uint256 one = random % 1_000;
            uint256 other = (random >> 16) % 1_000;
            bytes32 amounts = bytes32(((one + other) << 192) | (one << 128) | (other << 64));
            hashes[who] = tellNothing(parts, amounts, 5, keccak256(abi.encode(salt, who)));
            reveal(who, hashes[who]);
        }
    }

    function accuseAsWritten(uint256 who, bytes32[4] memory hashes, uint256 seed) private {
        Now memory one = look();
        for (uint8 r = 0; r < one.count; r++) {
            for (uint256 whose = 0; whose < MEMBERS; whose++) {
                bool isDoubted =
                    hashes[whose] == one.hashes[r] && mixed(seed, 64 + 8 * who + whose) % 6 == 0;
                if (isDoubted && whose != who) accuse(r, one.hashes[r], uint8(who), false);
            }
        }
    }

    function carryOnInOrder() private {
        Now memory one = look();
        for (uint256 k = 0; k < accused.length; k++) {
            (AccusationId memory which, AccusationState memory state) = caseOf(accused[k][0], accused[k][1]);
            if (isOpen(state)) endAccusation(which, has(one.gone, accused[k][0]));
            one = look();
        }
    }

    function summary(Stage stage) private view returns (bytes32) {
        uint256[8] memory all;
        for (uint8 i = 1; i < MEMBERS; i++) {
            all[i] = vault.balanceOf(address(token), account(i));
            (all[4 + i],) = vault.contested(id, N, i);
        }
        return keccak256(abi.encode(stage, all, look().quarrel.struck, look().dispute.counted));
    }

    function ordered(uint256 order) private pure returns (uint256[4] memory members) {
        members = [uint256(0), 1, 2, 3];
        for (uint256 left = 4; left > 1; left--) {
            uint256 k = order % left;
            order /= left;
            (members[k], members[left - 1]) = (members[left - 1], members[k]);
        }
    }
}
