// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Bonds} from "../../src/lib/Bonds.sol";
import {Reason, WeiBook, WeiMove} from "../../src/interfaces/IVault.sol";
import {Organisations} from "../support/Organisations.sol";

/// What a draw weighs that nobody may steer: no act of anybody raises it once the time is there.
contract SteadyBondsTest is Organisations {
    uint256 private constant MIN = Bonds.STAKE_MIN;
    bytes32 private constant KEY = keccak256("encryption key");

    address private who;
    uint64 private later;

    function setUp() public override {
        super.setUp();
        who = validator(0);
        stake(who, 3 * MIN);
        later = uint64(block.timestamp + 1);
    }

    function test_a_bond_counts_from_the_second_after_it_was_staked() public view {
        vm.assertEq(weightAt(later - 1), 0);
        vm.assertEq(weightAt(later), 3 * MIN);
    }

    function test_who_stakes_more_does_not_count_until_later() public {
        vm.warp(later + 10);
        stake(who, 1);
        vm.assertEq(weightAt(later + 10), 0);
        vm.assertEq(weightAt(later + 11), 3 * MIN + 1);
    }

    function test_free_wei_that_is_staked_counts_as_late_as_any() public {
        vm.warp(later + 10);
        vm.deal(address(this), MIN);
        vault.depositWei{value: MIN}(who);
        vm.prank(who);
        validators.register(KEY, "", 0, MIN);
        vm.assertEq(weightAt(later + 10), 0);
        vm.assertEq(weightAt(later + 11), 4 * MIN);
    }

    function test_another_key_or_fee_changes_nothing() public {
        vm.warp(later + 10);
        vm.prank(who);
        validators.register(bytes32(uint256(7)), "http://new.example", 9, 0);
        vm.assertEq(weightAt(later), 3 * MIN);
    }

    function test_an_exit_lowers_it_at_once_and_taking_it_back_raises_it_for_later() public {
        vm.warp(later + 10);
        announce(MIN);
        announce(MIN);
        vm.assertEq(weightAt(later), 2 * MIN);
        announce(MIN + 1);
        vm.assertEq(weightAt(later), 2 * MIN - 1);
        announce(MIN);
        vm.assertEq(weightAt(later + 10), 0);
        vm.assertEq(weightAt(later + 11), 2 * MIN);
        vm.warp(later + 20);
        announce(0);
        vm.assertEq(weightAt(later + 20), 0);
        vm.assertEq(weightAt(later + 21), 3 * MIN);
    }

    function test_what_leaves_does_not_count_before_and_after() public {
        announce(MIN);
        vm.warp(block.timestamp + 90 days);
        vm.assertEq(weightAt(later), 2 * MIN);
        complete();
        vm.assertEq(weightAt(later), 2 * MIN);
    }

    /// Else whoever makes seats of its own could empty a draw.
    function test_what_blocks_have_locked_counts() public {
        move(who, who, WeiBook.Stake, WeiBook.Locked, 3 * MIN);
        vm.assertEq(weightAt(later), 3 * MIN);
        announce(MIN);
        vm.assertEq(weightAt(later), 2 * MIN);
        vm.warp(block.timestamp + 90 days);
        complete();
        vm.assertEq(weightAt(later), 2 * MIN);
    }

    function test_what_was_lost_does_not_count_and_is_not_made_up_for_by_other_bonds() public {
        move(who, Bonds.BURN, WeiBook.Stake, WeiBook.Free, MIN);
        vm.assertEq(weightAt(later), 2 * MIN);
        announce(1);
        // From now on the registry knows of it: free wei that is locked counts for nothing.
        vm.deal(address(this), MIN);
        vault.depositWei{value: MIN}(who);
        move(who, who, WeiBook.Free, WeiBook.Locked, MIN);
        vm.assertEq(weightAt(later), 2 * MIN - 1);
    }

    function test_below_the_least_stake_nothing_counts() public {
        announce(2 * MIN);
        vm.assertEq(weightAt(later), MIN);
        move(who, Bonds.BURN, WeiBook.Stake, WeiBook.Free, 1);
        vm.assertEq(weightAt(later), 0);
    }

    function test_a_bond_that_all_was_lost_of_weighs_nothing_beside_its_exit() public {
        announce(3 * MIN);
        move(who, Bonds.BURN, WeiBook.Stake, WeiBook.Free, 3 * MIN);
        vm.assertEq(weightAt(later), 0);
        vm.warp(block.timestamp + 90 days);
        complete();
        vm.assertEq(validators.validatorCount(), 0);
    }

    function test_who_left_and_comes_back_counts_with_what_it_has_from_then_on() public {
        move(who, who, WeiBook.Stake, WeiBook.Locked, MIN / 2);
        announce(3 * MIN);
        vm.warp(block.timestamp + 90 days);
        complete();
        vm.assertEq(validators.validatorCount(), 0);
        move(who, who, WeiBook.Locked, WeiBook.Stake, MIN / 2);
        complete();
        stake(who, MIN);
        vm.assertEq(weightAt(uint64(block.timestamp)), 0);
        vm.assertEq(weightAt(uint64(block.timestamp + 1)), MIN);
    }

    /// What it has left in stake lists it without another wei, and counts from then on all the same.
    function test_who_is_listed_again_with_what_it_has_left_counts_from_then_on() public {
        move(who, who, WeiBook.Stake, WeiBook.Locked, 2 * MIN);
        announce(3 * MIN);
        vm.warp(block.timestamp + 90 days);
        complete();
        vm.assertEq(validators.validatorCount(), 0);
        announce(0);
        move(who, who, WeiBook.Locked, WeiBook.Stake, 2 * MIN);
        vm.warp(block.timestamp + 10);
        vm.prank(who);
        validators.register(KEY, "", 0, 0);
        vm.assertEq(weightAt(uint64(block.timestamp)), 0);
        vm.assertEq(weightAt(uint64(block.timestamp + 1)), 2 * MIN);
    }

    function test_bonds_come_in_pages() public {
        stake(validator(1), MIN);
        stake(validator(2), 2 * MIN);
        (address[] memory accounts, uint256[] memory weights) = validators.steadyBonds(1, 9, later);
        vm.assertEq(abi.encode(accounts), abi.encode(list(validator(1), validator(2))));
        vm.assertEq(weights[0], MIN);
        vm.assertEq(weights[1], 2 * MIN);
        (accounts,) = validators.steadyBonds(1, 1, later);
        vm.assertEq(accounts.length, 1);
        (accounts, weights) = validators.steadyBonds(4, 1, later);
        vm.assertEq(accounts.length + weights.length, 0);
    }

    function weightAt(uint64 time) private view returns (uint256) {
        (address[] memory accounts, uint256[] memory weights) = validators.steadyBonds(0, 1, time);
        vm.assertEq(accounts[0], who);
        return weights[0];
    }

    function list(address first, address second) private pure returns (address[] memory all) {
        all = new address[](2);
        all[0] = first;
        all[1] = second;
    }

    function stake(address account_, uint256 amount) private {
        vm.deal(account_, amount);
        vm.prank(account_);
        validators.register{value: amount}(KEY, "", 0, 0);
    }

    function announce(uint256 amount) private {
        vm.prank(who);
        validators.announceExit(amount);
    }

    function complete() private {
        vm.prank(who);
        validators.completeExit();
    }

    function move(address from, address to, WeiBook fromBook, WeiBook toBook, uint256 amount) private {
        WeiMove[] memory moves = new WeiMove[](1);
        moves[0] = WeiMove(from, to, fromBook, toBook, Reason.SeatBond, uint96(amount));
        vm.prank(address(blocks));
        vault.moveWei(bytes32(0), 0, moves);
    }
}
