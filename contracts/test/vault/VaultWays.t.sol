// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ChannelTerms} from "../../src/interfaces/ChannelTypes.sol";
import {IVault, WeiBook} from "../../src/interfaces/IVault.sol";
import {CodeAccount, MoodyToken} from "../support/OddTokens.sol";
import {VaultFixture} from "./support/VaultFixture.sol";

/// An account that looks at its own books when it is paid.
contract Onlooker {
    IVault private immutable vault;
    address private immutable token;
    address private immutable owner;
    uint256 public seen = type(uint256).max;

    constructor(IVault vault_, address token_, address owner_) {
        (vault, token, owner) = (vault_, token_, owner_);
    }

    function look() public {
        seen = vault.balanceOf(token, owner);
    }

    receive() external payable {
        look();
    }
}

/// Ways that were seen to take or lock money on the contracts before, by the numbers under which they are known;
/// each of them ends here.
contract VaultWaysTest is VaultFixture {
    function test_way_01_an_amount_far_above_the_terms_makes_no_debt_that_swallows_deposits() external {
        vm.warp(startOf(0));
        settle(0, type(uint64).max, 0);
        vm.assertEq(debtOf(1), BLOCK_MAX);
        makeVoid(1, BLOCKS_MAX);
        fund(1, 5_000);
        vm.assertEq(balance(1), BLOCK_MAX);
        vm.assertEq(lineOf(1), 4_000);
        closeChannel();
        vault.executeWithdrawal(ID, 1);
        vm.assertEq(balance(0), 4_000);
        vm.assertEq(lineOf(1), 0);
    }

    function test_way_02_a_later_block_never_takes_the_cover_of_an_earlier_disputed_one() external {
        fund(1, 1_000);
        vm.assertEq(vault.cover(ID, 0, 1), 1_000);
        vm.assertEq(vault.cover(ID, 1, 1), 0);
        settle(1, 1_000, 0);
        vm.assertEq(balance(1), 0);
        settleBetween(2, [uint64(100), 0], [uint64(900), 0]);
        vm.assertEq(contestedOf(2, 1), 0);
        settle(0, 1_000, 0);
        vm.assertEq(balance(1), 1_000);
        vm.assertEq(debtOf(1), 1_100);
    }

    function test_way_03_nothing_old_empties_a_line_in_front_of_settle_and_debts_come_first() external {
        fund(1, 3_000);
        vm.warp(START - NOTICE);
        request(1, 3_000);
        vm.warp(startOf(1));
        settle(0, 400, 0);
        // In front of block 1: its blockMax stays.
        vault.executeWithdrawal(ID, 1);
        vm.assertEq(balance(0), 1_600);
        vm.expectRevert(abi.encodeWithSelector(IVault.NothingFree.selector, ID, 1));
        vault.executeWithdrawal(ID, 1);
        settle(1, 1_000, 0);
        vm.assertEq(balance(1), 1_400);
        settle(2, 700, 0);
        makeVoid(3, BLOCKS_MAX);
        vm.warp(startOf(3));
        closeChannel();
        vm.expectRevert(abi.encodeWithSelector(IVault.NothingFree.selector, ID, 1));
        vault.executeWithdrawal(ID, 1);
        vm.assertEq(debtOf(1), 700);
    }

    function test_way_04_large_wins_of_a_second_seller_take_nothing_of_the_honest_ones_line() external {
        fund(1, 1_000);
        fund(2, 10);
        settle(0, 1_000, type(uint64).max - 1_000);
        vm.assertEq(balance(1), 1_000);
        vm.assertEq(balance(2), 10);
        vm.assertEq(debtOf(1), 0);
    }

    function test_way_05_a_request_a_second_before_a_block_takes_no_cover_that_everyone_saw() external {
        fund(1, 1_000);
        makeVoid(0, 5);
        vm.warp(startOf(5) - 1);
        vm.assertEq(vault.cover(ID, 5, 1), 1_000);
        request(1, 1_000);
        vm.assertEq(vault.cover(ID, 5, 1), 1_000);
        vm.expectRevert(
            abi.encodeWithSelector(IVault.BlocksNotOver.selector, ID, 3, startOf(5) - 1 + NOTICE)
        );
        vault.executeWithdrawal(ID, 1);
        vm.warp(startOf(6));
        settle(5, 900, 0);
        vm.assertEq(balance(1), 900);
    }

    function test_way_10_a_deposit_over_many_debts_far_apart_costs_what_one_costs() external {
        settle(0, 3, 0);
        give(STRANGER, 10_000);
        uint256 before = vm.snapshotState();
        uint256 overOne = gasOfDeposit();
        vm.revertToState(before);
        for (uint64 n = 3; n < BLOCKS_MAX; n += 4) {
            settle(n, 3, 0);
        }
        vm.assertEq(debtOf(1), 51);
        uint256 overMany = gasOfDeposit();
        vm.assertEq(debtOf(1), 0);
        vm.assertEq(balance(1), 51);
        vm.assertLe(overMany, overOne + 100);
    }

    function test_way_10_after_quiet_blocks_a_withdrawal_asks_blocks_and_walks_nothing() external {
        fund(1, 500);
        request(1, 500);
        makeVoid(0, BLOCKS_MAX);
        vm.warp(startOf(BLOCKS_MAX));
        vault.executeWithdrawal(ID, 1);
        vm.assertEq(balance(0), 500);
    }

    function test_way_11_a_block_listed_account_names_another_address() external {
        fund(1, 500);
        settle(0, 500, 0);
        token.block_(account(1), true);
        vm.expectRevert(abi.encodeWithSelector(MoodyToken.Blocked.selector, account(1)));
        vm.prank(account(1));
        vault.withdraw(address(token), account(1), 500);
        vm.prank(account(1));
        vault.withdraw(address(token), address(0xf1e), 500);
        vm.assertEq(token.balanceOf(address(0xf1e)), 500);
    }

    function test_way_11_a_token_that_stands_still_for_a_payee_keeps_no_block_from_settling() external {
        fund(1, 500);
        fund(2, 500);
        token.block_(account(1), true);
        token.answerFalse();
        settle(0, 100, 200);
        vm.assertEq(balance(1), 100);
        vm.assertEq(balance(2), 200);
    }

    function test_way_11_an_account_without_receive_gets_its_wei_elsewhere() external {
        address coder = address(new CodeAccount());
        depositWei(coder, 1 ether);
        vm.expectRevert();
        vm.prank(coder);
        vault.withdraw(address(0), coder, 1 ether);
        vm.prank(coder);
        vault.withdraw(address(0), address(0xf1e), 1 ether);
        vm.assertEq(address(0xf1e).balance, 1 ether);
    }

    function test_way_17_who_deployed_the_vault_can_take_nothing() external {
        depositWei(account(1), 1 ether);
        fund(1, 500);
        // This contract deployed it.
        vm.expectRevert(abi.encodeWithSelector(IVault.NotAllowed.selector, address(this)));
        vault.moveWei(ID, 0, oneMove(account(1), WeiBook.Free, address(this), WeiBook.Free, 1));
        vm.expectRevert(abi.encodeWithSelector(IVault.NotAllowed.selector, address(this)));
        vault.pay(ID, 0, 0, words(1, 0), new bytes32[](0));
        vm.expectRevert(abi.encodeWithSelector(IVault.NotPayee.selector, ID, 3, address(this)));
        vault.release(ID, 1);
        vm.expectRevert(abi.encodeWithSelector(IVault.NotPayer.selector, ID, address(this)));
        vault.requestWithdrawal(ID, 1, 1);
    }

    // ── 20: mutations that lived ──

    function test_way_20_nothing_that_moves_tokens_or_wei_is_entered_twice() external {
        fund(1, 900);
        settle(0, 500, 700);
        bytes[3] memory inner = [
            abi.encodeCall(IVault.withdraw, (address(token), address(0xf1e), 1)),
            abi.encodeCall(IVault.deposit, (ID, 1, 1)),
            abi.encodeCall(IVault.payDebt, (ID, 2, 1))
        ];
        bytes[3] memory outer = [
            abi.encodeCall(IVault.withdraw, (address(token), address(0xf1e), 5)),
            abi.encodeCall(IVault.deposit, (ID, 1, 5)),
            abi.encodeCall(IVault.payDebt, (ID, 2, 5))
        ];
        give(account(1), 100);
        for (uint256 i = 0; i < 3; i++) {
            for (uint256 k = 0; k < 3; k++) {
                token.callNext(address(vault), inner[k]);
                vm.prank(account(1));
                (bool isDone, bytes memory why) = address(vault).call(outer[i]);
                vm.assertFalse(isDone, "entered twice");
                vm.assertEq(
                    bytes32(bytes4(why)),
                    bytes32(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector)
                );
            }
        }
    }

    function test_way_20_a_withdrawal_writes_before_it_pays() external {
        fund(1, 500);
        settle(0, 500, 0);
        Onlooker onlooker = new Onlooker(vault, address(token), account(1));
        token.callNext(address(onlooker), abi.encodeCall(Onlooker.look, ()));
        vm.prank(account(1));
        vault.withdraw(address(token), address(0xf1e), 300);
        vm.assertEq(onlooker.seen(), 200);
        onlooker = new Onlooker(vault, address(0), account(1));
        depositWei(account(1), 500);
        vm.prank(account(1));
        vault.withdraw(address(0), address(onlooker), 400);
        vm.assertEq(onlooker.seen(), 100);
    }

    function test_way_20_a_deposit_adds_to_the_line_as_the_token_left_it() external {
        ChannelTerms memory terms = termsFor(3);
        terms.participants[1] = address(token);
        openChannel(ID, terms);
        fund(1, 500);
        // The token is a payee that releases while it is being moved.
        token.callNext(address(vault), abi.encodeCall(IVault.release, (ID, 200)));
        fund(1, 50);
        vm.assertEq(lineOf(1), 350);
        vm.assertEq(balance(0), 200);
        vm.assertEq(token.balanceOf(address(vault)), 550);
    }

    function test_way_20_a_debt_is_paid_as_the_token_left_it() external {
        fund(1, 300);
        settle(1, 300, 0);
        blocks.makeVoid(ID, 0);
        give(STRANGER, 1_000);
        vm.warp(startOf(2));
        vm.assertEq(debtOf(1), 300);
        // Free by now, and served while the payment is under way.
        token.callNext(address(vault), abi.encodeCall(IVault.serveDebt, (ID, 1)));
        makeVoid(2, 3);
        vm.expectRevert(abi.encodeWithSelector(IVault.DebtTooSmall.selector, ID, 1, 0, 300));
        vm.prank(STRANGER);
        vault.payDebt(ID, 1, 300);
    }

    function test_way_20_a_withdrawal_never_takes_what_is_owed() external {
        fund(1, 600);
        settle(1, 900, 0);
        vm.assertEq(debtOf(1), 900);
        vm.warp(START - NOTICE);
        request(1, 600);
        makeVoid(0, 1);
        vm.expectRevert(abi.encodeWithSelector(IVault.NothingFree.selector, ID, 1));
        vault.executeWithdrawal(ID, 1);
        fund(1, 400);
        vault.executeWithdrawal(ID, 1);
        vm.assertEq(balance(0), 100);
        vm.assertEq(balance(1), 900);
    }

    function gasOfDeposit() private returns (uint256 used) {
        vm.prank(STRANGER);
        used = gasleft();
        vault.deposit(ID, 1, 1_000);
        used -= gasleft();
    }
}
