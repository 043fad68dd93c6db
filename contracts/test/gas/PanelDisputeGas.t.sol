// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPanel} from "../../src/disputes/IPanel.sol";
import {BlockResult} from "../../src/interfaces/ChannelTypes.sol";
import {Bonds} from "../../src/lib/Bonds.sol";
import {DisputeRig} from "./DisputeRig.sol";

/// What the acts of a panel take, among 200 validators, and whole panels. Participant 1's seat counts the part,
/// participant 0's own result leaves it out; the part's owner draws and concludes.
contract PanelDisputeGasTest is DisputeRig {
    uint8 private constant OWNER = 2;
    uint256 private constant VALIDATORS = 200;
    bytes32 private constant WORD_SALT = keccak256("a word's salt");

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
        vm.roll(1_000);
        for (uint256 i = 16; i < VALIDATORS; i++) {
            stake(i, Bonds.STAKE_MIN);
        }
        openChannelOf(size_);
        beginDispute();
        ask();
        draw("draw 7 of 200 validators");
        uint256 drawn = vm.snapshotState();
        hear(false);
        conclude("");
        settle_(without);
        tell("a part that was not served");
        vm.revertToState(drawn);
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

    /// All say so.
    function hear(bool isHeld) private {
        (, uint8 round,) = panel.standing(channelId, BLOCK, OWNER);
        IPanel.PanelRound memory told = panel.roundAt(channelId, BLOCK, OWNER, round);
        for (uint8 i = 0; i < told.members.length; i++) {
            address member = told.members[i];
            bytes32 word = keccak256(abi.encode(channelId, BLOCK, OWNER, round, member, isHeld, WORD_SALT));
            bytes memory data = abi.encodeCall(panel.commit, (channelId, BLOCK, OWNER, i, word));
            act(isLastWord(i, told) ? "commit to a word" : "", Side.Member, member, PANEL, data);
        }
        vm.warp(told.drawnAt + 20);
        for (uint8 i = 0; i < told.members.length; i++) {
            bytes memory data =
                abi.encodeCall(panel.reveal, (channelId, BLOCK, OWNER, i, isHeld, WORD_SALT));
            act(isLastWord(i, told) ? "reveal a word" : "", Side.Member, told.members[i], PANEL, data);
        }
        vm.warp(told.drawnAt + 40);
    }

    function isLastWord(uint256 place, IPanel.PanelRound memory told) private pure returns (bool) {
        return place == 30 && told.members.length == 31;
    }

    // ── acts ──

    function ask() private {
        bytes memory data = abi.encodeCall(panel.ask, (channelId, BLOCK, OWNER));
        act("ask whether a part was served", Side.Asker, account(0), PANEL, data);
    }

    function draw(string memory what) private {
        vm.roll(block.number + 3);
        bytes memory data = abi.encodeCall(panel.draw, (channelId, BLOCK, OWNER, VALIDATORS));
        act(what, Side.Answerer, account(OWNER), PANEL, data);
    }

    function appeal(string memory what) private {
        act(what, Side.Asker, account(0), PANEL, abi.encodeCall(panel.appeal, (channelId, BLOCK, OWNER)));
    }

    /// Once nobody can appeal any more.
    function conclude(string memory what) private {
        vm.warp(block.timestamp + 20);
        bytes memory data = abi.encodeCall(panel.conclude, (channelId, BLOCK, OWNER));
        act(what, Side.Answerer, account(OWNER), PANEL, data);
    }

    function settle_(BlockResult memory result) private {
        vm.warp(collationAt(BLOCK) + 400);
        BlockResult[] memory standing = new BlockResult[](1);
        standing[0] = result;
        bytes memory data = abi.encodeCall(blocks.settle, (channelId, BLOCK, standing));
        act("", Side.Answerer, account(OWNER), address(blocks), data);
    }
}
