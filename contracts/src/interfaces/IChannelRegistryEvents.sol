// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// What the ChannelRegistry announces; every fact behind an event can also be read by a view.
interface IChannelRegistryEvents {
    event ChannelOpened(bytes32 indexed channelId, address indexed payer);
    event ChannelClosed(bytes32 indexed channelId, uint64 blocksEnd);
    event Deposited(bytes32 indexed channelId, address indexed from, uint256 received);
    event WithdrawalRequested(bytes32 indexed channelId, uint256 amount);
    event WithdrawalExecuted(bytes32 indexed channelId, uint256 amount);
    event DebtPaid(
        bytes32 indexed channelId, uint64 indexed blockNumber, uint256 amount, uint256 remaining
    );
    event Withdrawn(address indexed token, address indexed account, uint256 amount);

    event PartPosted(
        bytes32 indexed channelId, uint64 indexed blockNumber, uint8 participant, bytes32 partRoot
    );
    event ResultCommitted(
        bytes32 indexed channelId, uint64 indexed blockNumber, uint8 participant, address validator
    );
    event ResultRevealed(
        bytes32 indexed channelId, uint64 indexed blockNumber, uint8 participant, bytes32 outputHash
    );
    event OwnResultRevealed(
        bytes32 indexed channelId, uint64 indexed blockNumber, uint8 participant, bytes32 outputHash
    );
    event ResultAccepted(
        bytes32 indexed channelId, uint64 indexed blockNumber, uint8 participant, bytes32 outputHash
    );
    event BlockDisputed(bytes32 indexed channelId, uint64 indexed blockNumber);
    /// `debt` is what the whole channel owes after this settlement.
    event BlockSettled(
        bytes32 indexed channelId,
        uint64 indexed blockNumber,
        bytes32 outputHash,
        uint256 owed,
        uint256 debt
    );
    event SeatSilent(
        bytes32 indexed channelId, uint64 indexed blockNumber, uint8 participant, address validator
    );
}
