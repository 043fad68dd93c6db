// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Delegation} from "../interfaces/BlockTypes.sol";
import {BlockResult, ChannelTerms} from "../interfaces/ChannelTypes.sol";

/// Struct hashes of everything that is signed for a channel and its blocks, and the hashes of results (EIP-712;
/// wire-formats.md 2, 4, 6 and 8).
library BlockTypedData {
    bytes32 private constant TERMS = keccak256(
        "ChannelTerms(address[] participants,uint8[] roles,uint64[] blockMaxNano,address token,"
        "uint256 tokenPerUnit,string reducer,bytes reducerParameters,uint8 blockPolicy,"
        "uint64 firstBlockStart,uint64 blockDuration,uint64 blocksMax,uint64 collectionGrace,"
        "uint64 collationPeriod,uint64 processingPeriod,uint64 challengePeriod,uint64 answerPeriod,"
        "uint64 disputeMax,uint64 withdrawalNotice,uint64 retentionPeriod,uint64 authorBytesMax,"
        "uint64 priceNanoMax,bytes32 keysRoot,bytes32 boxesHash,bytes32 salt)"
    );
    bytes32 private constant BATCH = keccak256(
        "RecordBatch(bytes32 channelId,uint64 blockNumber,uint8 author,uint64 sequence,uint32 count,"
        "bytes32 recordsRoot)"
    );
    bytes32 private constant DELEGATION = keccak256(
        "Delegation(bytes32 channelId,uint64 blockNumber,uint8 participant,address validator,bool binding,"
        "bytes32 keyCommitment,uint256 feeWei,uint64 nonce,uint64 notAfter)"
    );
    bytes32 private constant RECEIPT = keccak256(
        "Receipt(bytes32 channelId,uint64 blockNumber,uint8 author,uint64 sequence,bytes32 recordsRoot,"
        "uint64 receivedAt)"
    );
    bytes32 private constant POSSESSION =
        keccak256("KeyPossession(address account,uint8 purpose,uint256 nonce)");

    uint8 internal constant RECORD_KEY = 1;
    uint8 internal constant OPERATOR_KEY = 2;
    bytes8 private constant BATCH_MAGIC = "papyrus\x01";
    uint256 private constant BATCH_HEADER_BYTES = 192;

    function termsHash(ChannelTerms calldata terms) internal pure returns (bytes32) {
        bytes memory first = abi.encode(
            TERMS,
            // Elements of an array are padded to words by encodePacked, as EIP-712 wants them.
            keccak256(abi.encodePacked(terms.participants)),
            keccak256(abi.encodePacked(terms.roles)),
            keccak256(abi.encodePacked(terms.blockMaxNano)),
            terms.token,
            terms.tokenPerUnit,
            keccak256(bytes(terms.reducer)),
            keccak256(terms.reducerParameters),
            terms.blockPolicy
        );
        bytes memory second = abi.encode(
            terms.firstBlockStart,
            terms.blockDuration,
            terms.blocksMax,
            terms.collectionGrace,
            terms.collationPeriod,
            terms.processingPeriod,
            terms.challengePeriod,
            terms.answerPeriod
        );
        bytes memory third = abi.encode(
            terms.disputeMax,
            terms.withdrawalNotice,
            terms.retentionPeriod,
            terms.authorBytesMax,
            terms.priceNanoMax,
            terms.keysRoot,
            terms.boxesHash,
            terms.salt
        );
        return keccak256(bytes.concat(first, second, third));
    }

    function delegationHash(Delegation calldata one) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                DELEGATION,
                one.channelId,
                one.blockNumber,
                one.participant,
                one.validator,
                one.binding,
                one.keyCommitment,
                one.feeWei,
                one.nonce,
                one.notAfter
            )
        );
    }

    function receiptHash(
        bytes32 channelId,
        uint64 blockNumber,
        uint8 author,
        uint64 sequence,
        bytes32 recordsRoot,
        uint64 receivedAt
    ) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(RECEIPT, channelId, blockNumber, author, sequence, recordsRoot, receivedAt)
        );
    }

    /// purpose: RECORD_KEY or OPERATOR_KEY.
    function possessionHash(address account, uint8 purpose, uint256 nonce) internal pure returns (bytes32) {
        return keccak256(abi.encode(POSSESSION, account, purpose, nonce));
    }

    /// Of the first 192 bytes of a batch, whose integers are little-endian; isStrict is false for any other
    /// bytes.
    function batchHash(bytes calldata header) internal pure returns (bytes32 hash, bool isStrict) {
        if (header.length != BATCH_HEADER_BYTES || bytes8(header[0:8]) != BATCH_MAGIC) {
            return (bytes32(0), false);
        }
        if (bytes3(header[29:32]) != 0 || bytes31(header[161:192]) != 0) return (bytes32(0), false);
        hash = keccak256(
            abi.encode(
                BATCH,
                bytes32(header[32:64]),
                littleEndian(header[8:16]),
                uint8(header[28]),
                littleEndian(header[16:24]),
                littleEndian(header[24:28]),
                bytes32(header[64:96])
            )
        );
        isStrict = true;
    }

    function outputHash(bytes32 channelId, uint64 blockNumber, BlockResult calldata result)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(
            abi.encode(
                channelId,
                blockNumber,
                result.settlementRoot,
                result.impressionCount,
                result.amountWords,
                result.validParts
            )
        );
    }

    function commitment(bytes32 hash, address validator, bytes32 workDigest, bytes32 salt)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encodePacked(hash, validator, workDigest, salt));
    }

    function littleEndian(bytes calldata field) private pure returns (uint256 value) {
        for (uint256 i = field.length; i > 0; i--) {
            value = (value << 8) | uint8(field[i - 1]);
        }
    }
}
