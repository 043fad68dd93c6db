// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Bonds} from "../../src/lib/Bonds.sol";
import {Reason, WeiBook, WeiMove} from "../../src/interfaces/IVault.sol";
import {IValidatorRegistry} from "../../src/registries/IValidatorRegistry.sol";
import {Organisations} from "../support/Organisations.sol";

/// Who has at least the least stake is listed; a stake that is to leave vouches for 90 days and weighs nothing.
contract StakeRegistryTest is Organisations {
    uint256 private constant MIN = Bonds.STAKE_MIN;
    bytes32 private constant KEY = keccak256("encryption key");

    // ── entry ──

    function test_a_validator_registers_with_the_value_it_sends() public {
        address who = validator(0);
        vm.deal(who, MIN);
        vm.expectEmit(address(validators));
        emit IValidatorRegistry.ValidatorRegistered(who, KEY, "http://v.example", 5);
        vm.prank(who);
        validators.register{value: MIN}(KEY, "http://v.example", 5, 0);
        IValidatorRegistry.Validator memory one = validators.validator(who);
        vm.assertEq(
            abi.encode(one),
            abi.encode(
                IValidatorRegistry.Validator(KEY, "http://v.example", 5, MIN, 0, 0, uint64(block.timestamp))
            )
        );
        holds(who, 0, MIN, 0);
        vm.assertEq(address(validators).balance, 0);
        vm.assertEq(address(vault).balance, MIN);
    }

    function test_a_validator_stakes_its_free_wei_too() public {
        address who = validator(0);
        deposit(who, 3 * MIN);
        vm.deal(who, 1);
        vm.prank(who);
        validators.register{value: 1}(KEY, "", 0, 2 * MIN);
        holds(who, MIN, 2 * MIN + 1, 0);
        vm.prank(who);
        validators.register(KEY, "", 0, MIN);
        holds(who, 0, 3 * MIN + 1, 0);
    }

    function test_a_stake_below_the_least_is_not_listed() public {
        address who = validator(0);
        deposit(who, MIN);
        vm.expectRevert(tooSmall(who, MIN - 1, MIN));
        vm.prank(who);
        validators.register(KEY, "", 0, MIN - 1);
        vm.prank(who);
        validators.register(KEY, "", 0, MIN);
        vm.assertEq(validators.validatorCount(), 1);
    }

    function test_what_is_announced_to_leave_lists_nobody() public {
        address who = listed(0, MIN);
        announce(who, MIN);
        vm.warp(block.timestamp + 90 days);
        complete(who);
        vm.assertEq(validators.validatorCount(), 0);
        // In a new stake, and before it is listed again.
        deposit(who, MIN + 1);
        vm.prank(who);
        validators.register(KEY, "", 0, MIN);
        announce(who, MIN);
        vm.expectRevert(tooSmall(who, MIN + 1, 2 * MIN));
        vm.prank(who);
        validators.register(KEY, "", 0, 1);
    }

    function test_an_entry_may_change_while_bonds_are_locked() public {
        address who = listed(0, MIN);
        lock(who, Bonds.SEAT);
        uint64 since = validators.validator(who).registeredAt;
        vm.warp(block.timestamp + 5);
        vm.prank(who);
        validators.register(bytes32(uint256(7)), "http://new.example", 9, 0);
        IValidatorRegistry.Validator memory one = validators.validator(who);
        vm.assertEq(one.encryptionKey, bytes32(uint256(7)));
        vm.assertEq(one.endpoint, "http://new.example");
        vm.assertEq(one.leastFeeWei, 9);
        vm.assertEq(one.registeredAt, since);
        vm.assertEq(validators.validatorCount(), 1);
        // Locked wei of somebody who is not listed lists nobody.
        address other = validator(1);
        deposit(other, MIN);
        moveWei(other, WeiBook.Free, WeiBook.Locked, MIN);
        vm.expectRevert(tooSmall(other, 0, MIN));
        vm.prank(other);
        validators.register(KEY, "", 0, 0);
    }

    function test_a_validator_has_a_key_and_an_endpoint_of_at_most_512_bytes() public {
        vm.deal(validator(0), MIN);
        vm.startPrank(validator(0));
        vm.expectRevert(IValidatorRegistry.EncryptionKeyMissing.selector);
        validators.register{value: MIN}(0, "", 0, 0);
        vm.expectRevert(
            abi.encodeWithSelector(IValidatorRegistry.EndpointTooLong.selector, uint256(513), uint256(512))
        );
        validators.register{value: MIN}(KEY, string(new bytes(513)), 0, 0);
        validators.register{value: MIN}(KEY, string(new bytes(512)), 0, 0);
        vm.stopPrank();
    }

    // ── exit ──

    function test_an_exit_is_announced_and_leaves_90_days_later_to_the_second() public {
        address who = listed(0, 3 * MIN);
        uint64 leavesAt = uint64(block.timestamp + 90 days);
        vm.expectEmit(address(validators));
        emit IValidatorRegistry.ExitAnnounced(who, MIN, leavesAt);
        announce(who, MIN);
        vm.assertEq(validators.validator(who).exitWei, MIN);
        vm.assertEq(validators.validator(who).exitAt, leavesAt);
        vm.warp(leavesAt - 1);
        vm.expectRevert(abi.encodeWithSelector(IValidatorRegistry.ExitTooEarly.selector, who, leavesAt));
        complete(who);
        vm.warp(leavesAt);
        vm.expectEmit(address(validators));
        emit IValidatorRegistry.ExitCompleted(who, MIN);
        complete(who);
        holds(who, MIN, 2 * MIN, 0);
        vm.assertEq(validators.validator(who).exitWei, 0);
        vm.assertEq(validators.validator(who).exitAt, 0);
        vm.assertEq(validators.weightOf(who), 2 * MIN);
        vm.expectRevert(abi.encodeWithSelector(IValidatorRegistry.NothingAnnounced.selector, who));
        complete(who);
    }

    function test_a_new_announcement_replaces_the_old_and_starts_anew() public {
        address who = listed(0, 3 * MIN);
        announce(who, MIN);
        vm.warp(block.timestamp + 90 days);
        announce(who, 2 * MIN);
        uint64 leavesAt = uint64(block.timestamp + 90 days);
        vm.expectRevert(abi.encodeWithSelector(IValidatorRegistry.ExitTooEarly.selector, who, leavesAt));
        complete(who);
        vm.assertEq(validators.weightOf(who), MIN);
        vm.expectEmit(address(validators));
        emit IValidatorRegistry.ExitAnnounced(who, 0, 0);
        announce(who, 0);
        vm.assertEq(validators.weightOf(who), 3 * MIN);
        vm.expectRevert(abi.encodeWithSelector(IValidatorRegistry.NothingAnnounced.selector, who));
        announce(who, 0);
        vm.expectRevert(abi.encodeWithSelector(IValidatorRegistry.NothingAnnounced.selector, who));
        complete(who);
    }

    function test_no_more_is_announced_than_there_is_locked_bonds_included() public {
        address who = listed(0, 2 * MIN);
        lock(who, Bonds.SEAT);
        vm.expectRevert(tooSmall(who, 2 * MIN, 2 * MIN + 1));
        announce(who, 2 * MIN + 1);
        announce(who, 2 * MIN);
        vm.expectRevert(tooSmall(validator(1), 0, 1));
        announce(validator(1), 1);
    }

    function test_what_is_locked_leaves_later_without_a_new_announcement() public {
        address who = listed(0, MIN);
        lock(who, Bonds.SEAT);
        announce(who, MIN);
        vm.warp(block.timestamp + 90 days);
        vm.expectEmit(address(validators));
        emit IValidatorRegistry.ExitCompleted(who, MIN - Bonds.SEAT);
        vm.expectEmit(address(validators));
        emit IValidatorRegistry.ValidatorLeft(who);
        complete(who);
        holds(who, MIN - Bonds.SEAT, 0, Bonds.SEAT);
        vm.assertEq(validators.validatorCount(), 0);
        vm.assertEq(validators.validator(who).exitWei, Bonds.SEAT);
        // Nothing to free yet; then the bond comes back.
        complete(who);
        moveWei(who, WeiBook.Locked, WeiBook.Stake, Bonds.SEAT);
        complete(who);
        holds(who, MIN, 0, 0);
        vm.assertEq(validators.validator(who).exitWei, 0);
    }

    function test_a_bond_that_comes_back_to_one_that_has_left_can_leave_too() public {
        address who = listed(0, MIN);
        lock(who, Bonds.SEAT);
        announce(who, MIN - Bonds.SEAT);
        vm.warp(block.timestamp + 90 days);
        complete(who);
        vm.assertEq(validators.validatorCount(), 0);
        moveWei(who, WeiBook.Locked, WeiBook.Stake, Bonds.SEAT);
        vm.assertEq(validators.weightOf(who), 0);
        announce(who, Bonds.SEAT);
        vm.warp(block.timestamp + 90 days);
        complete(who);
        holds(who, MIN, 0, 0);
    }

    function test_who_keeps_the_least_stake_stays_listed_locked_bonds_included() public {
        address who = listed(0, 2 * MIN);
        lock(who, Bonds.SEAT);
        announce(who, MIN);
        vm.warp(block.timestamp + 90 days);
        complete(who);
        vm.assertEq(validators.validatorCount(), 1);
        announce(who, 1);
        vm.warp(block.timestamp + 90 days);
        complete(who);
        vm.assertEq(validators.validatorCount(), 0);
    }

    function test_who_announced_all_of_it_leaves_the_list_however_much_is_still_locked() public {
        address who = listed(0, 2 * MIN);
        announce(who, 2 * MIN);
        lock(who, MIN + 1);
        vm.warp(block.timestamp + 90 days);
        complete(who);
        holds(who, MIN - 1, 0, MIN + 1);
        vm.assertEq(validators.validatorCount(), 0);
    }

    function test_an_entry_that_is_removed_is_replaced_by_the_last() public {
        for (uint256 i = 0; i < 4; i++) {
            listed(i, MIN + i);
        }
        goAway(1, MIN + 1);
        lists(validator(0), validator(3), validator(2));
        goAway(2, MIN + 2);
        lists(validator(0), validator(3), address(0));
        // The one that was moved is found at its new place.
        goAway(3, MIN + 3);
        lists(validator(0), address(0), address(0));
        IValidatorRegistry.Validator memory gone = validators.validator(validator(3));
        vm.assertEq(gone.encryptionKey, bytes32(0));
        vm.assertEq(gone.registeredAt, 0);
        goAway(0, MIN);
        lists(address(0), address(0), address(0));
        listed(2, MIN);
        lists(validator(2), address(0), address(0));
    }

    // ── weight ──

    /// A stake put in for the draw and taken out before the commit: it weighs only while it must stay.
    function test_way_13_a_stake_that_can_leave_has_no_weight() public {
        address who = listed(0, 100 * MIN);
        vm.assertEq(validators.weightOf(who), 100 * MIN);
        // Taking it out takes 90 days, in which it weighs nothing.
        announce(who, 100 * MIN);
        vm.assertEq(validators.weightOf(who), 0);
        vm.warp(block.timestamp + 90 days);
        vm.assertEq(validators.weightOf(who), 0);
        // Taken back, it weighs again, and leaves no sooner than 90 days later.
        announce(who, 0);
        vm.assertEq(validators.weightOf(who), 100 * MIN);
        vm.expectRevert(abi.encodeWithSelector(IValidatorRegistry.NothingAnnounced.selector, who));
        complete(who);
        announce(who, 100 * MIN);
        vm.expectRevert(
            abi.encodeWithSelector(
                IValidatorRegistry.ExitTooEarly.selector, who, uint64(block.timestamp + 90 days)
            )
        );
        complete(who);
    }

    function test_the_weight_is_the_stake_beyond_exits_and_locks_from_the_least_on() public {
        address who = listed(0, 2 * MIN);
        announce(who, MIN - 1);
        vm.assertEq(validators.weightOf(who), MIN + 1);
        lock(who, 1);
        vm.assertEq(validators.weightOf(who), MIN);
        lock(who, 1);
        vm.assertEq(validators.weightOf(who), 0);
        vm.assertEq(validators.weightOf(validator(1)), 0);
        // Stake without an entry.
        deposit(validator(1), MIN);
        moveWei(validator(1), WeiBook.Free, WeiBook.Stake, MIN);
        vm.assertEq(validators.weightOf(validator(1)), 0);
    }

    function test_validators_are_listed_in_pages_with_their_weights() public {
        for (uint256 i = 0; i < 3; i++) {
            listed(i, MIN + i);
        }
        announce(validator(1), 2);
        (address[] memory accounts, uint256[] memory weights) = validators.validators(1, 9);
        vm.assertEq(accounts.length, 2);
        vm.assertEq(accounts[0], validator(1));
        vm.assertEq(weights[0], 0);
        vm.assertEq(accounts[1], validator(2));
        vm.assertEq(weights[1], MIN + 2);
        (accounts, weights) = validators.validators(0, 1);
        vm.assertEq(accounts.length, 1);
        vm.assertEq(weights.length, 1);
        vm.assertEq(accounts[0], validator(0));
        (accounts, weights) = validators.validators(3, 1);
        vm.assertEq(accounts.length + weights.length, 0);
    }

    // ── own validators ──

    function test_an_account_names_its_own_validators_and_the_time_stays() public {
        listed(0, MIN);
        address who = account(5);
        vm.expectEmit(address(validators));
        emit IValidatorRegistry.OwnValidatorNamed(who, validator(0), true);
        vm.prank(who);
        validators.nameOwn(validator(0), true);
        uint64 since = uint64(block.timestamp);
        vm.assertEq(validators.ownSince(who, validator(0)), since);
        vm.assertEq(validators.ownSince(account(6), validator(0)), 0);
        vm.assertEq(validators.ownSince(validator(0), who), 0);
        vm.warp(block.timestamp + 10);
        vm.prank(who);
        validators.nameOwn(validator(0), true);
        vm.assertEq(validators.ownSince(who, validator(0)), since);
        vm.expectEmit(address(validators));
        emit IValidatorRegistry.OwnValidatorNamed(who, validator(0), false);
        vm.prank(who);
        validators.nameOwn(validator(0), false);
        vm.assertEq(validators.ownSince(who, validator(0)), 0);
        vm.prank(who);
        validators.nameOwn(validator(0), true);
        vm.assertEq(validators.ownSince(who, validator(0)), since + 10);
    }

    function test_only_a_registered_validator_is_named() public {
        vm.expectRevert(
            abi.encodeWithSelector(IValidatorRegistry.ValidatorNotRegistered.selector, validator(0))
        );
        vm.prank(account(5));
        validators.nameOwn(validator(0), true);
        // And one that has left can still be taken back.
        listed(0, MIN);
        vm.prank(account(5));
        validators.nameOwn(validator(0), true);
        goAway(0, MIN);
        vm.prank(account(5));
        validators.nameOwn(validator(0), false);
        vm.assertEq(validators.ownSince(account(5), validator(0)), 0);
    }

    // ── acts ──

    function deposit(address who, uint256 amount) private {
        vm.deal(address(this), amount);
        vault.depositWei{value: amount}(who);
    }

    function listed(uint256 index, uint256 stake) private returns (address who) {
        who = validator(index);
        vm.deal(who, stake);
        vm.prank(who);
        validators.register{value: stake}(KEY, "", 0, 0);
    }

    function announce(address who, uint256 amount) private {
        vm.prank(who);
        validators.announceExit(amount);
    }

    function complete(address who) private {
        vm.prank(who);
        validators.completeExit();
    }

    function goAway(uint256 index, uint256 stake) private {
        announce(validator(index), stake);
        vm.warp(block.timestamp + 90 days);
        vm.expectEmit(address(validators));
        emit IValidatorRegistry.ValidatorLeft(validator(index));
        complete(validator(index));
    }

    function lock(address who, uint256 amount) private {
        moveWei(who, WeiBook.Stake, WeiBook.Locked, amount);
    }

    function moveWei(address who, WeiBook fromBook, WeiBook toBook, uint256 amount) private {
        WeiMove[] memory moves = new WeiMove[](1);
        moves[0] = WeiMove(who, who, fromBook, toBook, Reason.SeatBond, uint96(amount));
        vm.prank(address(blocks));
        vault.moveWei(bytes32(0), 0, moves);
    }

    function holds(address who, uint256 free, uint256 stake, uint256 locked) private view {
        (uint256 free_, uint256 stake_, uint256 locked_) = vault.weiOf(who);
        vm.assertEq(free_, free, "free");
        vm.assertEq(stake_, stake, "stake");
        vm.assertEq(locked_, locked, "locked");
    }

    /// The whole list; zero for a place beyond it.
    function lists(address first, address second, address third) private view {
        (address[] memory accounts, uint256[] memory weights) = validators.validators(0, 9);
        address[3] memory expected = [first, second, third];
        uint256 count = third != address(0) ? 3 : second != address(0) ? 2 : first != address(0) ? 1 : 0;
        vm.assertEq(accounts.length, count);
        vm.assertEq(validators.validatorCount(), count);
        for (uint256 i = 0; i < count; i++) {
            vm.assertEq(accounts[i], expected[i]);
            vm.assertEq(weights[i], validators.weightOf(expected[i]));
        }
    }

    function tooSmall(address who, uint256 stake, uint256 needed) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IValidatorRegistry.StakeTooSmall.selector, who, stake, needed);
    }
}
