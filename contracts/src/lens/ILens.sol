// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BlockResult, ChannelTerms} from "../interfaces/ChannelTypes.sol";
import {BlockWords} from "../interfaces/BlockTypes.sol";
import {LineFacts} from "../interfaces/IVault.sol";

struct ChannelFacts {
    ChannelTerms terms;
    bytes[] boxes;
    uint64 openedAt;
    /// 0 while open.
    uint64 closedAt;
    /// Blocks from this number on never start: blocksMax, or fewer once closed.
    uint64 blocksEnd;
    /// One for each payee, from participant 1 on.
    LineFacts[] lines;
}

/// Every contract of the deployment, as one view.
struct Deployed {
    address channels;
    address vault;
    address blocks;
    address participantRegistry;
    address validatorRegistry;
    address reducerTable;
    address adjudicator;
    address questions;
    address panel;
}

/// Plain views for readers off chain; no contract depends on it.
interface ILens {
    error UnknownChannel(bytes32 channelId);

    function deployed() external view returns (Deployed memory);

    function channel(bytes32 channelId) external view returns (ChannelFacts memory);

    /// All that the chain keeps of a block, by name; its events tell the rest.
    function blockWords(bytes32 channelId, uint64 blockNumber) external view returns (BlockWords memory);

    function outputHashOf(bytes32 channelId, uint64 blockNumber, BlockResult calldata result)
        external
        pure
        returns (bytes32);

    function commitmentOf(bytes32 outputHash, address validator, bytes32 workDigest, bytes32 salt)
        external
        pure
        returns (bytes32);

    /// Bonds, in wei: part, seat, silence, own result, least stake.
    function bonds() external pure returns (uint256[5] memory);
}
