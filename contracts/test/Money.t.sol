// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import "../src/interfaces/ChannelTypes.sol";
import {IChannelRegistryErrors as Errors} from "../src/interfaces/IChannelRegistryErrors.sol";
import {ChannelFixture} from "./support/ChannelFixture.sol";

contract MoneyTest is ChannelFixture {
    bytes32 private channelId;

    function setUp() public override {
        super.setUp();
        channelId = open(3);
    }

    function test_a_deposit_is_what_arrives() public {
        FeeToken costly = new FeeToken();
        ChannelTerms memory terms = termsFor(3);
        terms.token = address(costly);
        bytes32 other = open(terms);
        costly.mint(address(this), 1_000);
        costly.approve(address(registry), 1_000);
        registry.deposit(other, 1_000);
        vm.assertEq(registry.channel(other).deposit, 990);
        vm.assertEq(costly.balanceOf(address(registry)), 990);
        vm.expectRevert(Errors.AmountZero.selector);
        registry.deposit(other, 0);
        vm.expectRevert(abi.encodeWithSelector(Errors.UnknownChannel.selector, bytes32(0)));
        registry.deposit(0, 1);
    }

    function test_before_any_block_the_payer_takes_back_what_it_asked_for() public {
        fund(channelId, 1_000);
        request(400);
        registry.executeWithdrawal(channelId);
        vm.assertEq(registry.balanceOf(address(token), account(0)), 400);
        ChannelFacts memory facts = registry.channel(channelId);
        vm.assertEq(facts.deposit, 600);
        vm.assertEq(facts.withdrawalRequested, 0);
        vm.assertEq(facts.withdrawalRequestedAt, 0);
        vm.prank(account(0));
        registry.withdraw(address(token), 400);
        vm.assertEq(token.balanceOf(account(0)), 400);
        vm.expectRevert(abi.encodeWithSelector(Errors.NothingToWithdraw.selector, channelId));
        registry.executeWithdrawal(channelId);
    }

    function test_a_withdrawal_waits_until_every_block_that_had_started_is_over() public {
        fund(channelId, 1_000);
        // Blocks 0 and 1 have started, 1 at this very second.
        vm.warp(startOf(1));
        request(400);
        vm.warp(deadlineOfParts(0));
        vm.expectRevert(
            abi.encodeWithSelector(Errors.BlocksNotOver.selector, channelId, uint64(1), uint64(2))
        );
        registry.executeWithdrawal(channelId);
        vm.warp(deadlineOfParts(1) - 1);
        vm.expectRevert(
            abi.encodeWithSelector(Errors.BlocksNotOver.selector, channelId, uint64(1), uint64(2))
        );
        registry.executeWithdrawal(channelId);
        vm.warp(deadlineOfParts(1));
        registry.executeWithdrawal(channelId);
        vm.assertEq(registry.balanceOf(address(token), account(0)), 400);
    }

    function test_a_final_block_is_not_over_until_it_is_settled() public {
        fund(channelId, 1_000);
        BlockResult memory result = resultOf(3, 100, 7);
        finish(channelId, 0, 3, result);
        request(900);
        vm.warp(deadlineOfParts(1));
        vm.expectRevert(
            abi.encodeWithSelector(Errors.BlocksNotOver.selector, channelId, uint64(0), uint64(2))
        );
        registry.executeWithdrawal(channelId);
        settle(channelId, 0, result);
        registry.executeWithdrawal(channelId);
        // Less than requested: the block took its part first.
        vm.assertEq(registry.balanceOf(address(token), account(0)), 800);
        vm.assertEq(registry.channel(channelId).deposit, 0);
    }

    function test_one_request_at_a_time_by_the_payer_within_the_deposit() public {
        fund(channelId, 1_000);
        vm.expectRevert(abi.encodeWithSelector(Errors.NotPayer.selector, channelId, account(1)));
        vm.prank(account(1));
        registry.requestWithdrawal(channelId, 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                Errors.DepositTooSmall.selector, channelId, uint256(1_000), uint256(1_001)
            )
        );
        request(1_001);
        request(1_000);
        vm.expectRevert(
            abi.encodeWithSelector(Errors.WithdrawalAlreadyRequested.selector, channelId, uint256(1_000))
        );
        request(1);
        request(0);
        request(1);
        vm.assertEq(registry.channel(channelId).withdrawalRequested, 1);
    }

    function test_a_request_lowers_the_cover_of_blocks_that_start_after_it() public {
        fund(channelId, 1_000);
        vm.warp(startOf(1));
        request(400);
        vm.assertEq(registry.cover(channelId, 0), 1_000);
        vm.assertEq(registry.cover(channelId, 1), 1_000);
        vm.assertEq(registry.cover(channelId, 2), 600);
        vm.assertEq(registry.cover(channelId, BLOCKS_MAX - 1), 600);
    }

    function test_a_revealed_result_lowers_the_cover_of_later_blocks_until_it_is_settled() public {
        fund(channelId, 1_000);
        BlockResult memory result = resultOf(3, 100, 7);
        finish(channelId, 0, 3, result);
        vm.assertEq(registry.cover(channelId, 0), 1_000);
        vm.assertEq(registry.cover(channelId, 1), 800);
        settle(channelId, 0, result);
        vm.assertEq(registry.cover(channelId, 1), 800);
        BlockResult memory huge = resultOf(3, 1_000, 7);
        finish(channelId, 1, 3, huge);
        vm.assertEq(registry.cover(channelId, 2), 0);
    }

    function test_all_together_withdraw_at_once() public {
        fund(channelId, 1_000);
        vm.warp(startOf(1) + 1);
        bytes[] memory signatures = signaturesFor(3, registry.withdrawalDigest(channelId, 300, 0));
        registry.withdrawTogether(channelId, 300, 0, signatures);
        vm.assertEq(registry.balanceOf(address(token), account(0)), 300);
        vm.assertEq(registry.channel(channelId).deposit, 700);
        vm.expectRevert(abi.encodeWithSelector(Errors.NonceWrong.selector, uint256(1), uint256(0)));
        registry.withdrawTogether(channelId, 300, 0, signatures);
        vm.expectRevert(abi.encodeWithSelector(Errors.SignatureRefused.selector, account(0)));
        registry.withdrawTogether(channelId, 300, 1, signatures);
        signatures = signaturesFor(3, registry.withdrawalDigest(channelId, 300, 1));
        signatures[2] = signatures[1];
        vm.expectRevert(abi.encodeWithSelector(Errors.SignatureRefused.selector, account(2)));
        registry.withdrawTogether(channelId, 300, 1, signatures);
        bytes[] memory fewer = signaturesFor(2, registry.withdrawalDigest(channelId, 300, 1));
        vm.expectRevert(
            abi.encodeWithSelector(Errors.SignatureCountMismatch.selector, uint256(2), uint256(3))
        );
        registry.withdrawTogether(channelId, 300, 1, fewer);
        signatures = signaturesFor(3, registry.withdrawalDigest(channelId, 701, 1));
        vm.expectRevert(
            abi.encodeWithSelector(Errors.DepositTooSmall.selector, channelId, uint256(700), uint256(701))
        );
        registry.withdrawTogether(channelId, 701, 1, signatures);
    }

    function test_after_closing_the_whole_deposit_comes_back_without_a_request() public {
        fund(channelId, 1_000);
        vm.warp(startOf(1));
        vm.expectRevert(abi.encodeWithSelector(Errors.NotParticipant.selector, channelId, operator(1)));
        vm.prank(operator(1));
        registry.closeChannel(channelId);
        vm.prank(account(1));
        registry.closeChannel(channelId);
        vm.assertFalse(registry.isOpen(channelId), "closed");
        vm.expectRevert(
            abi.encodeWithSelector(Errors.ChannelAlreadyClosed.selector, channelId, uint64(startOf(1)))
        );
        vm.prank(account(2));
        registry.closeChannel(channelId);
        vm.expectRevert(abi.encodeWithSelector(Errors.NothingToWithdraw.selector, channelId));
        registry.executeWithdrawal(channelId);
        vm.warp(deadlineOfParts(1));
        registry.executeWithdrawal(channelId);
        vm.assertEq(registry.balanceOf(address(token), account(0)), 1_000);
    }

    function test_a_channel_closed_before_its_start_is_over_at_once() public {
        fund(channelId, 1_000);
        vm.prank(account(0));
        registry.closeChannel(channelId);
        vm.assertEq(registry.channel(channelId).blocksEnd, 0);
        registry.executeWithdrawal(channelId);
        vm.assertEq(registry.balanceOf(address(token), account(0)), 1_000);
    }

    function test_the_pointer_moves_in_bounded_steps() public {
        vm.warp(deadlineOfParts(9));
        vm.assertEq(registry.advance(channelId, 4), 4);
        vm.assertEq(registry.channel(channelId).blocksOver, 4);
        vm.assertEq(registry.advance(channelId, 100), 10);
        vm.assertEq(registry.advance(channelId, 100), 10);
        vm.warp(deadlineOfParts(10));
        vm.assertEq(registry.advance(channelId, 100), 11);
    }

    function test_nobody_withdraws_more_than_its_balance() public {
        fund(channelId, 1_000);
        BlockResult memory result = resultOf(3, 100, 7);
        finish(channelId, 0, 3, result);
        settle(channelId, 0, result);
        vm.startPrank(account(1));
        vm.expectRevert(
            abi.encodeWithSelector(
                Errors.BalanceTooSmall.selector, address(token), account(1), uint256(100), uint256(101)
            )
        );
        registry.withdraw(address(token), 101);
        vm.expectRevert(Errors.AmountZero.selector);
        registry.withdraw(address(token), 0);
        registry.withdraw(address(token), 60);
        vm.stopPrank();
        vm.assertEq(token.balanceOf(account(1)), 60);
        vm.assertEq(registry.balanceOf(address(token), account(1)), 40);
    }

    function test_a_token_that_calls_back_gets_nothing_twice() public {
        CallbackToken hook = new CallbackToken();
        ChannelTerms memory terms = termsFor(3);
        terms.token = address(hook);
        bytes32 other = open(terms);
        hook.mint(address(this), 1_000);
        hook.approve(address(registry), 1_000);
        hook.armFor(abi.encodeCall(registry.deposit, (other, 1)), address(registry));
        vm.expectRevert(bytes4(keccak256("ReentrancyGuardReentrantCall()")));
        registry.deposit(other, 500);
    }

    function test_wei_comes_only_from_the_validator_registry() public {
        vm.deal(address(this), 1 ether);
        (bool isTaken, bytes memory answer) = address(registry).call{value: 1}("");
        vm.assertFalse(isTaken, "refused");
        vm.assertEq(answer, abi.encodeWithSelector(Errors.WeiNotExpected.selector, address(this)));
        (isTaken,) = address(registry).call{value: 1}(abi.encodeCall(registry.channelCount, ()));
        vm.assertFalse(isTaken, "a view takes no wei");
        (isTaken,) = address(registry).call(hex"12345678");
        vm.assertFalse(isTaken, "an unknown function is refused");
    }

    function request(uint256 amount) private {
        vm.prank(account(0));
        registry.requestWithdrawal(channelId, amount);
    }
}

/// Keeps one percent of each transfer.
contract FeeToken is ERC20("Fee", "FEE") {
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (from != address(0)) super._update(to, address(0xfee), amount / 100);
    }
}

/// Calls somebody in the middle of a transfer and passes the refusal on.
contract CallbackToken is ERC20("Callback", "CALL") {
    bytes private armed;
    address private target;

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function armFor(bytes calldata call_, address target_) external {
        armed = call_;
        target = target_;
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (armed.length == 0) return;
        (bool isDone, bytes memory answer) = target.call(armed);
        if (!isDone) {
            assembly ("memory-safe") {
                revert(add(answer, 0x20), mload(answer))
            }
        }
    }
}
