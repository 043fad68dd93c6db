// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BlockFacts, BlockResult, ChannelFacts, ChannelTerms, Delegation, Stage} from "./ChannelTypes.sol";
import {IChannelRegistryErrors} from "./IChannelRegistryErrors.sol";

/// What can be read of a channel and its blocks, and the hashes of what is signed and posted.
interface IChannelViews is IChannelRegistryErrors {
    // ── facts ──

    function channelCount() external view returns (uint256);

    /// In order of opening, at most `limit` from `start` on.
    function channelIds(uint256 start, uint256 limit) external view returns (bytes32[] memory);

    function isOpen(bytes32 channelId) external view returns (bool);

    /// Refuses with UnknownChannel.
    function channel(bytes32 channelId) external view returns (ChannelFacts memory);

    function blockFacts(bytes32 channelId, uint64 blockNumber) external view returns (BlockFacts memory);

    /// At the timestamp of the height that answers.
    function stage(bytes32 channelId, uint64 blockNumber) external view returns (Stage);

    /// With the facts as they are now, at another time; true of the future only if no fact is added until
    /// then.
    function stageAt(bytes32 channelId, uint64 blockNumber, uint64 timestamp) external view returns (Stage);

    /// The outputHash that is final; refuses with NotFinal before.
    function finalOutputHash(bytes32 channelId, uint64 blockNumber) external view returns (bytes32);

    /// Token base units the payer still has for the block.
    function cover(bytes32 channelId, uint64 blockNumber) external view returns (uint256);

    /// Base units of an ERC-20 (or wei: token 0) that the account can withdraw.
    function balanceOf(address token, address account) external view returns (uint256);

    function participantRegistry() external view returns (address);

    function validatorRegistry() external view returns (address);

    /// Wei of a validator's bond that a seat locks from commit until its block is over.
    function seatBondWei() external view returns (uint256);

    /// Wei that a seat loses which committed and did not reveal.
    function silencePenaltyWei() external view returns (uint256);

    /// Wei that a participant's own result in the challenge period is sent with.
    function ownResultBondWei() external view returns (uint256);

    // ── hashes, as wire-formats.md fixes them ──

    function domainSeparator() external view returns (bytes32);

    function channelIdOf(ChannelTerms calldata terms) external view returns (bytes32);

    /// EIP-712 digest that the author of a record batch signed; `header` is the first 192 bytes of the
    /// batch.
    function batchDigest(bytes calldata header) external view returns (bytes32);

    function delegationDigest(Delegation calldata delegation) external view returns (bytes32);

    function receiptDigest(
        bytes32 channelId,
        uint64 blockNumber,
        uint8 author,
        uint64 sequence,
        bytes32 recordsRoot,
        uint64 receivedAt
    ) external view returns (bytes32);

    function withdrawalDigest(bytes32 channelId, uint256 amount, uint256 nonce)
        external
        view
        returns (bytes32);

    function outputHashOf(bytes32 channelId, uint64 blockNumber, BlockResult calldata result)
        external
        pure
        returns (bytes32);

    function commitmentOf(bytes32 outputHash, address validator, bytes32 workDigest, bytes32 salt)
        external
        pure
        returns (bytes32);
}
