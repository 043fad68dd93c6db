// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPanel} from "../../src/disputes/IPanel.sol";
import {WeiBook} from "../../src/interfaces/IVault.sol";
import {Bonds} from "../../src/lib/Bonds.sol";
import {PanelDraw} from "../../src/lib/PanelDraw.sol";
import {PanelFixture} from "./support/PanelFixture.sol";

/// Who sits in a panel: by the seed and its own weight alone, in however many calls it is drawn.
contract PanelDrawsTest is PanelFixture {
    uint256 private constant STAKE = 1 ether;
    bytes32 private constant HASH = keccak256("the seed's height");

    // ── sizes ──

    function test_a_panel_of_nobody_counts_as_held_at_once() public {
        ask(0);
        drawAll();
        vm.assertEq(now_().members.length, 0);
        vm.assertTrue(now_().drawnAt != 0, "drawn");
        vm.expectRevert(abi.encodeWithSelector(IPanel.NothingToAppeal.selector, 0));
        appeal(0);
        vm.expectEmit(PANEL);
        emit IPanel.PanelConcluded(id, BLOCK, PART, true);
        conclude();
        holds(account(0), 1 ether, 0, 0);
        holds(account(1), 1 ether - Bonds.PART, 0, Bonds.PART);
    }

    function test_all_sit_where_there_are_fewer_than_a_panel_has() public {
        uint256[4] memory counts = [uint256(1), 6, 7, 8];
        for (uint256 i = 0; i < counts.length; i++) {
            uint256 before = vm.snapshotState();
            list(0, counts[i], STAKE);
            ask(0);
            drawAll();
            vm.assertEq(now_().members.length, counts[i] < 7 ? counts[i] : 7);
            vm.revertToState(before);
        }
    }

    function test_one_validator_decides_alone() public {
        list(0, 1, STAKE);
        ask(0);
        drawAll();
        hear(0, 1, 0);
        waitForAppeals();
        conclude();
        vm.assertTrue(isStruck(), "struck");
    }

    function test_31_of_31_and_of_60_sit_in_the_largest_panel() public {
        uint256[2] memory counts = [uint256(31), 60];
        for (uint256 i = 0; i < counts.length; i++) {
            uint256 before = vm.snapshotState();
            list(0, counts[i], STAKE);
            ask(0);
            drawAll();
            isAsRanksSay(7);
            hear(0, 0, 0);
            conclude();
            drawAll();
            isAsRanksSay(15);
            hear(0, 0, 0);
            conclude();
            drawAll();
            isAsRanksSay(31);
            vm.revertToState(before);
        }
    }

    // ── who ──

    function test_each_member_is_bound_and_told_in_the_order_of_the_draw() public {
        list(0, 20, STAKE);
        ask(0);
        (bytes32 seed, address[] memory members) = expected(7);
        vm.expectEmit(PANEL);
        emit IPanel.PanelDrawn(id, BLOCK, PART, 0, seed, members);
        draw(ALL);
        for (uint256 i = 0; i < members.length; i++) {
            holds(members[i], 0, STAKE - Bonds.PANEL_SEAT, Bonds.PANEL_SEAT);
        }
        vm.assertEq(abi.encode(now_().members), abi.encode(members));
        vm.expectRevert(abi.encodeWithSelector(IPanel.AlreadyDrawn.selector, block.timestamp));
        draw(ALL);
    }

    function test_holders_of_the_blocks_seats_are_left_out() public {
        list(0, 9, STAKE);
        seams.seat(id, BLOCK, 0, validator(3));
        seams.seat(id, BLOCK, 2, validator(5));
        seams.seat(id, BLOCK, 15, validator(8));
        ask(0);
        drawAll();
        address[] memory members = now_().members;
        vm.assertEq(members.length, 6);
        for (uint256 i = 0; i < 6; i++) {
            bool isHolder = members[i] == validator(3) || members[i] == validator(5);
            vm.assertFalse(isHolder || members[i] == validator(8), "a holder sits");
        }
    }

    /// What stakes are used up with may be of a party's own making: seats in blocks of channels with itself.
    function test_whose_stake_is_locked_sits_with_what_it_has_unlocked() public {
        list(0, 3, STAKE);
        moveAs(address(blocks), validator(0), WeiBook.Stake, WeiBook.Locked, uint96(STAKE));
        uint96 most = uint96(STAKE) - Bonds.PANEL_SILENCE / 2;
        moveAs(address(blocks), validator(1), WeiBook.Stake, WeiBook.Locked, most);
        ask(0);
        drawAll();
        vm.assertEq(now_().members.length, 3);
        holds(validator(0), 0, 0, STAKE);
        holds(validator(1), 0, 0, STAKE);
        holds(validator(2), 0, STAKE - Bonds.PANEL_SEAT, Bonds.PANEL_SEAT);
        hear(0, 0, 0);
        panel.conclude(id, BLOCK, PART);
        seams.closeBlock(id, BLOCK);
        panel.release(id, BLOCK, PART);
        // Silent in the round before, and no more is taken than was bound.
        holds(validator(0), 0, 0, STAKE);
        holds(validator(1), 0, 0, most);
        holds(validator(2), 0, STAKE - Bonds.PANEL_SILENCE, 0);
    }

    function test_who_comes_or_stakes_more_once_it_was_asked_does_not_sit() public {
        list(0, 8, STAKE);
        ask(0);
        stakeMore(validator(0), STAKE);
        stakeMore(validator(8), 1_000 * STAKE);
        vm.warp(block.timestamp + 5);
        stakeMore(validator(1), 1);
        drawAll();
        address[] memory members = now_().members;
        vm.assertEq(members.length, 6);
        for (uint256 i = 0; i < 6; i++) {
            for (uint256 k = 0; k < 3; k++) {
                vm.assertFalse(members[i] == validator([uint256(0), 1, 8][k]), "newcomer");
            }
        }
    }

    /// Each for itself: who goes, or weighs less, is replaced by the next, and all others stay as they were.
    function test_who_goes_meanwhile_changes_nobody_elses_place() public {
        list(0, 30, STAKE);
        ask(0);
        (, address[] memory members) = expected(8);
        vm.prank(members[2]);
        validators.announceExit(STAKE);
        draw(ALL);
        address[] memory drawn = now_().members;
        for (uint256 i = 0; i < 7; i++) {
            vm.assertEq(drawn[i], members[i < 2 ? i : i + 1]);
        }
    }

    function test_a_bond_weighs_as_much_as_its_share() public pure {
        // Nine tenths of the stake sit first nine times of ten.
        bytes32 seed;
        uint256 heavy = 0;
        for (uint256 i = 0; i < 2_000; i++) {
            seed = keccak256(abi.encode(i));
            uint256 first = PanelDraw.entryOf(seed, validator(0), 9 ether);
            if (first < PanelDraw.entryOf(seed, validator(1), 1 ether)) heavy++;
        }
        // Five standard deviations are 67.
        vm.assertGe(heavy, 1_733);
        vm.assertLe(heavy, 1_867);
    }

    // ── when ──

    function test_it_is_drawn_from_the_hash_of_two_heights_on() public {
        list(0, 9, STAKE);
        ask(0);
        uint64 height = uint64(block.number + 2);
        bytes memory refusal = abi.encodeWithSelector(IPanel.DrawTooEarly.selector, height);
        vm.expectRevert(refusal);
        draw(ALL);
        vm.roll(height);
        vm.expectRevert(refusal);
        draw(ALL);
        vm.roll(height + 1);
        vm.setBlockhash(height, HASH);
        draw(ALL);
        vm.assertEq(abi.encode(now_().members), abi.encode(ranked(7, seedOf(HASH))));
    }

    function test_the_hash_is_seen_for_256_heights_and_then_another_is_named() public {
        list(0, 9, STAKE);
        ask(0);
        uint256 height = block.number + 2;
        uint256 before = vm.snapshotState();
        vm.roll(height + 256);
        draw(ALL);
        vm.assertTrue(now_().drawnAt != 0, "drawn");
        vm.revertToState(before);
        vm.roll(height + 257);
        vm.warp(block.timestamp + 100);
        vm.expectEmit(PANEL);
        emit IPanel.PanelHeightNamed(id, BLOCK, PART, 0, uint64(height + 257 + 2));
        draw(ALL);
        vm.assertEq(now_().drawnAt, 0);
        vm.assertEq(now_().height, height + 257 + 2);
        vm.assertEq(now_().namedAt, block.timestamp);
        vm.expectRevert(abi.encodeWithSelector(IPanel.DrawTooEarly.selector, uint64(height + 257 + 2)));
        draw(ALL);
        drawAll();
        vm.assertEq(now_().members.length, 7);
    }

    // ── in pages ──

    function test_pages_of_any_size_draw_the_same() public {
        list(0, 23, STAKE);
        ask(0);
        (, address[] memory members) = expected(7);
        uint256[5] memory sizes = [uint256(1), 2, 7, 22, 23];
        for (uint256 i = 0; i < sizes.length; i++) {
            uint256 before = vm.snapshotState();
            uint256 calls = 0;
            while (now_().drawnAt == 0) {
                draw(sizes[i]);
                calls++;
            }
            vm.assertEq(calls, (23 + sizes[i] - 1) / sizes[i]);
            vm.assertEq(abi.encode(now_().members), abi.encode(members));
            vm.revertToState(before);
        }
    }

    function test_a_page_tells_how_many_are_left_and_shows_no_members() public {
        list(0, 23, STAKE);
        ask(0);
        vm.roll(block.number + 3);
        vm.expectEmit(PANEL);
        emit IPanel.PanelDrawBegun(id, BLOCK, PART, 0, 13);
        draw(10);
        vm.assertEq(now_().members.length, 0);
        // An empty page moves nothing.
        vm.expectEmit(PANEL);
        emit IPanel.PanelDrawBegun(id, BLOCK, PART, 0, 13);
        draw(0);
        // The seed stays, also when its hash is gone.
        vm.roll(block.number + 1_000);
        draw(13);
        vm.assertEq(now_().members.length, 7);
    }

    /// A removed entry is replaced by the last: none that was not looked at yet gets behind, none counts twice.
    function test_whoever_leaves_between_pages_leaves_nobody_else_out() public {
        list(0, 30, STAKE);
        for (uint256 i = 0; i < 30; i += 3) {
            vm.prank(validator(i));
            validators.announceExit(STAKE);
        }
        vm.warp(block.timestamp + 90 days);
        ask(0);
        (, address[] memory members) = expected(7);
        for (uint256 size = 1; size < 30; size += 4) {
            uint256 before = vm.snapshotState();
            uint256 gone = 0;
            while (now_().drawnAt == 0) {
                draw(size);
                for (uint256 k = 0; k < 2 && gone < 30; k++) {
                    vm.prank(validator(gone));
                    validators.completeExit();
                    gone += 3;
                }
                stakeMore(validator(100 + gone), 100 * STAKE);
            }
            vm.assertEq(abi.encode(now_().members), abi.encode(members));
            vm.revertToState(before);
        }
    }

    function test_a_list_that_is_shorter_than_what_was_left_is_looked_at_whole() public {
        list(0, 10, STAKE);
        for (uint256 i = 0; i < 8; i++) {
            vm.prank(validator(i));
            validators.announceExit(STAKE);
        }
        vm.warp(block.timestamp + 90 days);
        ask(0);
        vm.roll(block.number + 3);
        draw(1);
        for (uint256 i = 0; i < 8; i++) {
            vm.prank(validator(i));
            validators.completeExit();
        }
        draw(8);
        vm.assertEq(now_().drawnAt, 0);
        draw(1);
        vm.assertEq(now_().members.length, 2);
    }

    // ── by the rule, written once more ──

    function isAsRanksSay(uint256 size) private view {
        bytes32 seed = seedOf(blockhash(now_().height));
        address[] memory members = ranked(size, seed);
        vm.assertEq(abi.encode(now_().members), abi.encode(members));
    }

    /// Goes on to where the hash is seen: what the draw will give of all that are listed.
    function expected(uint256 size) private returns (bytes32 seed, address[] memory members) {
        vm.roll(block.number + 3);
        seed = seedOf(blockhash(now_().height));
        members = ranked(size, seed);
    }

    function seedOf(bytes32 heightHash) private view returns (bytes32) {
        return keccak256(abi.encode(heightHash, id, BLOCK, PART, uint8(roundNow())));
    }

    /// The `size` lowest of all that have a weight: sorted, one by one.
    function ranked(uint256 size, bytes32 seed) private view returns (address[] memory members) {
        uint256 count = validators.validatorCount();
        (address[] memory accounts, uint256[] memory weights) =
            validators.steadyBonds(0, count, now_().namedAt);
        uint256[] memory entries = new uint256[](count);
        uint256 used = 0;
        for (uint256 i = 0; i < count; i++) {
            if (weights[i] == 0) continue;
            entries[used++] = PanelDraw.entryOf(seed, accounts[i], weights[i]);
        }
        members = new address[](used < size ? used : size);
        for (uint256 k = 0; k < members.length; k++) {
            uint256 least = k;
            for (uint256 i = k; i < used; i++) {
                if (entries[i] < entries[least]) least = i;
            }
            (entries[k], entries[least]) = (entries[least], entries[k]);
            members[k] = address(uint160(entries[k]));
        }
    }
}
