// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BlockResult, Stage} from "./ChannelTypes.sol";
import {Delegation} from "./BlockTypes.sol";
import {IBlockFacts} from "./IBlockFacts.sol";

/// What every block goes through, from its first part to its end.
interface IBlockCourse is IBlockFacts {
    /// By a participant's account or current operator key, in collation, once; the same again changes nothing.
    /// The account's bond (Bonds.PART of its free wei) lies locked until the block is over.
    function postPart(
        bytes32 channelId,
        uint64 blockNumber,
        bytes32 partRoot,
        uint32 segmentCount,
        bytes32 indexHash
    ) external;

    /// By the validator that the participant's current operator key delegated to, in the first half of
    /// processing or of its extension, before the first reveal. Locks Bonds.SEAT of its stake and feeWei of the
    /// participant's free wei. A higher nonce displaces a lower one, whose bond and fee come back. `keyPath`
    /// proves keyCommitment at index blockNumber of blocksMax leaves under keysRoot.
    function commitResult(
        Delegation calldata delegation,
        bytes calldata signature,
        bytes32[] calldata keyPath,
        bytes32 commitment
    ) external;

    /// In the second half, or as soon as every participant's seat has committed. `opening` is x of
    /// wire-formats.md 8, zero if there is no impression. Anyone may send what the commitment binds.
    function revealResult(
        bytes32 channelId,
        uint64 blockNumber,
        uint8 participant,
        BlockResult calldata result,
        bytes32 opening,
        bytes32 workDigest,
        bytes32 salt
    ) external;

    /// Anyone, once the block is final, with the fields of every result that stands, by first reveal (their
    /// events have them).
    function settle(bytes32 channelId, uint64 blockNumber, BlockResult[] calldata standing) external;

    // ── views ──

    /// All that is stored of a block, as lib/BlockWords.sol reads it; the Lens gives it names.
    function rawWords(bytes32 channelId, uint64 blockNumber) external view returns (uint256[] memory);

    /// With the facts as they are now, at `timestamp`; true of the future only if no fact is added until then.
    function stageAt(bytes32 channelId, uint64 blockNumber, uint64 timestamp) external view returns (Stage);

    /// How many blocks below `blockNumber` (and below blocksEnd) are not over now: neither settled nor void.
    /// A void block with parts counts until its bonds are released. Bounded gas, whatever the number.
    function liveBefore(bytes32 channelId, uint64 blockNumber) external view returns (uint256);
}
