// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPanel} from "../../src/disputes/IPanel.sol";
import {WeiBook} from "../../src/interfaces/IVault.sol";
import {Bonds} from "../../src/lib/Bonds.sol";
import {IParticipantRegistry} from "../../src/registries/IParticipantRegistry.sol";
import {PanelFixture} from "./support/PanelFixture.sol";

/// Larger panels: by appeals of either side, by ties and by silence; and what each of them costs whom in the end.
contract PanelAppealsTest is PanelFixture {
    uint256 private constant STAKE = 1 ether;
    uint256 private constant PAY = Bonds.PANEL_PAY;
    uint256 private constant BOND = Bonds.QUESTION;
    uint256 private constant FREE = 1 ether - Bonds.PART;
    uint256 private constant ASKER = 0;
    uint256 private constant OWNER = 1;
    uint256 private constant THIRD = 2;

    function setUp() public override {
        super.setUp();
        list(0, 40, STAKE);
        ask(ASKER);
        drawAll();
    }

    // ── who may ──

    function test_any_participant_appeals_by_account_or_operator_and_nobody_else() public {
        hear(0, 1, 0);
        address[4] memory others = [validator(0), operator(5), account(5), address(this)];
        for (uint256 i = 0; i < others.length; i++) {
            vm.expectRevert(abi.encodeWithSelector(IPanel.NotParticipant.selector, id, others[i]));
            vm.prank(others[i]);
            panel.appeal(id, BLOCK, PART);
        }
        vm.expectEmit(PANEL);
        emit IPanel.PanelHeightNamed(id, BLOCK, PART, 1, uint64(block.number + 2));
        vm.expectEmit(PANEL);
        emit IPanel.PanelAppealed(id, BLOCK, PART, 1, account(3));
        vm.prank(operator(3));
        panel.appeal(id, BLOCK, PART);
        vm.assertEq(now_().appellant, account(3));
        holds(account(3), 1 ether - 2 * BOND, 0, 2 * BOND);
    }

    function test_who_is_a_participant_appeals_for_itself_also_as_the_operator_key_of_another() public {
        IParticipantRegistry.Keys memory keys = keysOf(OWNER);
        keys.operatorKey = account(THIRD);
        bytes memory signature = possession(ACCOUNT + THIRD, account(OWNER), 2);
        vm.prank(account(OWNER));
        participants.register(keys, "", signature);
        vm.assertEq(participants.operatorAccountOf(account(THIRD)), account(OWNER));
        hear(1, 0, 0);
        appeal(THIRD);
        vm.assertEq(now_().appellant, account(THIRD));
    }

    // ── sizes ──

    function test_appeals_go_to_15_and_once_more_to_31() public {
        vm.assertEq(now_().members.length, 7);
        hear(1, 0, 0);
        appeal(ASKER);
        drawAll();
        vm.assertEq(now_().members.length, 15);
        hear(0, 1, 0);
        appeal(OWNER);
        holds(account(OWNER), FREE - 4 * BOND, 0, Bonds.PART + 4 * BOND);
        drawAll();
        vm.assertEq(now_().members.length, 31);
        hear(1, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(IPanel.NothingToAppeal.selector, 2));
        appeal(ASKER);
        // Nobody is waited for after the last.
        conclude();
        vm.assertTrue(isOver(), "over");
    }

    function test_a_tie_and_silence_go_on_without_a_bond_and_end_as_held() public {
        hear(3, 3, 1);
        bytes memory refusal = abi.encodeWithSelector(IPanel.NothingToAppeal.selector, 0);
        vm.expectRevert(refusal);
        appeal(OWNER);
        conclude();
        drawAll();
        hear(0, 0, 2);
        refusal = abi.encodeWithSelector(IPanel.NothingToAppeal.selector, 1);
        vm.expectRevert(refusal);
        appeal(OWNER);
        conclude();
        drawAll();
        hear(15, 15, 0);
        vm.expectEmit(PANEL);
        emit IPanel.PanelConcluded(id, BLOCK, PART, true);
        conclude();
        holds(account(ASKER), 1 ether - 18 * PAY, 0, 0);
        holds(account(OWNER), FREE, 0, Bonds.PART - 18 * PAY);
        holds(Bonds.BURN, (1 + 15 + 1) * Bonds.PANEL_SILENCE, 0, 0);
        everybodyIsPaid();
    }

    function test_where_all_are_silent_at_each_size_it_counts_as_held_and_costs_only_them() public {
        for (uint256 i = 0; i < 3; i++) {
            if (i > 0) drawAll();
            hear(0, 0, i);
            conclude();
        }
        vm.assertTrue(isOver(), "over");
        vm.assertFalse(isStruck(), "struck");
        holds(account(ASKER), 1 ether, 0, 0);
        holds(account(OWNER), FREE, 0, Bonds.PART);
        holds(Bonds.BURN, (7 + 15 + 31) * Bonds.PANEL_SILENCE, 0, 0);
        everybodyIsPaid();
    }

    function test_at_31_a_majority_of_one_decides() public {
        hear(1, 1, 0);
        conclude();
        drawAll();
        hear(2, 2, 0);
        conclude();
        drawAll();
        hear(15, 16, 0);
        vm.expectEmit(PANEL);
        emit IPanel.PanelConcluded(id, BLOCK, PART, false);
        conclude();
        vm.assertTrue(isStruck(), "struck");
        // The owner pays all three.
        holds(account(ASKER), 1 ether, 0, 0);
        holds(account(OWNER), FREE, 0, Bonds.PART - 37 * PAY);
        everybodyIsPaid();
    }

    // ── money ──

    function test_an_owner_that_is_right_has_its_appeal_bond_back() public {
        hear(3, 4, 0);
        appeal(OWNER);
        drawAll();
        hear(15, 0, 0);
        waitForAppeals();
        conclude();
        vm.assertFalse(isStruck(), "struck");
        holds(account(ASKER), 1 ether - 11 * PAY, 0, 0);
        holds(account(OWNER), FREE, 0, Bonds.PART - 11 * PAY);
        everybodyIsPaid();
    }

    function test_an_asker_that_is_right_has_its_appeal_bond_back() public {
        hear(7, 0, 0);
        appeal(ASKER);
        drawAll();
        hear(0, 15, 0);
        waitForAppeals();
        conclude();
        vm.assertTrue(isStruck(), "struck");
        holds(account(ASKER), 1 ether, 0, 0);
        holds(account(OWNER), FREE, 0, Bonds.PART - 22 * PAY);
        holds(Bonds.BURN, 0, 0, 0);
        everybodyIsPaid();
    }

    function test_a_lost_appeal_pays_the_round_that_it_called_and_the_rest_is_burnt() public {
        hear(7, 0, 0);
        appeal(THIRD);
        drawAll();
        hear(10, 4, 0);
        waitForAppeals();
        conclude();
        holds(account(THIRD), 1 ether - 2 * BOND, 0, 0);
        holds(Bonds.BURN, 2 * BOND - 14 * PAY + Bonds.PANEL_SILENCE, 0, 0);
        uint256 half = 7 * PAY / 2;
        holds(account(ASKER), 1 ether - half, 0, 0);
        holds(account(OWNER), FREE, 0, Bonds.PART - half);
        everybodyIsPaid();
    }

    /// Held, appealed; not held, appealed; held: who was against the last word pays, and the owner's is back.
    function test_two_appeals_one_right_and_one_wrong() public {
        hear(7, 0, 0);
        appeal(THIRD);
        drawAll();
        hear(0, 15, 0);
        appeal(OWNER);
        drawAll();
        hear(31, 0, 0);
        conclude();
        vm.assertFalse(isStruck(), "struck");
        holds(account(THIRD), 1 ether - 2 * BOND, 0, 0);
        uint256 half = (7 + 31) * PAY / 2;
        holds(account(ASKER), 1 ether - half, 0, 0);
        holds(account(OWNER), FREE, 0, Bonds.PART - half);
        holds(Bonds.BURN, 2 * BOND - 15 * PAY, 0, 0);
        everybodyIsPaid();
    }

    /// An appeal, a tie, and a verdict: the appeal is held against what it was against.
    function test_an_appeal_that_a_tie_followed_is_right_by_the_last_word() public {
        hear(7, 0, 0);
        appeal(ASKER);
        drawAll();
        hear(7, 7, 0);
        conclude();
        vm.assertEq(now_().appellant, address(0));
        drawAll();
        hear(0, 31, 0);
        conclude();
        holds(account(ASKER), 1 ether, 0, 0);
        holds(account(OWNER), FREE, 0, Bonds.PART - 52 * PAY);
        everybodyIsPaid();
    }

    /// Nothing is left of the owner's bond: the validators are paid all the same.
    function test_what_the_owners_bond_lacks_the_asker_pays() public {
        (address owner, uint96 bond) = seams.chargePart(id, BLOCK, PART, Bonds.PART);
        moveAs(address(blocks), owner, WeiBook.Locked, WeiBook.Free, bond);
        hear(0, 7, 0);
        waitForAppeals();
        conclude();
        holds(account(ASKER), 1 ether - 7 * PAY, 0, 0);
        holds(account(OWNER), 1 ether, 0, 0);
        everybodyIsPaid();
    }

    function test_the_dearest_panel_is_paid_out_of_one_bond() public {
        (address owner, uint96 bond) = seams.chargePart(id, BLOCK, PART, Bonds.PART);
        moveAs(address(blocks), owner, WeiBook.Locked, WeiBook.Free, bond);
        hear(3, 4, 0);
        appeal(OWNER);
        drawAll();
        hear(8, 7, 0);
        appeal(ASKER);
        drawAll();
        hear(0, 31, 0);
        conclude();
        // Against not held, and not held it is: the owner's appeal alone pays what it called.
        holds(account(ASKER), 1 ether - 38 * PAY, 0, 0);
        holds(account(OWNER), 1 ether - 2 * BOND, 0, 0);
        vm.assertLe((7 + 15 + 31) * PAY, Bonds.PART);
        vm.assertLe((7 + 15 + 31) * PAY, Bonds.QUESTION);
        everybodyIsPaid();
    }

    // ── the block is over first ──

    function test_what_is_over_before_it_is_drawn_costs_nobody() public {
        hear(4, 3, 0);
        appeal(OWNER);
        seams.closeBlock(id, BLOCK);
        vm.expectEmit(PANEL);
        emit IPanel.PanelReleased(id, BLOCK, PART);
        panel.release(id, BLOCK, PART);
        // The round that was heard, the asker pays.
        holds(account(ASKER), 1 ether - 7 * PAY, 0, 0);
        holds(account(OWNER), FREE, 0, Bonds.PART);
        holds(Bonds.BURN, 0, 0, 0);
        everybodyIsPaid();
    }

    function test_nobody_was_silent_whose_time_to_reveal_was_cut_short_however_late_it_is_released()
        public
    {
        uint256 drawnAt = block.timestamp;
        commit(0, true);
        commit(1, true);
        vm.warp(drawnAt + PERIOD / 2);
        reveal(0, true);
        vm.warp(drawnAt + PERIOD - 1);
        seams.closeBlock(id, BLOCK);
        uint256 before = vm.snapshotState();
        panel.release(id, BLOCK, PART);
        holds(account(ASKER), 1 ether - PAY, 0, 0);
        holds(Bonds.BURN, 0, 0, 0);
        everybodyIsPaid();
        vm.revertToState(before);
        vm.warp(drawnAt + PERIOD);
        panel.release(id, BLOCK, PART);
        holds(account(ASKER), 1 ether - PAY, 0, 0);
        holds(Bonds.BURN, 0, 0, 0);
        everybodyIsPaid();
    }

    function test_who_was_silent_before_an_appeal_was_silent_also_if_the_next_round_is_cut_short() public {
        hear(4, 0, 0);
        appeal(THIRD);
        drawAll();
        seams.closeBlock(id, BLOCK);
        panel.release(id, BLOCK, PART);
        holds(account(ASKER), 1 ether - 4 * PAY, 0, 0);
        holds(account(THIRD), 1 ether, 0, 0);
        holds(Bonds.BURN, 3 * Bonds.PANEL_SILENCE, 0, 0);
        everybodyIsPaid();
    }

    function test_an_appeal_that_nothing_came_of_pays_its_round_and_has_the_rest_back() public {
        hear(4, 3, 0);
        appeal(THIRD);
        drawAll();
        hear(2, 1, 0);
        seams.closeBlock(id, BLOCK);
        panel.release(id, BLOCK, PART);
        holds(account(ASKER), 1 ether - 7 * PAY, 0, 0);
        holds(account(THIRD), 1 ether - 3 * PAY, 0, 0);
        holds(Bonds.BURN, 0, 0, 0);
        everybodyIsPaid();
    }

    /// Nothing is locked any more, and no wei is lost or made: 40 stakes and four accounts.
    function everybodyIsPaid() private view {
        holds(PANEL, 0, 0, 0);
        uint256 all;
        for (uint256 i = 0; i < 40; i++) {
            (uint256 free, uint256 stake, uint256 locked) = vault.weiOf(validator(i));
            vm.assertEq(locked, 0, "still locked");
            all += free + stake;
        }
        (uint256 burnt,,) = vault.weiOf(Bonds.BURN);
        all += burnt;
        for (uint256 i = 0; i < 4; i++) {
            (uint256 free,, uint256 locked) = vault.weiOf(account(i));
            all += free + locked;
        }
        vm.assertEq(all, 44 ether, "all wei");
    }
}
