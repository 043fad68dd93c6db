// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BlockResult} from "../../src/interfaces/ChannelTypes.sol";
import {PanelRig} from "./PanelRig.sol";

/// What the acts of a panel take, among 200 validators, and whole panels. Participant 1's seat counts the
/// part, participant 0's own result leaves it out. Who is right draws and concludes.
contract PanelDisputeGasTest is PanelRig {
    BlockResult private all_;
    BlockResult private without;

    /// forge-config: default.isolate = true
    function test_gas_panel_3() external {
        measure(3);
    }

    /// forge-config: default.isolate = true
    function test_gas_panel_16() external {
        measure(16);
    }

    function measure(uint256 size_) private {
        vm.pauseGasMetering();
        listValidators();
        asking = account(0);
        openChannelOf(size_);
        beginDispute();
        ask();
        uint256 asked = vm.snapshotState();
        measureAway();
        vm.revertToState(asked);
        (concluding, side) = (account(OWNER), Side.Answerer);
        draw("draw 7 of 200 validators");
        uint256 drawn = vm.snapshotState();
        measureTie();
        vm.revertToState(drawn);
        measureServed();
    }

    // ── the block ──

    function beginDispute() private {
        vm.warp(collationAt(BLOCK));
        for (uint256 i = 0; i < size; i++) {
            post(channelId, BLOCK, i);
        }
        all_ = resultOf(size, 1000, allParts());
        without = resultOf(size, 900, allParts() - uint16(1 << OWNER));
        commit(channelId, BLOCK, 1, all_, false);
        vm.warp(collationAt(BLOCK) + 20);
        reveal(channelId, BLOCK, 1, all_);
        vm.warp(collationAt(BLOCK) + 40);
        seat(only(account(0)), only(account(OWNER)));
        bytes memory data = abi.encodeCall(blocks.revealOwnResult, (channelId, BLOCK, without, OPENING));
        act("", Side.Asker, account(0), address(blocks), data);
    }

    // ── games ──

    function measureAway() private {
        (concluding, side) = (account(0), Side.Asker);
        draw("");
        hear(false);
        conclude("");
        settle_(without);
        tell("a part that was not served");
    }

    function measureTie() private {
        vm.warp(block.timestamp + 40);
        conclude("begin the next round, after a tie");
        vm.warp(block.timestamp + 1_000);
        bytes memory data = abi.encodeCall(panel.release, (channelId, BLOCK, OWNER));
        act("release, the block is over", Side.Answerer, account(OWNER), PANEL, data);
    }

    function measureServed() private {
        hear(true);
        uint256 heard = vm.snapshotState();
        conclude("conclude after one round");
        tell("a part that was served");
        vm.revertToState(heard);
        appeal("appeal");
        draw("draw 15 of 200 validators");
        hear(true);
        appeal("");
        draw("draw 31 of 200 validators");
        hear(true);
        conclude("conclude after three rounds");
        settle_(all_);
        tell("a part that was served, appealed twice");
    }

    function settle_(BlockResult memory result) private {
        vm.warp(collationAt(BLOCK) + 400);
        BlockResult[] memory standing = new BlockResult[](1);
        standing[0] = result;
        bytes memory data = abi.encodeCall(blocks.settle, (channelId, BLOCK, standing));
        act("", side, concluding, address(blocks), data);
    }
}
