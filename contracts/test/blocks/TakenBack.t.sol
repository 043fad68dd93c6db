// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BlockResult, Stage} from "../../src/interfaces/ChannelTypes.sol";
import {Forfeit} from "../../src/interfaces/IBlockSeams.sol";
import {Reason, WeiBook} from "../../src/interfaces/IVault.sol";
import {Bonds} from "../../src/lib/Bonds.sol";
import {DisputeScene} from "./support/DisputeScene.sol";

/// What becomes of the bond of a result that was taken back: locked for ever it is never.
contract TakenBackTest is DisputeScene {
    /// Without part 1.
    uint16 private constant ENDS = 5;
    Forfeit[] private none;

    // ── after it was accused ──

    /// An accusation of another result was open when the block ended: whoever ends the last one burns it.
    function test_what_was_taken_back_is_burnt_with_the_last_accusation_where_another_was_open() external {
        disputed();
        accuse(1, 0);
        freeAccusations(1);
        accuse(0, 1);
        revealOwn(id, N, 2, high());
        accuse(0, 2);
        accept(1, low());
        accept(2, low());
        settle(id, N, low());
        freeAccusations(1);
        vm.assertEq(lockedOf(account(1)), Bonds.OWN_RESULT, "one is open");
        expectWei(account(1), Bonds.BURN, WeiBook.Locked, WeiBook.Free, Bonds.OWN_RESULT, Reason.Burnt);
        freeAccusations(1);
        vm.assertEq(dispute().accusations | dispute().forfeitable, 0);
        vm.assertEq(lockedOf(account(1)), 0);
        requireForfeits(takenBack(1), none);
    }

    /// Final, and not over: what is open no more then is not open at the end.
    function test_what_was_taken_back_is_burnt_at_the_end_once_nothing_is_open() external {
        disputed();
        accuse(1, 0);
        freeAccusations(1);
        accuse(0, 1);
        accept(1, low());
        accept(2, low());
        requireStage(id, N, Stage.Final);
        freeAccusations(1);
        vm.assertEq(lockedOf(account(1)), Bonds.PART + Bonds.OWN_RESULT);
        settle(id, N, low());
        vm.assertEq(lockedOf(account(1)), 0);
        vm.assertEq(freeOf(Bonds.BURN), Bonds.OWN_RESULT);
    }

    // ── after it was questioned, where all agree before parts are decided ──

    /// As it would at the decision: it left out a part that counts, and nobody who stood for it asked about that.
    function test_who_was_questioned_and_accepts_other_parts_loses_what_ignoring_a_part_costs() external {
        apart(ENDS);
        ask(2, 0);
        agreed();
        expectWei(account(1), Bonds.BURN, WeiBook.Locked, WeiBook.Free, Bonds.OWN_RESULT, Reason.Burnt);
        requireEnd(Bonds.OWN_RESULT);
        vm.assertEq(quarrel().burntOwn, 2);
    }

    function test_who_was_not_questioned_takes_back_for_nothing() external {
        apart(ENDS);
        // Whoever asks about what it left out doubts the others.
        ask(1, 0);
        agreed();
        requireEnd(0);
    }

    function test_who_asked_about_what_it_left_out_takes_back_for_nothing() external {
        apart(ENDS);
        ask(2, 0);
        ask(1, 1);
        agreed();
        requireEnd(0);
    }

    function test_who_left_nothing_out_takes_back_for_nothing() external {
        apart(ALL);
        ask(2, 0);
        agreed();
        requireEnd(0);
    }

    function test_a_part_that_was_struck_is_left_out_for_nothing() external {
        apart(ENDS);
        ask(2, 0);
        strike(1, 1);
        agreed();
        settle(id, N, agreedOn());
        vm.assertEq(freeOf(Bonds.BURN), Bonds.PART / 2);
        vm.assertEq(lockedOf(account(1)), 0);
    }

    function test_who_was_accused_before_parts_differed_and_then_questioned_loses_once() external {
        revealedTwice();
        accuse(1, 0);
        revealOwn(id, N, 2, low());
        ask(2, 0);
        agreed();
        settle(id, N, agreedOn());
        requireForfeits(takenBack(1), one(account(1), Bonds.OWN_RESULT));
        vm.assertEq(quarrel().burntOwn, 0);
        vm.assertEq(freeOf(Bonds.BURN), 0);
    }

    /// Result 0 without part 2 by the payer's binding seat, result 1 with the same parts by the seller.
    function revealedTwice() private {
        postAll(id, N, 3);
        commit(id, N, 0, agreedOn(), true);
        goTo(20);
        reveal(id, N, 0, agreedOn());
        goTo(40);
        revealOwn(id, N, 1, short());
    }

    /// Result 0 without part 2 by the payer's binding seat, result 1 of other parts by the seller.
    function apart(uint16 parts) private {
        postAll(id, N, 3);
        commit(id, N, 0, agreedOn(), true);
        goTo(20);
        reveal(id, N, 0, agreedOn());
        goTo(40);
        revealOwn(id, N, 1, resultOf(3, 1700, parts));
    }

    function agreedOn() private pure returns (BlockResult memory) {
        return resultOf(3, 1000, FIRST_TWO);
    }

    function agreed() private {
        accept(1, agreedOn());
        accept(2, agreedOn());
        requireStage(id, N, Stage.Final);
    }

    function requireEnd(uint256 burnt) private {
        settle(id, N, agreedOn());
        vm.assertEq(freeOf(Bonds.BURN), burnt);
        vm.assertEq(lockedOf(account(1)), 0);
    }
}
