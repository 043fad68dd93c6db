// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IBlockSeams} from "../interfaces/IBlockSeams.sol";

/// What the Adjudicator reads of Blocks beside the seams.
interface IDisputedBlocks is IBlockSeams {
    /// Whether the block is below Final and the result neither fell nor is withdrawn.
    function stands(bytes32 channelId, uint64 blockNumber, uint8 result) external view returns (bool);

    /// When the result was revealed, or revealed again after it had been taken back: no turn about it begins before.
    function revealedAtOf(bytes32 channelId, uint64 blockNumber, uint8 result)
        external
        view
        returns (uint40);

    /// The first 27 bytes of the digest of a posted part (lib/BlockWords.sol), zero for none.
    function partDigestOf(bytes32 channelId, uint64 blockNumber, uint8 part) external view returns (bytes27);
}
