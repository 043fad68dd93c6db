// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {HashedTimelock} from "../src/HashedTimelock.sol";
import {IHashedTimelock} from "../src/interfaces/IHashedTimelock.sol";
import {Transfers} from "../src/lib/Transfers.sol";
import {TestToken} from "../src/test-token/TestToken.sol";
import {CodeAccount, HundredthToken, MoodyToken} from "./support/OddTokens.sol";
import {Test} from "./support/Test.sol";

contract HashedTimelockTest is Test {
    uint64 private constant START = 1_800_000_000;
    uint64 private constant DEADLINE = START + 1_000;
    bytes32 private constant PREIMAGE = keccak256("preimage");
    /// Computed once: a call of sha256 would use up a prank.
    bytes32 private immutable HASHLOCK = sha256(abi.encodePacked(PREIMAGE));

    HashedTimelock private timelocks;
    TestToken private token;
    address private ann = vm.addr(0xa11);
    address private bob = vm.addr(0xb0b);

    function setUp() public {
        vm.warp(START);
        timelocks = new HashedTimelock();
        token = new TestToken("Nano", "NANO", 9);
        token.mint(ann, 1_000);
        vm.deal(ann, 1_000);
        vm.prank(ann);
        token.approve(address(timelocks), 1_000);
    }

    // ── life ──

    function test_the_receiver_is_credited_for_the_preimage_and_withdraws_to_where_it_likes() public {
        bytes32 id = openToken(400);
        vm.assertEq(token.balanceOf(address(timelocks)), 400);
        // Anyone may show the preimage: it credits the receiver, whoever that was.
        timelocks.claim(id, PREIMAGE);
        vm.assertEq(timelocks.balanceOf(address(token), bob), 400);
        IHashedTimelock.Timelock memory one = timelocks.timelock(id);
        vm.assertEq(uint256(one.state), uint256(IHashedTimelock.State.Claimed));
        vm.assertEq(one.preimage, PREIMAGE);
        vm.prank(bob);
        timelocks.withdraw(address(token), address(0xbeef), 300);
        vm.assertEq(token.balanceOf(address(0xbeef)), 300);
        vm.assertEq(timelocks.balanceOf(address(token), bob), 100);
    }

    function test_the_opener_gets_wei_back_from_the_deadline_on() public {
        bytes32 id = openWei(400);
        vm.assertEq(address(timelocks).balance, 400);
        vm.warp(DEADLINE);
        timelocks.refund(id);
        vm.assertEq(timelocks.balanceOf(address(0), ann), 400);
        vm.assertEq(uint256(timelocks.timelock(id).state), uint256(IHashedTimelock.State.Refunded));
        vm.prank(ann);
        timelocks.withdraw(address(0), address(0xbeef), 400);
        vm.assertEq(address(0xbeef).balance, 400);
        vm.assertEq(timelocks.balanceOf(address(0), ann), 0);
    }

    function test_what_is_credited_adds_up() public {
        bytes32[4] memory ids = [openToken(1), openToken(2), openToken(4), openToken(8)];
        timelocks.claim(ids[0], PREIMAGE);
        timelocks.claim(ids[1], PREIMAGE);
        vm.warp(DEADLINE);
        timelocks.refund(ids[2]);
        timelocks.refund(ids[3]);
        vm.assertEq(timelocks.balanceOf(address(token), bob), 3);
        vm.assertEq(timelocks.balanceOf(address(token), ann), 12);
    }

    function test_what_was_opened_can_be_read() public {
        bytes32 id = openToken(400);
        IHashedTimelock.Timelock memory expected = IHashedTimelock.Timelock(
            ann, DEADLINE, IHashedTimelock.State.Open, bob, address(token), 400, HASHLOCK, bytes32(0)
        );
        vm.assertEq(abi.encode(timelocks.timelock(id)), abi.encode(expected));
        IHashedTimelock.Timelock memory none;
        vm.assertEq(abi.encode(timelocks.timelock(HASHLOCK)), abi.encode(none));
    }

    function test_every_movement_is_told() public {
        bytes32 id = idOf(ann, 0, DEADLINE, address(token), 400);
        vm.expectEmit(address(timelocks));
        emit IHashedTimelock.Opened(id, ann, bob, address(token), 400, HASHLOCK, DEADLINE);
        vm.assertEq(openToken(400), id);
        vm.expectEmit(address(timelocks));
        emit IHashedTimelock.Claimed(id, bob, address(token), 400, PREIMAGE);
        timelocks.claim(id, PREIMAGE);
        vm.expectEmit(address(timelocks));
        emit IHashedTimelock.Withdrawn(bob, address(token), ann, 150);
        vm.prank(bob);
        timelocks.withdraw(address(token), ann, 150);
        id = idOf(ann, 1, DEADLINE, address(0), 30);
        vm.expectEmit(address(timelocks));
        emit IHashedTimelock.Opened(id, ann, bob, address(0), 30, HASHLOCK, DEADLINE);
        vm.assertEq(openWei(30), id);
        vm.warp(DEADLINE);
        vm.expectEmit(address(timelocks));
        emit IHashedTimelock.Refunded(id, ann, address(0), 30);
        timelocks.refund(id);
    }

    function test_of_a_token_that_keeps_a_fee_what_arrives_counts() public {
        HundredthToken costly = new HundredthToken();
        costly.mint(ann, 1_000);
        vm.startPrank(ann);
        costly.approve(address(timelocks), 1_000);
        bytes32 id = timelocks.open(bob, HASHLOCK, DEADLINE, address(costly), 1_000);
        vm.stopPrank();
        vm.assertEq(timelocks.timelock(id).amount, 990);
        vm.assertEq(id, idOf(ann, 0, DEADLINE, address(costly), 990));
    }

    // ── opening ──

    function test_equal_openings_are_two_and_no_two_openings_share_an_id() public {
        bytes32[6] memory ids;
        ids[0] = openToken(10);
        ids[1] = openToken(10);
        ids[2] = openToken(11);
        ids[3] = openWei(10);
        vm.deal(bob, 10);
        vm.prank(bob);
        ids[4] = timelocks.open{value: 10}(bob, HASHLOCK, DEADLINE, address(0), 10);
        HashedTimelock twin = new HashedTimelock();
        vm.startPrank(ann);
        token.approve(address(twin), 10);
        ids[5] = twin.open(bob, HASHLOCK, DEADLINE, address(token), 10);
        vm.stopPrank();
        for (uint256 i = 0; i < ids.length; i++) {
            for (uint256 j = 0; j < i; j++) {
                vm.assertTrue(ids[i] != ids[j], "two ids are one");
            }
        }
        timelocks.claim(ids[0], PREIMAGE);
        vm.assertEq(timelocks.balanceOf(address(token), bob), 10);
        timelocks.claim(ids[1], PREIMAGE);
        vm.assertEq(timelocks.balanceOf(address(token), bob), 20);
    }

    /// After a rollback an id that somebody waits for never means something else.
    function test_an_id_follows_from_all_that_was_opened() public {
        uint256 before = vm.snapshotState();
        bytes32 first = openToken(10);
        address[2] memory receivers = [bob, ann];
        bytes32[2] memory hashlocks = [HASHLOCK, bytes32(uint256(1))];
        for (uint256 i = 1; i < 64; i++) {
            vm.revertToState(before);
            vm.chainId(i & 1 == 1 ? 99 : 31_337);
            address kind = i & 2 == 2 ? address(0) : address(token);
            uint256 amount = i & 4 == 4 ? 11 : 10;
            vm.prank(ann);
            bytes32 id = timelocks.open{value: kind == address(0) ? amount : 0}(
                receivers[(i >> 3) & 1], hashlocks[(i >> 4) & 1], DEADLINE + uint64(i >> 5), kind, amount
            );
            vm.assertTrue(id != first, "one id for two things");
        }
    }

    function test_wei_is_sent_exactly_and_not_beside_tokens() public {
        vm.startPrank(ann);
        vm.expectRevert(abi.encodeWithSelector(IHashedTimelock.WeiMismatch.selector, 10, 9));
        timelocks.open{value: 9}(bob, HASHLOCK, DEADLINE, address(0), 10);
        vm.expectRevert(abi.encodeWithSelector(IHashedTimelock.WeiMismatch.selector, 10, 11));
        timelocks.open{value: 11}(bob, HASHLOCK, DEADLINE, address(0), 10);
        vm.expectRevert(abi.encodeWithSelector(IHashedTimelock.WeiMismatch.selector, 0, 10));
        timelocks.open{value: 10}(bob, HASHLOCK, DEADLINE, address(token), 10);
        vm.expectRevert(Transfers.AmountZero.selector);
        timelocks.open(bob, HASHLOCK, DEADLINE, address(0), 0);
        vm.expectRevert(Transfers.AmountZero.selector);
        timelocks.open(bob, HASHLOCK, DEADLINE, address(token), 0);
        vm.expectRevert(abi.encodeWithSelector(Transfers.TokenRefused.selector, bob));
        timelocks.open(bob, HASHLOCK, DEADLINE, bob, 10);
        (bool isTaken,) = address(timelocks).call{value: 1}("");
        vm.assertFalse(isTaken, "wei that belongs to nobody");
        vm.stopPrank();
    }

    function test_nobody_and_the_contract_itself_receive_nothing() public {
        address[2] memory lost = [address(0), address(timelocks)];
        bytes32 id = openToken(10);
        timelocks.claim(id, PREIMAGE);
        for (uint256 i = 0; i < 2; i++) {
            vm.expectRevert(abi.encodeWithSelector(IHashedTimelock.ReceiverRefused.selector, lost[i]));
            vm.prank(ann);
            timelocks.open(lost[i], HASHLOCK, DEADLINE, address(token), 10);
            vm.expectRevert(abi.encodeWithSelector(IHashedTimelock.RecipientRefused.selector, lost[i]));
            vm.prank(bob);
            timelocks.withdraw(address(token), lost[i], 10);
        }
    }

    /// From the next second to a leap year away; one beyond on either side is refused.
    function testFuzz_a_deadline_is_ahead_and_within_reach(uint64 deadline, uint256 edge) public {
        uint256 latest = uint256(START) + 366 days;
        uint256[5] memory edges = [uint256(START), START + 1, latest, latest + 1, 0];
        if (edge % 6 < 5) deadline = uint64(edges[edge % 6]);
        bool isGood = deadline > START && deadline <= latest;
        if (!isGood) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    IHashedTimelock.DeadlineOutOfRange.selector, deadline, START + 1, latest
                )
            );
        }
        vm.prank(ann);
        timelocks.open(bob, HASHLOCK, deadline, address(token), 10);
        vm.assertEq(token.balanceOf(address(timelocks)), isGood ? 10 : 0);
    }

    // ── ends ──

    /// At every second exactly one of the two ends is open, and the first that is taken is the last.
    function testFuzz_either_end_is_open_and_never_both(uint64 length, uint256 offset, bool isClaimFirst)
        public
    {
        uint64 deadline = START + uint64(bound(length, 1, 366 days));
        vm.prank(ann);
        bytes32 id = timelocks.open(bob, HASHLOCK, deadline, address(token), 10);
        // One second around the deadline in most runs.
        uint256 time =
            offset % 4 == 3 ? bound(offset, START, uint256(deadline) * 2) : deadline + offset % 3 - 1;
        vm.warp(time);
        bool isBefore = time < deadline;
        bytes memory tooLate = abi.encodeWithSelector(IHashedTimelock.DeadlinePassed.selector, id, deadline);
        bytes memory tooEarly =
            abi.encodeWithSelector(IHashedTimelock.DeadlineNotReached.selector, id, deadline);
        if (isClaimFirst != isBefore) {
            vm.expectRevert(isBefore ? tooEarly : tooLate);
            end(id, isClaimFirst);
        }
        end(id, isBefore);
        IHashedTimelock.State state =
            isBefore ? IHashedTimelock.State.Claimed : IHashedTimelock.State.Refunded;
        vm.assertEq(uint256(timelocks.timelock(id).state), uint256(state));
        vm.assertEq(timelocks.balanceOf(address(token), bob), isBefore ? 10 : 0);
        vm.assertEq(timelocks.balanceOf(address(token), ann), isBefore ? 0 : 10);
        for (uint256 i = 0; i < 4; i++) {
            vm.warp(i < 2 ? deadline - 1 : deadline);
            vm.expectRevert(abi.encodeWithSelector(IHashedTimelock.TimelockOver.selector, id, state));
            end(id, i % 2 == 0);
        }
    }

    function test_another_preimage_claims_nothing_and_an_unknown_id_is_none() public {
        bytes32 id = openToken(10);
        bytes32 wrong = ~PREIMAGE;
        vm.expectRevert(
            abi.encodeWithSelector(
                IHashedTimelock.PreimageWrong.selector, HASHLOCK, sha256(abi.encodePacked(wrong))
            )
        );
        timelocks.claim(id, wrong);
        vm.expectRevert(abi.encodeWithSelector(IHashedTimelock.UnknownTimelock.selector, HASHLOCK));
        timelocks.claim(HASHLOCK, PREIMAGE);
        vm.expectRevert(abi.encodeWithSelector(IHashedTimelock.UnknownTimelock.selector, HASHLOCK));
        timelocks.refund(HASHLOCK);
        timelocks.claim(id, PREIMAGE);
    }

    function test_a_preimage_opens_what_sha256_of_its_32_bytes_names() public {
        bytes32 preimage = 0x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f;
        // Of FIPS 180-4 over the bytes 0 to 31, by another implementation.
        bytes32 hashlock = 0x630dcd2966c4336691125448bbb25b4ff412a49c732db2c8abc1b8581bd710dd;
        vm.prank(ann);
        bytes32 id = timelocks.open(bob, hashlock, DEADLINE, address(token), 10);
        timelocks.claim(id, preimage);
        vm.assertEq(timelocks.balanceOf(address(token), bob), 10);
    }

    function test_who_cannot_receive_stands_in_nobodys_way_and_loses_nothing() public {
        MoodyToken moody = new MoodyToken();
        CodeAccount account = new CodeAccount();
        moody.mint(ann, 10);
        vm.startPrank(ann);
        moody.approve(address(timelocks), 10);
        bytes32 tokens = timelocks.open(address(account), HASHLOCK, DEADLINE, address(moody), 10);
        bytes32 coins = timelocks.open{value: 10}(address(account), HASHLOCK, DEADLINE, address(0), 10);
        vm.stopPrank();
        moody.block_(address(account), true);
        moody.block_(address(timelocks), true);
        // A token that stands still does not let the deadline pass over the claim.
        timelocks.claim(tokens, PREIMAGE);
        timelocks.claim(coins, PREIMAGE);
        moody.block_(address(timelocks), false);
        vm.startPrank(address(account));
        vm.expectRevert(abi.encodeWithSelector(MoodyToken.Blocked.selector, address(account)));
        timelocks.withdraw(address(moody), address(account), 10);
        vm.expectRevert(abi.encodeWithSelector(Transfers.WeiTransferFailed.selector, address(account), 10));
        timelocks.withdraw(address(0), address(account), 10);
        timelocks.withdraw(address(moody), bob, 10);
        timelocks.withdraw(address(0), bob, 4);
        account.takeWei();
        timelocks.withdraw(address(0), address(account), 6);
        vm.stopPrank();
        vm.assertEq(moody.balanceOf(bob), 10);
        vm.assertEq(bob.balance, 4);
        vm.assertEq(address(account).balance, 6);
    }

    function test_nobody_withdraws_more_than_its_own() public {
        timelocks.claim(openToken(10), PREIMAGE);
        openToken(10);
        vm.startPrank(bob);
        vm.expectRevert(Transfers.AmountZero.selector);
        timelocks.withdraw(address(token), bob, 0);
        vm.expectRevert(
            abi.encodeWithSelector(IHashedTimelock.BalanceTooSmall.selector, address(token), bob, 10, 11)
        );
        timelocks.withdraw(address(token), bob, 11);
        vm.expectRevert(
            abi.encodeWithSelector(IHashedTimelock.BalanceTooSmall.selector, address(0), bob, 0, 1)
        );
        timelocks.withdraw(address(0), bob, 1);
        timelocks.withdraw(address(token), bob, 10);
        vm.expectRevert(
            abi.encodeWithSelector(IHashedTimelock.BalanceTooSmall.selector, address(token), bob, 0, 1)
        );
        timelocks.withdraw(address(token), bob, 1);
        vm.stopPrank();
    }

    function test_a_token_that_calls_back_is_neither_counted_nor_paid_twice() public {
        MoodyToken moody = new MoodyToken();
        moody.mint(ann, 100);
        bytes memory refusal =
            abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
        vm.startPrank(ann);
        moody.approve(address(timelocks), 100);
        moody.callNext(
            address(timelocks),
            abi.encodeCall(IHashedTimelock.open, (bob, HASHLOCK, DEADLINE, address(moody), 50))
        );
        vm.expectRevert(refusal);
        timelocks.open(bob, HASHLOCK, DEADLINE, address(moody), 50);
        vm.stopPrank();
        moody.callNext(address(0), "");
        vm.prank(ann);
        bytes32 id = timelocks.open(bob, HASHLOCK, DEADLINE, address(moody), 50);
        timelocks.claim(id, PREIMAGE);
        moody.callNext(
            address(timelocks), abi.encodeCall(IHashedTimelock.withdraw, (address(moody), bob, 1))
        );
        vm.prank(bob);
        vm.expectRevert(refusal);
        timelocks.withdraw(address(moody), bob, 25);
    }

    // ── a swap between two chains ──

    /// Ann has tokens on chain 1 and wants wei on chain 2. She made the preimage, so she opens first and longest;
    /// Bob answers with half the time; her claim shows him the preimage with half the time left.
    function test_a_swap_happens_on_both_chains() public {
        (HashedTimelock first, HashedTimelock second, bytes32 hers, bytes32 his) = openSwap();
        vm.chainId(2);
        vm.warp(START + 499);
        vm.prank(ann);
        second.claim(his, PREIMAGE);
        // All he needs he reads from her claim.
        bytes32 shown = second.timelock(his).preimage;
        vm.chainId(1);
        vm.warp(START + 999);
        vm.prank(bob);
        first.claim(hers, shown);
        vm.assertEq(second.balanceOf(address(0), ann), 70);
        vm.assertEq(first.balanceOf(address(token), bob), 40);
    }

    function test_a_swap_that_is_broken_off_gives_both_their_own_back() public {
        (HashedTimelock first, HashedTimelock second, bytes32 hers, bytes32 his) = openSwap();
        vm.chainId(2);
        vm.warp(START + 500);
        vm.expectRevert(abi.encodeWithSelector(IHashedTimelock.DeadlinePassed.selector, his, START + 500));
        second.claim(his, PREIMAGE);
        second.refund(his);
        vm.chainId(1);
        vm.expectRevert(
            abi.encodeWithSelector(IHashedTimelock.DeadlineNotReached.selector, hers, START + 1_000)
        );
        first.refund(hers);
        vm.warp(START + 1_000);
        first.refund(hers);
        vm.assertEq(second.balanceOf(address(0), bob), 70);
        vm.assertEq(first.balanceOf(address(token), ann), 40);
    }

    function openSwap()
        private
        returns (HashedTimelock first, HashedTimelock second, bytes32 hers, bytes32 his)
    {
        vm.chainId(1);
        first = new HashedTimelock();
        vm.startPrank(ann);
        token.approve(address(first), 40);
        hers = first.open(bob, HASHLOCK, START + 1_000, address(token), 40);
        vm.stopPrank();
        vm.chainId(2);
        second = new HashedTimelock();
        vm.deal(bob, 70);
        vm.prank(bob);
        his = second.open{value: 70}(ann, HASHLOCK, START + 500, address(0), 70);
    }

    // ── ──

    function openToken(uint256 amount) private returns (bytes32) {
        vm.prank(ann);
        return timelocks.open(bob, HASHLOCK, DEADLINE, address(token), amount);
    }

    function openWei(uint256 amount) private returns (bytes32) {
        vm.prank(ann);
        return timelocks.open{value: amount}(bob, HASHLOCK, DEADLINE, address(0), amount);
    }

    function end(bytes32 id, bool isClaim) private {
        if (isClaim) timelocks.claim(id, PREIMAGE);
        else timelocks.refund(id);
    }

    function idOf(address opener, uint256 count, uint64 deadline, address kind, uint256 amount)
        private
        view
        returns (bytes32)
    {
        return keccak256(
            abi.encode(block.chainid, timelocks, opener, count, bob, HASHLOCK, deadline, kind, amount)
        );
    }
}
