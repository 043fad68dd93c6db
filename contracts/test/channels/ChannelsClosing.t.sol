// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IChannels} from "../../src/interfaces/IChannels.sol";
import {Organisations} from "../support/Organisations.sol";

/// Closing by any participant's account: no block starts after the current one.
contract ChannelsClosingTest is Organisations {
    function test_each_participants_account_closes_and_nobody_else() public {
        bytes32 channelId = open(termsFor(3));
        address[4] memory others = [operator(0), vm.addr(RECORDER), account(3), address(0xbeef)];
        for (uint256 i = 0; i < others.length; i++) {
            vm.expectRevert(abi.encodeWithSelector(IChannels.NotParticipant.selector, channelId, others[i]));
            vm.prank(others[i]);
            channels.closeChannel(channelId);
        }
        for (uint256 i = 0; i < 3; i++) {
            uint256 state = vm.snapshotState();
            closes(channelId, account(i), START - 1_000, 0);
            vm.revertToState(state);
        }
    }

    function test_an_unknown_channel_does_not_close() public {
        vm.expectRevert(abi.encodeWithSelector(IChannels.UnknownChannel.selector, bytes32(uint256(1))));
        vm.prank(account(0));
        channels.closeChannel(bytes32(uint256(1)));
        (uint64 openedAt, uint64 closedAt, uint64 blocksEnd) = channels.standing(bytes32(uint256(1)));
        vm.assertEq(uint256(openedAt) + closedAt + blocksEnd, 0);
    }

    function test_it_closes_once() public {
        bytes32 channelId = open(termsFor(2));
        closes(channelId, account(1), START + 5, 1);
        vm.warp(START + 500);
        vm.expectRevert(
            abi.encodeWithSelector(IChannels.ChannelAlreadyClosed.selector, channelId, START + 5)
        );
        vm.prank(account(0));
        channels.closeChannel(channelId);
        (, uint64 closedAt, uint64 blocksEnd) = channels.standing(channelId);
        vm.assertEq(closedAt, START + 5);
        vm.assertEq(blocksEnd, 1);
    }

    function test_the_current_block_is_the_last_to_the_second() public {
        bytes32 channelId = open(termsFor(2));
        uint256[2][8] memory expected = [
            [uint256(START) - 1, 0],
            [uint256(START), 1],
            [uint256(START) + 99, 1],
            [uint256(START) + 100, 2],
            [uint256(START) + 999, 10],
            [uint256(START) + 1_000, 11],
            // Beyond the last block no further ones are counted.
            [uint256(START) + 1_100, 11],
            [uint256(START) + 10_000_000, 11]
        ];
        for (uint256 i = 0; i < expected.length; i++) {
            uint256 state = vm.snapshotState();
            closes(channelId, account(i % 2), expected[i][0], uint64(expected[i][1]));
            vm.revertToState(state);
        }
    }

    function testFuzz_blocks_that_started_are_those_whose_start_is_not_in_the_future(uint256 time) public {
        bytes32 channelId = open(termsFor(2));
        time = bound(time, START - 1_000, START + 3_000);
        uint64 started = 0;
        while (started < BLOCKS_MAX && START + 100 * uint256(started) <= time) started++;
        closes(channelId, account(0), time, started);
    }

    function closes(bytes32 channelId, address by, uint256 time, uint64 blocksEnd) private {
        vm.warp(time);
        vm.expectEmit(address(channels));
        emit IChannels.ChannelClosed(channelId, by, blocksEnd);
        vm.prank(by);
        channels.closeChannel(channelId);
        (uint64 openedAt, uint64 closedAt, uint64 end) = channels.standing(channelId);
        vm.assertEq(openedAt, START - 1_000);
        vm.assertEq(closedAt, time);
        vm.assertEq(end, blocksEnd);
    }
}
