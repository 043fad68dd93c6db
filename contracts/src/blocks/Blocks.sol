// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Stage} from "../interfaces/ChannelTypes.sol";
import {IBlocks} from "../interfaces/IBlocks.sol";
import {IChannels} from "../interfaces/IChannels.sol";
import {IVault} from "../interfaces/IVault.sol";
import {IParticipantRegistry} from "../registries/IParticipantRegistry.sol";
import {IValidatorRegistry} from "../registries/IValidatorRegistry.sol";
import {BlockWords} from "../lib/BlockWords.sol";
import {BlockEnds} from "./BlockEnds.sol";
import {BlockStore} from "./BlockStore.sol";

/// Parts, seats, results and ends of blocks; what IBlocks says of each act.
contract Blocks is BlockEnds {
    constructor(
        IChannels channels_,
        IVault vault_,
        IParticipantRegistry participants_,
        IValidatorRegistry validators_,
        address adjudicator_,
        address panel_
    ) BlockStore(channels_, vault_, participants_, validators_, adjudicator_, panel_) {}

    /// @inheritdoc IBlocks
    function rawWords(bytes32 channelId, uint64 blockNumber) external view returns (uint256[] memory all) {
        uint256[192] storage stored = wordsOf(channelId, blockNumber);
        all = new uint256[](BlockWords.COUNT);
        for (uint256 i = 0; i < BlockWords.COUNT; i++) {
            all[i] = stored[i];
        }
    }

    /// @inheritdoc IBlocks
    function stageAt(bytes32 channelId, uint64 blockNumber, uint64 timestamp)
        external
        view
        returns (Stage)
    {
        (Found memory found,) = find(channelId, blockNumber);
        return stageAtTime(found, timestamp);
    }
}
