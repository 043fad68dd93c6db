// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPanel} from "../../src/disputes/IPanel.sol";
import {Bonds} from "../../src/lib/Bonds.sol";
import {DisputeRig} from "./DisputeRig.sol";

/// Two hundred validators, and the acts of a panel about the part of participant 2: one asks and appeals,
/// another draws and concludes, since nobody else has to.
abstract contract PanelRig is DisputeRig {
    uint8 internal constant OWNER = 2;
    uint256 private constant VALIDATORS = 200;
    bytes32 private constant WORD_SALT = keccak256("a word's salt");

    address internal asking;
    address internal concluding;
    Side internal side;

    /// Sixteen are registered already.
    function listValidators() internal {
        vm.roll(1_000);
        for (uint256 i = 16; i < VALIDATORS; i++) {
            stake(i, Bonds.STAKE_MIN);
        }
    }

    function ask() internal {
        bytes memory data = abi.encodeCall(panel.ask, (channelId, BLOCK, OWNER));
        act("ask whether a part was served", Side.Asker, asking, PANEL, data);
    }

    function draw(string memory what) internal {
        vm.roll(block.number + 3);
        bytes memory data = abi.encodeCall(panel.draw, (channelId, BLOCK, OWNER, VALIDATORS));
        act(what, side, concluding, PANEL, data);
    }

    function appeal(string memory what) internal {
        act(what, Side.Asker, asking, PANEL, abi.encodeCall(panel.appeal, (channelId, BLOCK, OWNER)));
    }

    /// Once nobody can appeal any more.
    function conclude(string memory what) internal {
        vm.warp(block.timestamp + termsOf().answerPeriod);
        bytes memory data = abi.encodeCall(panel.conclude, (channelId, BLOCK, OWNER));
        act(what, side, concluding, PANEL, data);
    }

    /// All say so.
    function hear(bool isHeld) internal {
        (, uint8 round,) = panel.standing(channelId, BLOCK, OWNER);
        IPanel.PanelRound memory told = panel.roundAt(channelId, BLOCK, OWNER, round);
        for (uint8 i = 0; i < told.members.length; i++) {
            address member = told.members[i];
            bytes32 word = keccak256(abi.encode(channelId, BLOCK, OWNER, round, member, isHeld, WORD_SALT));
            bytes memory data = abi.encodeCall(panel.commit, (channelId, BLOCK, OWNER, i, word));
            act(isLastWord(i, told) ? "commit to a word" : "", Side.Member, member, PANEL, data);
        }
        vm.warp(told.drawnAt + termsOf().processingPeriod / 2);
        for (uint8 i = 0; i < told.members.length; i++) {
            bytes memory data =
                abi.encodeCall(panel.reveal, (channelId, BLOCK, OWNER, i, isHeld, WORD_SALT));
            act(isLastWord(i, told) ? "reveal a word" : "", Side.Member, told.members[i], PANEL, data);
        }
        vm.warp(told.drawnAt + termsOf().processingPeriod);
    }

    function isLastWord(uint256 place, IPanel.PanelRound memory told) private pure returns (bool) {
        return place == 30 && told.members.length == 31;
    }
}
