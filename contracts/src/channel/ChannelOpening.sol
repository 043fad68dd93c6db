// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ChannelTerms} from "../interfaces/ChannelTypes.sol";
import {IChannelActs} from "../interfaces/IChannelActs.sol";
import {StoredTerms} from "../lib/StoredTerms.sol";
import {TypedData} from "../lib/TypedData.sol";
import {BlockStages} from "../lib/BlockStages.sol";
import {ChannelStore} from "./ChannelStore.sol";
import {TermsRules} from "./TermsRules.sol";

/// Opening a channel by all signatures and closing it by any participant.
abstract contract ChannelOpening is IChannelActs, ChannelStore {
    uint256 private constant BOX_BYTES = 104;

    TermsRules private immutable rules = new TermsRules();

    function openChannel(ChannelTerms calldata terms, bytes[] calldata signatures, bytes[] calldata boxes)
        external
        returns (bytes32 channelId)
    {
        rules.check(terms, participants);
        uint256 count = terms.participants.length;
        if (signatures.length != count) revert SignatureCountMismatch(signatures.length, count);
        if (boxes.length != count) revert BoxCountMismatch(boxes.length, count);
        bytes memory joined;
        for (uint256 i = 0; i < count; i++) {
            if (boxes[i].length != BOX_BYTES) revert BoxSizeWrong(i, boxes[i].length);
            joined = bytes.concat(joined, boxes[i]);
        }
        if (keccak256(joined) != terms.boxesHash) revert BoxesRefused(terms.boxesHash, keccak256(joined));
        channelId = _hashTypedDataV4(TypedData.termsHash(terms));
        Channel storage one = channels[channelId];
        if (one.terms != address(0)) revert ChannelAlreadyOpen(channelId);
        for (uint256 i = 0; i < count; i++) {
            requireSigned(terms.participants[i], channelId, signatures[i]);
        }
        one.terms = StoredTerms.store(terms, joined);
        one.openedAt = uint40(block.timestamp);
        one.blocksEnd = uint24(terms.blocksMax);
        openedIds.push(channelId);
        emit ChannelOpened(channelId, terms.participants[0]);
    }

    function closeChannel(bytes32 channelId) external {
        (Channel storage one, ChannelTerms memory terms) = channelOf(channelId);
        uint256 count = terms.participants.length;
        uint256 index = 0;
        // The account alone: an operator key posts and answers, it does not end agreements.
        while (index < count && terms.participants[index] != msg.sender) index++;
        if (index == count) revert NotParticipant(channelId, msg.sender);
        if (one.closedAt != 0) revert ChannelAlreadyClosed(channelId, one.closedAt);
        one.closedAt = uint40(block.timestamp);
        one.blocksEnd = uint24(BlockStages.startedAt(terms, block.timestamp));
        emit ChannelClosed(channelId, one.blocksEnd);
    }
}
