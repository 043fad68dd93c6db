// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// HKDF with SHA-256 (RFC 5869), as wire-formats.md 5 derives keys: no salt, 32 bytes of output.
library Hkdf {
    bytes32 private constant INNER = hex"3636363636363636363636363636363636363636363636363636363636363636";
    bytes32 private constant OUTER = hex"5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c";

    /// `key`: the input keying material.
    function derive(bytes memory key, bytes memory info) internal pure returns (bytes32) {
        return hmac(hmac(0, key), abi.encodePacked(info, uint8(1)));
    }

    /// RFC 2104 with a key of 32 bytes, which is half a block of SHA-256.
    function hmac(bytes32 key, bytes memory text) private pure returns (bytes32) {
        bytes32 inner = sha256(abi.encodePacked(key ^ INNER, INNER, text));
        return sha256(abi.encodePacked(key ^ OUTER, OUTER, inner));
    }
}
