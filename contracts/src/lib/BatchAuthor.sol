// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {ChannelTerms} from "../interfaces/ChannelTypes.sol";
import {IParticipantRegistry} from "../registries/IParticipantRegistry.sol";
import {BlockClock} from "./BlockClock.sol";
import {BatchHeader} from "./RecordProof.sol";

/// Who must have signed a record batch: its author's record key as registered at the block's collection
/// start.
library BatchAuthor {
    /// The author is no participant.
    error BatchAuthorUnknown(uint8 author);
    error BatchOfOtherBlock(bytes32 channelId, uint64 blockNumber);
    /// recordKey: what the author had registered, zero if there was none.
    error BatchSignatureRefused(address recordKey);

    /// Reverts unless the batch is of that block and `signature` of `digest` is its author's. Keys sign by
    /// recovery alone: a contract is no key.
    function requireSigned(
        IParticipantRegistry registry,
        ChannelTerms memory terms,
        bytes32 channelId,
        uint64 blockNumber,
        BatchHeader memory header,
        bytes32 digest,
        bytes calldata signature
    ) internal view {
        requireOf(channelId, blockNumber, header);
        requireKey(recordKeyOf(registry, terms, header), digest, signature);
    }

    function requireOf(bytes32 channelId, uint64 blockNumber, BatchHeader memory header) internal pure {
        if (header.channelId != channelId || header.blockNumber != blockNumber) {
            revert BatchOfOtherBlock(header.channelId, header.blockNumber);
        }
    }

    /// Of the author at the block's collection start; zero if it had none.
    function recordKeyOf(
        IParticipantRegistry registry,
        ChannelTerms memory terms,
        BatchHeader memory header
    ) internal view returns (address) {
        if (header.author >= terms.participants.length) {
            revert BatchAuthorUnknown(header.author);
        }
        uint64 start = uint64(BlockClock.startOf(terms, header.blockNumber));
        (IParticipantRegistry.Keys memory keys,) = registry.keysAt(terms.participants[header.author], start);
        return keys.recordKey;
    }

    function requireKey(address recordKey, bytes32 digest, bytes calldata signature) internal pure {
        (address signer,,) = ECDSA.tryRecoverCalldata(digest, signature);
        // The zero address is what recovery gives for no signature, and the registry for no key.
        if (signer != recordKey || signer == address(0)) revert BatchSignatureRefused(recordKey);
    }
}
