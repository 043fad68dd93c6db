// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Vault} from "../../../src/vault/Vault.sol";

/// Of Channels only what the Vault asks: whether a channel is closed, and which blocks never start.
contract ScriptedChannels {
    struct Standing {
        uint64 openedAt;
        uint64 closedAt;
        uint64 blocksEnd;
    }

    mapping(bytes32 channelId => Standing) public standing;

    function open(bytes32 channelId, uint64 blocksMax) external {
        standing[channelId] = Standing(uint64(block.timestamp), 0, blocksMax);
    }

    function close(bytes32 channelId, uint64 blocksEnd) external {
        standing[channelId].closedAt = uint64(block.timestamp);
        standing[channelId].blocksEnd = blocksEnd;
    }
}

/// Of Blocks only what the Vault knows of it: how many blocks are not over, and the one payment of each. A
/// test says when a block is over.
contract ScriptedBlocks {
    ScriptedChannels private immutable channels;
    Vault public vault;
    mapping(bytes32 channelId => mapping(uint256 blockNumber => bool)) public isOver;

    constructor(ScriptedChannels channels_) {
        channels = channels_;
    }

    function setVault(Vault vault_) external {
        vault = vault_;
    }

    /// Pays nothing and is over: void.
    function makeVoid(bytes32 channelId, uint64 blockNumber) external {
        isOver[channelId][blockNumber] = true;
    }

    function settle(bytes32 channelId, uint64 blockNumber, bytes32[] memory low, bytes32[] memory high)
        public
    {
        require(!isOver[channelId][blockNumber], "settled twice");
        vault.pay(channelId, blockNumber, liveBefore(channelId, blockNumber), low, high);
        isOver[channelId][blockNumber] = true;
    }

    function liveBefore(bytes32 channelId, uint64 blockNumber) public view returns (uint256 live) {
        (,, uint64 blocksEnd) = channels.standing(channelId);
        uint64 end = blockNumber < blocksEnd ? blockNumber : blocksEnd;
        for (uint64 n = 0; n < end; n++) {
            if (!isOver[channelId][n]) live++;
        }
    }
}
