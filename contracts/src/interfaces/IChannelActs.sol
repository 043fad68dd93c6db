// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BlockResult, ChannelTerms, Delegation} from "./ChannelTypes.sol";
import {IChannelRegistryErrors} from "./IChannelRegistryErrors.sol";
import {IChannelRegistryEvents} from "./IChannelRegistryEvents.sol";

/// What can be done to a channel and its blocks. Times are seconds of chain time, intervals half-open.
interface IChannelActs is IChannelRegistryErrors, IChannelRegistryEvents {
    // ── channel ──

    /// Opens the channel whose id is the EIP-712 digest of the terms, which every participant signed; anyone
    /// may send it. boxes: one of 104 bytes for each participant, those of the terms' boxesHash.
    function openChannel(ChannelTerms calldata terms, bytes[] calldata signatures, bytes[] calldata boxes)
        external
        returns (bytes32 channelId);

    /// Anyone, after an ERC-20 approval. What arrives is measured; debts are served from it first, in block
    /// order.
    function deposit(bytes32 channelId, uint256 amount) external;

    /// Serves debts from the deposit, lowest block first, at most `debtsMax` of them; anyone.
    function payDebts(bytes32 channelId, uint256 debtsMax) external;

    /// The payer's public request: lowers the cover of every block that starts after it. 0 takes the request
    /// back.
    function requestWithdrawal(bytes32 channelId, uint256 amount) external;

    /// Credits the payer's balance with what it requested, or with the whole deposit of a channel that is
    /// over, once every earlier block is settled or void. Moves the pointer by at most 1,024 blocks itself:
    /// for more, call advance first. Anyone.
    function executeWithdrawal(bytes32 channelId) external;

    /// Moves the pointer of blocks that are settled or void by at most `steps` looks; anyone.
    function advance(bytes32 channelId, uint256 steps) external returns (uint64 blocksOver);

    /// Credits the payer's balance at once: all participants signed Withdrawal(channelId, amount, nonce).
    function withdrawTogether(bytes32 channelId, uint256 amount, uint256 nonce, bytes[] calldata signatures)
        external;

    /// By any participant's account: no block starts after the current one.
    function closeChannel(bytes32 channelId) external;

    /// Pulls tokens (or wei: token 0) that settlement, withdrawal or a bond credited to msg.sender.
    function withdraw(address token, uint256 amount) external;

    // ── block ──

    /// By a participant's account or current operator key, in collation, once; the same again changes
    /// nothing.
    function postPart(
        bytes32 channelId,
        uint64 blockNumber,
        bytes32 partRoot,
        uint32 segmentCount,
        bytes32 indexHash
    ) external;

    /// By the validator that the participant's current operator key delegated to, in the first half of
    /// processing or of its extension. `keyPath` proves keyCommitment at index blockNumber of blocksMax
    /// leaves under keysRoot.
    function commitResult(
        Delegation calldata delegation,
        bytes calldata signature,
        bytes32[] calldata keyPath,
        bytes32 commitment
    ) external;

    /// In the second half, or as soon as every participant's seat has committed. `opening` is x of wire-
    /// formats.md 8, zero if there is no impression. Anyone may send what the commitment binds.
    function revealResult(
        bytes32 channelId,
        uint64 blockNumber,
        uint8 participant,
        BlockResult calldata result,
        bytes32 opening,
        bytes32 workDigest,
        bytes32 salt
    ) external;

    /// A participant's own result (account or operator key): in the extension with no value, or from the end
    /// of processing to the end of the challenge period with exactly ownResultBondWei().
    function revealOwnResult(
        bytes32 channelId,
        uint64 blockNumber,
        BlockResult calldata result,
        bytes32 opening
    ) external payable;

    /// A participant (account or operator key) agrees to a revealed result: its seat counts as a binding
    /// one.
    function acceptResult(bytes32 channelId, uint64 blockNumber, bytes32 outputHash) external;

    /// Anyone, once the block is final, with the fields of the final result (blockFacts has them).
    function settle(bytes32 channelId, uint64 blockNumber, BlockResult calldata result) external;

    /// Unlocks the bonds of a void block's seats; a seat that committed and did not reveal pays for its
    /// silence. Anyone.
    function releaseBonds(bytes32 channelId, uint64 blockNumber) external;
}
