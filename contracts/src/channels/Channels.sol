// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Delegation} from "../interfaces/BlockTypes.sol";
import {ChannelTerms} from "../interfaces/ChannelTypes.sol";
import {IChannels} from "../interfaces/IChannels.sol";
import {BlockTypedData} from "../lib/BlockTypedData.sol";
import {PapyrusDomain} from "../lib/PapyrusDomain.sol";
import {Signatures} from "../lib/Signatures.sol";
import {ITermsRules} from "./ITermsRules.sol";
import {ITermsSource, TermsCode} from "./TermsCode.sol";

/// Opening by all signatures, closing by any participant, and the digests of everything that is signed.
contract Channels is IChannels, ITermsSource, PapyrusDomain {
    uint256 private constant BOX_BYTES = 104;

    /// One slot a channel; the terms are code (TermsCode).
    struct Standing {
        uint64 openedAt;
        uint64 closedAt;
        uint64 blocksEnd;
    }

    ITermsRules public immutable termsRules;
    mapping(bytes32 channelId => Standing) private standings;
    bytes32[] private openedIds;

    constructor(ITermsRules termsRules_) PapyrusDomain(address(this)) {
        termsRules = termsRules_;
    }

    /// @inheritdoc IChannels
    function openChannel(ChannelTerms calldata terms, bytes[] calldata signatures, bytes[] calldata boxes)
        external
        returns (bytes32 channelId)
    {
        if (block.timestamp > terms.firstBlockStart) {
            revert OpenedTooLate(terms.firstBlockStart, block.timestamp);
        }
        termsRules.check(terms);
        bytes memory joined = joinedBoxes(terms, boxes);
        channelId = channelIdOf(terms);
        Standing storage one = standings[channelId];
        if (one.openedAt != 0) revert ChannelAlreadyOpen(channelId);
        checkSignatures(terms.participants, channelId, signatures);
        one.openedAt = uint64(block.timestamp);
        one.blocksEnd = terms.blocksMax;
        openedIds.push(channelId);
        TermsCode.store(channelId, terms, joined);
        emit ChannelOpened(channelId, terms.participants[0], terms.participants);
    }

    /// @inheritdoc IChannels
    function closeChannel(bytes32 channelId) external {
        Standing storage one = standings[channelId];
        if (one.openedAt == 0) revert UnknownChannel(channelId);
        ChannelTerms memory terms = TermsCode.hot(TermsCode.placeOf(address(this), channelId));
        // The account alone: an operator key posts and answers, it does not end agreements.
        if (!isAmong(terms.participants, msg.sender)) revert NotParticipant(channelId, msg.sender);
        if (one.closedAt != 0) revert ChannelAlreadyClosed(channelId, one.closedAt);
        uint64 blocksEnd = startedBlocks(terms);
        one.closedAt = uint64(block.timestamp);
        one.blocksEnd = blocksEnd;
        emit ChannelClosed(channelId, msg.sender, blocksEnd);
    }

    /// @inheritdoc ITermsSource
    function termsBeingStored() external view {
        TermsCode.answer();
    }

    /// @inheritdoc IChannels
    function standing(bytes32 channelId) external view returns (uint64, uint64, uint64) {
        Standing memory one = standings[channelId];
        return (one.openedAt, one.closedAt, one.blocksEnd);
    }

    /// @inheritdoc IChannels
    function channelCount() external view returns (uint256) {
        return openedIds.length;
    }

    /// @inheritdoc IChannels
    function channelIds(uint256 start, uint256 limit) external view returns (bytes32[] memory page) {
        uint256 count = openedIds.length;
        if (start >= count) return page;
        page = new bytes32[](limit < count - start ? limit : count - start);
        for (uint256 i = 0; i < page.length; i++) {
            page[i] = openedIds[start + i];
        }
    }

    /// @inheritdoc IChannels
    function domainSeparator() external view returns (bytes32) {
        return separator();
    }

    /// @inheritdoc IChannels
    function channelIdOf(ChannelTerms calldata terms) public view returns (bytes32) {
        return digestOf(BlockTypedData.termsHash(terms));
    }

    /// @inheritdoc IChannels
    function batchDigest(bytes calldata header) external view returns (bytes32) {
        (bytes32 hash, bool isStrict) = BlockTypedData.batchHash(header);
        if (!isStrict) revert BatchHeaderRefused(header.length);
        return digestOf(hash);
    }

    /// @inheritdoc IChannels
    function delegationDigest(Delegation calldata delegation) external view returns (bytes32) {
        return digestOf(BlockTypedData.delegationHash(delegation));
    }

    /// @inheritdoc IChannels
    function receiptDigest(
        bytes32 channelId,
        uint64 blockNumber,
        uint8 author,
        uint64 sequence,
        bytes32 recordsRoot,
        uint64 receivedAt
    ) external view returns (bytes32) {
        return digestOf(
            BlockTypedData.receiptHash(channelId, blockNumber, author, sequence, recordsRoot, receivedAt)
        );
    }

    /// @inheritdoc IChannels
    function possessionDigest(address account, uint8 purpose, uint256 nonce)
        external
        view
        returns (bytes32)
    {
        return digestOf(BlockTypedData.possessionHash(account, purpose, nonce));
    }

    function joinedBoxes(ChannelTerms calldata terms, bytes[] calldata boxes)
        private
        pure
        returns (bytes memory joined)
    {
        uint256 count = terms.participants.length;
        if (boxes.length != count) revert BoxCountMismatch(boxes.length, count);
        for (uint256 i = 0; i < count; i++) {
            if (boxes[i].length != BOX_BYTES) revert BoxSizeWrong(i, boxes[i].length);
            joined = bytes.concat(joined, boxes[i]);
        }
        if (keccak256(joined) != terms.boxesHash) revert BoxesRefused(terms.boxesHash, keccak256(joined));
    }

    function checkSignatures(
        address[] calldata participants,
        bytes32 channelId,
        bytes[] calldata signatures
    ) private view {
        uint256 count = participants.length;
        if (signatures.length != count) revert SignatureCountMismatch(signatures.length, count);
        for (uint256 i = 0; i < count; i++) {
            if (!Signatures.isBy(participants[i], channelId, signatures[i])) {
                revert SignatureRefused(participants[i]);
            }
        }
    }

    function isAmong(address[] memory participants, address account) private pure returns (bool) {
        for (uint256 i = 0; i < participants.length; i++) {
            if (participants[i] == account) return true;
        }
        return false;
    }

    /// How many blocks have started by now, those that start at this very second included.
    function startedBlocks(ChannelTerms memory terms) private view returns (uint64) {
        if (block.timestamp < terms.firstBlockStart) return 0;
        uint256 started = (block.timestamp - terms.firstBlockStart) / terms.blockDuration + 1;
        return started < terms.blocksMax ? uint64(started) : terms.blocksMax;
    }
}
