// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ChannelTerms} from "./ChannelTypes.sol";
import {Delegation} from "./BlockTypes.sol";

/// Terms, opening and closing; the verifying contract of every signature (EIP-712 domain: name "Papyrus",
/// version "1"). Holds no money. The terms and boxes of a channel are the code at an address that follows from
/// its id (TermsCode.placeOf), so that every contract reads them without a call.
interface IChannels {
    /// The payer is participant 0. Terms and boxes are the code at TermsCode.placeOf.
    event ChannelOpened(bytes32 indexed channelId, address indexed payer, address[] participants);
    event ChannelClosed(bytes32 indexed channelId, address indexed by, uint64 blocksEnd);

    error SignatureCountMismatch(uint256 signatures, uint256 participants);
    error SignatureRefused(address signer);
    error BoxCountMismatch(uint256 boxes, uint256 participants);
    error BoxSizeWrong(uint256 box, uint256 bytesGiven);
    error BoxesRefused(bytes32 boxesHash, bytes32 given);
    error OpenedTooLate(uint64 firstBlockStart, uint256 timestamp);
    error ChannelAlreadyOpen(bytes32 channelId);
    error ChannelAlreadyClosed(bytes32 channelId, uint64 closedAt);
    error UnknownChannel(bytes32 channelId);
    error NotParticipant(bytes32 channelId, address sender);
    error BatchHeaderRefused(uint256 bytesGiven);

    /// Opens the channel whose id is the EIP-712 digest of the terms, which every participant's account signed;
    /// anyone may send it, at or before firstBlockStart. boxes: one of 104 bytes for each participant, those of
    /// the terms' boxesHash.
    function openChannel(ChannelTerms calldata terms, bytes[] calldata signatures, bytes[] calldata boxes)
        external
        returns (bytes32 channelId);

    /// By any participant's account: no block starts after the current one.
    function closeChannel(bytes32 channelId) external;

    /// openedAt is 0 for an unknown channel; closedAt is 0 while open; blocks from blocksEnd on never start.
    function standing(bytes32 channelId)
        external
        view
        returns (uint64 openedAt, uint64 closedAt, uint64 blocksEnd);

    function channelCount() external view returns (uint256);

    /// In order of opening, at most `limit` from `start` on.
    function channelIds(uint256 start, uint256 limit) external view returns (bytes32[] memory);

    // ── hashes, as wire-formats.md fixes them ──

    function domainSeparator() external view returns (bytes32);

    function channelIdOf(ChannelTerms calldata terms) external view returns (bytes32);

    /// EIP-712 digest that the author of a record batch signed; `header` is the first 192 bytes of the batch.
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

    /// What a record key (purpose 1) or operator key (purpose 2) signs to be registered by `account`.
    function possessionDigest(address account, uint8 purpose, uint256 nonce) external view returns (bytes32);
}
