// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {TermsCode} from "../../src/channels/TermsCode.sol";
import {SegmentRules} from "../../src/disputes/SegmentRules.sol";
import {ChannelTerms} from "../../src/interfaces/ChannelTypes.sol";
import {MerklePath} from "../../src/lib/MerklePath.sol";
import {RecordProof} from "../../src/lib/RecordProof.sol";
import {SealedSegment} from "../../src/lib/SealedSegment.sol";
import {IParticipantRegistry} from "../../src/registries/IParticipantRegistry.sol";
import {VectorsTest} from "../support/VectorsTest.sol";

/// Opened and sealed segments as the product makes and judges them (test/vectors/segment-vectors.ts).
contract SegmentVectorsTest is VectorsTest {
    string private json;
    bytes32 private channelId;
    uint64 private n;
    SegmentRules private rules;

    function setUp() public {
        json = vm.readFile(string.concat(vm.projectRoot(), "/../test/vectors/product/segments.json"));
        channelId = vm.parseJsonBytes32(json, ".channelId");
        n = uint64(vm.parseJsonUint(json, ".blockNumber"));
        vm.chainId(chainIdIn(json));
        address channels = vm.parseJsonAddress(json, ".domain.verifyingContract");
        address[] memory signers = vm.parseJsonAddressArray(json, ".signers");
        vm.etch(TermsCode.placeOf(channels, channelId), abi.encode(termsFor(signers), ""));
        rules = new SegmentRules(channels, IParticipantRegistry(address(new KeysOfNames())));
    }

    /// Those whose account is the name of their record key.
    function termsFor(address[] memory signers) private view returns (ChannelTerms memory terms) {
        terms.participants = signers;
        terms.roles = rolesIn(json, ".roles");
        terms.blockMaxNano = new uint64[](signers.length);
        terms.priceNanoMax = uint64(vm.parseJsonUint(json, ".priceNanoMax"));
    }

    function test_a_segment_is_taken_where_the_product_finds_no_fault_in_it() public {
        vm.pauseGasMetering();
        uint256 count = countOf(json, ".segments", ".reason");
        uint256 taken = 0;
        for (uint256 i = 0; i < count; i++) {
            string memory one = item(".segments", i);
            bytes memory opened = vm.parseJsonBytes(json, string.concat(one, ".opened"));
            string memory reason = vm.parseJsonString(json, string.concat(one, ".reason"));
            bool isGood = keccak256(bytes(reason)) == keccak256("good");
            (bool isTaken,) = address(rules).staticcall(abi.encodeCall(rules.check, (channelId, n, opened)));
            vm.assertEq(
                isTaken ? 1 : 0,
                isGood ? 1 : 0,
                string.concat(vm.parseJsonString(json, string.concat(one, ".name")), ": ", reason)
            );
            if (isTaken) taken++;
        }
        vm.assertTrue(taken > 30 && count - taken > 60, "both kinds");
    }

    function test_what_the_product_sealed_opens_at_every_place() public {
        vm.pauseGasMetering();
        uint256 count = countOf(json, ".sealed", ".rowIndex");
        for (uint256 i = 0; i < count; i++) {
            string memory one = item(".sealed", i);
            bytes memory opened = vm.parseJsonBytes(json, string.concat(one, ".opened"));
            bytes memory sealed_ = vm.parseJsonBytes(json, string.concat(one, ".sealed"));
            vm.assertEq(sealed_.length, opened.length + SealedSegment.TAG_BYTES);
            (bytes32 segmentRoot,) = rules.check(channelId, n, opened);
            vm.assertEq(segmentRoot, vm.parseJsonBytes32(json, string.concat(one, ".segmentRoot")));
            bytes32 blockKey = vm.parseJsonBytes32(json, ".blockKey");
            bytes32 key = SealedSegment.keyOf(blockKey, channelId, n, segmentRoot);
            vm.assertEq(key, vm.parseJsonBytes32(json, string.concat(one, ".segmentKey")));
            vm.assertEq(this.wholeOf(key, sealed_), opened);
            this.requireRow(
                sha256(sealed_),
                segmentRoot,
                i,
                vm.parseJsonBytes32Array(json, string.concat(one, ".rowPath")),
                vm.parseJsonBytes32(json, string.concat(one, ".partRoot")),
                count
            );
        }
    }

    function test_the_key_of_the_block_lies_under_the_root_of_all_keys() public view {
        bytes32[] memory path = vm.parseJsonBytes32Array(json, ".keyPath");
        bytes32 commitment = SealedSegment.keyCommitmentOf(vm.parseJsonBytes32(json, ".blockKey"));
        this.requireRoot(commitment, path, vm.parseJsonBytes32(json, ".keysRoot"));
    }

    function wholeOf(bytes32 key, bytes calldata sealed_) external pure returns (bytes memory opened) {
        for (uint256 place = 0; place < sealed_.length / 16 - 1; place++) {
            opened = bytes.concat(opened, SealedSegment.openedAt(key, sealed_, place));
        }
    }

    function requireRow(
        bytes32 digest,
        bytes32 segmentRoot,
        uint256 index,
        bytes32[] calldata path,
        bytes32 partRoot,
        uint256 count
    ) external pure {
        RecordProof.requireRow(digest, segmentRoot, index, path, partRoot, count);
    }

    function requireRoot(bytes32 leaf, bytes32[] calldata path, bytes32 root) external view {
        (bytes32 found, bool isWhole) =
            MerklePath.rootOf(leaf, n, vm.parseJsonUint(json, ".blocksMax"), path);
        vm.assertTrue(isWhole, "path");
        vm.assertEq(found, root);
    }
}

/// A registry in which everybody's record key is its account.
contract KeysOfNames {
    function keysAt(address account, uint64)
        external
        pure
        returns (IParticipantRegistry.Keys memory keys, uint64 registeredAt)
    {
        return (IParticipantRegistry.Keys(account, account, 0, ""), 1);
    }
}
