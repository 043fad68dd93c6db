// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Aes256} from "./Aes256.sol";
import {Hkdf} from "./Hkdf.sol";

/// Opens a sealed segment at one place (wire-formats.md 5): AES-256-CTR from GCM's counter 2 on.
library SealedSegment {
    /// After the ciphertext; it decides nothing.
    uint256 internal constant TAG_BYTES = 16;
    uint256 internal constant PLACE_BYTES = 16;
    /// Counter 1, after a nonce of zero bytes, is the tag's.
    uint256 private constant FIRST_COUNTER = 2;

    function keyCommitmentOf(bytes32 blockKey) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked("papyrus key", blockKey));
    }

    function keyOf(bytes32 blockKey, bytes32 channelId, uint64 blockNumber, bytes32 segmentRoot)
        internal
        pure
        returns (bytes32)
    {
        bytes memory info = abi.encodePacked("papyrus segment", channelId, blockNumber, segmentRoot);
        return Hkdf.derive(abi.encodePacked(blockKey), info);
    }

    /// What the 16 bytes at 16 × place decrypt to.
    function openedAt(bytes32 segmentKey, bytes calldata sealedSegment, uint256 place)
        internal
        pure
        returns (bytes16)
    {
        uint256 from = place * PLACE_BYTES;
        bytes16 stream = Aes256.encrypt(segmentKey, bytes16(uint128(FIRST_COUNTER + place)));
        return bytes16(sealedSegment[from:from + PLACE_BYTES]) ^ stream;
    }
}
