// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Aes256} from "../src/lib/Aes256.sol";
import {Hkdf} from "../src/lib/Hkdf.sol";
import {SealedSegment} from "../src/lib/SealedSegment.sol";
import {VectorsTest} from "./support/VectorsTest.sol";

/// Keys of segments and what they open, against published vectors and the golden ones.
contract SealingTest is VectorsTest {
    /// NIST SP 800-38A, F.1.5.
    bytes32 private constant NIST_KEY = 0x603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4;

    function test_a_block_is_encrypted_as_fips_197_says() public pure {
        bytes32 key = 0x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f;
        requireBlock(key, hex"00112233445566778899aabbccddeeff", hex"8ea2b7ca516745bfeafc49904b496089");
        requireBlock(NIST_KEY, hex"6bc1bee22e409f96e93d7e117393172a", hex"f3eed1bdb5d2a03c064b5a7e3db181f8");
        requireBlock(NIST_KEY, hex"ae2d8a571e03ac9c9eb76fac45af8e51", hex"591ccb10d410ed26dc5ba74a31362870");
        requireBlock(NIST_KEY, hex"30c81c46a35ce411e5fbc1191a0a52ef", hex"b6ed21b99ca6f4f9f153e7b1beafed1d");
        requireBlock(NIST_KEY, hex"f69f2445df4f9b17ad2b417be66c3710", hex"23304b7a39f9f3ff067d8d8f9e24ecc7");
        requireBlock(0, bytes16(0), hex"dc95c078a2408989ad48a21492842087");
    }

    function test_a_key_is_derived_as_rfc_5869_says() public pure {
        // Appendix A.3: no salt, no info; the first 32 of its 42 bytes.
        bytes memory key = hex"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b";
        vm.assertEq(
            Hkdf.derive(key, ""), 0x8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d
        );
    }

    function test_the_keys_of_the_vectors_are_derived() public view {
        string memory json = read("parts");
        bytes32 secret = vm.parseJsonBytes32(json, ".blockSecret");
        bytes32 blockKey = vm.parseJsonBytes32(json, ".blockKey");
        vm.assertEq(Hkdf.derive(abi.encodePacked(secret), "papyrus block"), blockKey);
        bytes32 commitment = vm.parseJsonBytes32(json, ".keyCommitment");
        vm.assertEq(SealedSegment.keyCommitmentOf(blockKey), commitment);
        uint256 parts = countOf(json, ".parts", ".partRoot");
        uint256 keys = 0;
        for (uint256 i = 0; i < parts; i++) {
            keys += requireKeys(json, blockKey, item(".parts", i));
        }
        vm.assertTrue(keys > 10, "segments");
    }

    /// Of all segments of the part; returns how many.
    function requireKeys(string memory json, bytes32 blockKey, string memory part)
        private
        view
        returns (uint256 count)
    {
        bytes32 channelId = vm.parseJsonBytes32(json, ".channelId");
        uint64 n = uint64(vm.parseJsonUint(json, ".blockNumber"));
        count = vm.parseJsonUint(json, string.concat(part, ".segmentCount"));
        for (uint256 i = 0; i < count; i++) {
            string memory segment = item(string.concat(part, ".segments"), i);
            bytes memory row = vm.parseJsonBytes(json, string.concat(segment, ".row"));
            bytes32 segmentRoot;
            assembly ("memory-safe") {
                segmentRoot := mload(add(row, 0x40))
            }
            bytes32 key = vm.parseJsonBytes32(json, string.concat(segment, ".segmentKey"));
            vm.assertEq(SealedSegment.keyOf(blockKey, channelId, n, segmentRoot), key);
        }
    }

    function requireBlock(bytes32 key, bytes16 plain, bytes16 expected) private pure {
        vm.assertEq(bytes32(Aes256.encrypt(key, plain)), bytes32(expected));
    }
}
