// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {AccusationState, Turn} from "../../../src/disputes/IAdjudicator.sol";
import {IPanel} from "../../../src/disputes/IPanel.sol";
import {Stage} from "../../../src/interfaces/ChannelTypes.sol";
import {BlockWords as RawWords} from "../../../src/lib/BlockWords.sol";
import {Bonds} from "../../../src/lib/Bonds.sol";
import {QuarrelActors} from "./QuarrelActors.sol";

/// What the actors' books say is to be, from what the contracts show.
contract QuarrelBooks is QuarrelActors {
    uint256 private constant ORGANISATIONS = 16;

    // ── results and parts ──

    /// The first true result for the parts that count, or for parts of which it is open whether they do, that fell; the
    /// number of results if there is none.
    function firstTrueThatFell() external view returns (uint256 r, uint256 count) {
        Now memory one = look();
        count = one.count;
        while (r < count && !isWronged(one, r)) r++;
    }

    function isWronged(Now memory one, uint256 r) private view returns (bool) {
        if (!has(one.quarrel.fallen, r) || !isTrue(one.hashes[r])) return false;
        return !one.dispute.decided || one.parts[r] == one.dispute.counted;
    }

    /// Whether the block is over or final with other amounts than those of the parts that count, or void.
    function isWrong() external returns (bool) {
        Stage stage = stageNow();
        if (stage < Stage.Final) return false;
        if (stage == Stage.Void) return true;
        Now memory one = look();
        bytes32 amounts = amountsIn(wanted(one));
        for (uint256 r = 0; r < one.count; r++) {
            bool isPaid = one.quarrel.agreed == 0 ? !has(one.gone, r) : one.quarrel.agreed == r + 1;
            if (isPaid && amountsIn(one.hashes[r]) != amounts) return true;
        }
        return stage == Stage.Settled && !isPaidOut(amounts);
    }

    function isPaidOut(bytes32 amounts) private view returns (bool) {
        for (uint256 i = 1; i < MEMBERS; i++) {
            uint256 due = uint64(uint256(amounts) >> (192 - 64 * i));
            if (vault.balanceOf(address(token), account(i)) != due) return false;
        }
        return true;
    }

    /// A bit for each part without fault that is struck though no panel said so.
    function struckUnjustly() external view returns (uint16 parts) {
        parts = look().quarrel.struck & goodParts();
        for (uint8 part = 0; part < MEMBERS; part++) {
            if (has(parts, part) && hasPanelSaid(part)) parts &= ~bitOf(part);
        }
    }

    function hasPanelSaid(uint8 part) private view returns (bool) {
        (, uint8 round, bool isOver) = panel.standing(id, N, part);
        IPanel.PanelRound memory told = panel.roundAt(id, N, part, round);
        return isOver && told.notHeld > told.held;
    }

    // ── wei ──

    /// Of accounts, then of validators.
    function accountAt(uint256 i) public pure returns (address) {
        return i < ORGANISATIONS ? account(i) : validator(i - ORGANISATIONS);
    }

    function lockedOf(uint256 i) external view returns (uint256 locked) {
        (,, locked) = vault.weiOf(accountAt(i));
    }

    /// What each has locked less what it should have, as the first that differs: its number, and both sums; the number
    /// of all if none differs.
    function firstLockedOtherwise() external view returns (uint256 i, uint256 locked, uint256 due) {
        uint256[] memory expected = new uint256[](2 * ORGANISATIONS);
        addBlock(expected);
        addAccusations(expected);
        addQuestions(expected);
        for (; i < expected.length; i++) {
            (,, locked) = vault.weiOf(accountAt(i));
            due = expected[i];
            if (locked != due) return (i, locked, due);
        }
    }

    function addBlock(uint256[] memory expected) private view {
        Now memory one = look();
        addBonds(expected, 0, one.dispute.forfeitable, Bonds.OWN_RESULT);
        if (one.state.endedAt != 0) return;
        addBonds(expected, 0, one.state.posted, Bonds.PART);
        uint256[] memory raw = blocks.rawWords(id, N);
        for (uint256 part = 0; part < MEMBERS; part++) {
            expected[part] -= raw[RawWords.CHARGES + part];
        }
        addBonds(expected, 0, one.state.own & ~one.dispute.lostOwn, Bonds.OWN_RESULT);
        addBonds(expected, ORGANISATIONS, one.state.seats & ~one.dispute.lostSeats, Bonds.SEAT);
    }

    /// Everybody's seat is its own validator's.
    function addBonds(uint256[] memory expected, uint256 from, uint256 mask, uint256 amount) private pure {
        for (uint256 i = 0; mask >> i != 0; i++) {
            if (has(mask, i)) expected[from + i] += amount;
        }
    }

    function addAccusations(uint256[] memory expected) private view {
        Now memory one = look();
        for (uint8 r = 0; r < one.count; r++) {
            for (uint8 slot = 0; slot < SLOTS; slot++) {
                if (slot % 16 >= MEMBERS) continue;
                (, AccusationState memory state) = caseOf(r, slot);
                if (isOpen(state)) expected[slot] += Bonds.ACCUSATION;
            }
        }
    }

    function addQuestions(uint256[] memory expected) private view {
        for (uint8 part = 0; part < MEMBERS; part++) {
            (, uint16 open_,,) = questions.questionsOf(id, N, part);
            addBonds(expected, 0, open_, Bonds.QUESTION);
            (, uint8 last, bool isAsked) = roundOf(part);
            if (!isAsked) continue;
            (address asker,,) = panel.standing(id, N, part);
            addTo(expected, asker, Bonds.QUESTION);
            for (uint8 round = 0; round <= last; round++) {
                addRound(expected, panel.roundAt(id, N, part, round), round);
            }
        }
    }

    function addRound(uint256[] memory expected, IPanel.PanelRound memory told, uint8 round) private pure {
        addTo(expected, told.appellant, uint256(Bonds.QUESTION) << round);
        for (uint256 i = 0; i < told.members.length; i++) {
            addTo(expected, told.members[i], Bonds.PANEL_SEAT);
        }
    }

    function addTo(uint256[] memory expected, address who, uint256 amount) private pure {
        if (who == address(0)) return;
        for (uint256 i = 0; i < expected.length; i++) {
            if (accountAt(i) == who) expected[i] += amount;
        }
    }

    /// All wei of everybody, and what the Vault holds.
    function allWei() external view returns (uint256 sum, uint256 held) {
        for (uint256 i = 0; i < 2 * ORGANISATIONS; i++) {
            sum += weiOf(accountAt(i));
        }
        sum += weiOf(STRANGER) + weiOf(BURN) + weiOf(PANEL);
        held = address(vault).balance;
    }

    function weiOf(address who) private view returns (uint256) {
        (uint256 free, uint256 stake_, uint256 locked) = vault.weiOf(who);
        return free + stake_ + locked;
    }

    /// What the honest member and its validator have lost, but for what panels cost it: half of what those were paid that
    /// said of its part or at its asking that it was served, its part's bond where one said that it was not, and all that
    /// those it asked had earned when everybody agreed.
    function lostByHonest() external view returns (uint256) {
        uint256 all = weiOf(account(HONEST)) + weiOf(validator(HONEST)) + excused();
        return all < 11 ether ? 11 ether - all : 0;
    }

    function excused() private view returns (uint256 sum) {
        for (uint8 part = 0; part < MEMBERS; part++) {
            (address asker, uint8 last, bool isOver) = panel.standing(id, N, part);
            if (!isOver || (part != HONEST && asker != account(HONEST))) continue;
            uint256 heard = 0;
            for (uint8 round = 0; round <= last; round++) {
                IPanel.PanelRound memory told = panel.roundAt(id, N, part, round);
                heard += uint256(told.held) + told.notHeld;
            }
            if (isReleased[part] && asker == account(HONEST)) sum += heard * Bonds.PANEL_PAY;
            if (isReleased[part]) continue;
            else sum += part == HONEST && hasPanelSaid(part) ? Bonds.PART : heard * Bonds.PANEL_PAY / 2;
        }
    }
}
