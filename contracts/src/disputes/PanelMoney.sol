// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Reason, WeiBook, WeiMove} from "../interfaces/IVault.sol";
import {Bonds} from "../lib/Bonds.sol";
import {PanelDraws} from "./PanelDraws.sol";

/// Who pays whom at the end of a panel. What several pay to several goes through the Locked book of this
/// contract's own account, which holds nothing after the call.
abstract contract PanelMoney is PanelDraws {
    /// Of a member both what comes back and what is paid or burnt; of everybody else at most four.
    uint256 private constant MOVES_MAX = 2 * (7 + 15 + 31) + 12;

    struct Moves {
        WeiMove[] list;
        uint256 used;
    }

    /// What calling a round locks: twice that of the round before.
    function bondOf(uint256 round) internal pure returns (uint96) {
        return Bonds.QUESTION << uint96(round);
    }

    /// The verdict stands. The part's owner pays out of its bond; what is left of it goes where it belongs when the
    /// block is over.
    function payDecided(Subject memory subject, Case storage found, bool isHeld) internal {
        Moves memory moves = newMoves();
        uint96 cost = addAppeals(moves, subject, found, true, isHeld);
        (address owner, uint96 byOwner) = blocks.chargePart(
            subject.channelId, subject.blockNumber, subject.part, isHeld ? cost / 2 : cost
        );
        addCost(moves, owner, byOwner);
        addAsker(moves, found, cost - byOwner);
        addRounds(moves, subject, found, true);
    }

    /// Nothing was decided before the block was over. Of the last round nobody was silent: its time may have been cut
    /// short, and the later this is called the less can be told.
    function payUndecided(Subject memory subject, Case storage found) internal {
        Moves memory moves = newMoves();
        uint96 cost = addAppeals(moves, subject, found, false, false);
        addAsker(moves, found, cost);
        addRounds(moves, subject, found, false);
    }

    /// What becomes of the bonds of appeals. Returns what the rounds cost that none of them pays.
    function addAppeals(
        Moves memory moves,
        Subject memory subject,
        Case storage found,
        bool isDecided,
        bool isHeld
    ) private view returns (uint96 open) {
        for (uint256 r = 0; r <= subject.round; r++) {
            Round storage one = found.rounds[r];
            uint96 cost = (uint96(one.held) + one.notHeld) * Bonds.PANEL_PAY;
            address appellant = one.appellant;
            if (appellant == address(0)) {
                open += cost;
            } else if (isDecided && saysHeld(found.rounds[r - 1]) != isHeld) {
                open += cost;
                addFreed(moves, appellant, appellant, Reason.PanelBond, bondOf(r));
            } else {
                addCost(moves, appellant, cost);
                if (isDecided) addFreed(moves, appellant, Bonds.BURN, Reason.Burnt, bondOf(r) - cost);
                else addFreed(moves, appellant, appellant, Reason.PanelBond, bondOf(r) - cost);
            }
        }
    }

    function saysHeld(Round storage round) internal view returns (bool) {
        return round.held >= round.notHeld;
    }

    function addAsker(Moves memory moves, Case storage found, uint96 cost) private view {
        addCost(moves, found.asker, cost);
        addFreed(moves, found.asker, found.asker, Reason.QuestionBond, bondOf(0) - cost);
    }

    /// Bonds and pay of all validators, and makes the moves.
    function addRounds(Moves memory moves, Subject memory subject, Case storage found, bool isOver)
        private
    {
        for (uint256 r = 0; r <= subject.round; r++) {
            addMembers(moves, found.rounds[r], isOver || r < subject.round);
        }
        WeiMove[] memory list = moves.list;
        uint256 used = moves.used;
        assembly ("memory-safe") {
            mstore(list, used)
        }
        vault.moveWei(subject.channelId, subject.blockNumber, list);
    }

    /// isOver: the time to reveal is, so that whoever did not was silent.
    function addMembers(Moves memory moves, Round storage round, bool isOver) private view {
        uint256 count = round.drawnAt == 0 ? 0 : round.count;
        for (uint256 i = 0; i < count; i++) {
            uint256 word = round.members[i];
            address member = address(uint160(word));
            uint96 bond = uint96(word >> BOND_SHIFT);
            if (word & REVEALED != 0) {
                addFreed(moves, address(this), member, Reason.Fee, Bonds.PANEL_PAY);
            } else if (isOver) {
                uint96 fine = bond < Bonds.PANEL_SILENCE ? bond : Bonds.PANEL_SILENCE;
                addFreed(moves, member, Bonds.BURN, Reason.Silence, fine);
                bond -= fine;
            }
            add(moves, WeiMove(member, member, WeiBook.Locked, WeiBook.Stake, Reason.PanelBond, bond));
        }
    }

    /// Out of a bond, for validators.
    function addCost(Moves memory moves, address payer, uint96 amount) private view {
        add(moves, WeiMove(payer, address(this), WeiBook.Locked, WeiBook.Locked, Reason.Fee, amount));
    }

    /// Out of what is locked: back, to whoever gains by it, or burnt.
    function addFreed(Moves memory moves, address from, address to, Reason reason, uint96 amount)
        private
        pure
    {
        add(moves, WeiMove(from, to, WeiBook.Locked, WeiBook.Free, reason, amount));
    }

    function newMoves() private pure returns (Moves memory moves) {
        moves.list = new WeiMove[](MOVES_MAX);
    }

    function add(Moves memory moves, WeiMove memory one) private pure {
        if (one.amount > 0) moves.list[moves.used++] = one;
    }
}
