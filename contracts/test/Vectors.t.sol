// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import "../src/interfaces/ChannelTypes.sol";
import {IChannelRegistry} from "../src/interfaces/IChannelRegistry.sol";
import {IChannelRegistryErrors} from "../src/interfaces/IChannelRegistryErrors.sol";
import {AmountWords} from "../src/lib/AmountWords.sol";
import {MerklePath} from "../src/lib/MerklePath.sol";
import {TypedData} from "../src/lib/TypedData.sol";
import {ParticipantRegistry} from "../src/ParticipantRegistry.sol";
import {ValidatorRegistry} from "../src/ValidatorRegistry.sol";
import {Test} from "./support/Test.sol";

/// The golden vectors of test/vectors/protocol, met by the contracts' own code at the vectors' own address.
contract VectorsTest is Test {
    address private constant PLACE = 0xf5b165224A58b791dF6Af1D8303E61cDc4bB86c3;
    IChannelRegistry private constant REGISTRY = IChannelRegistry(PLACE);

    /// Puts a ChannelRegistry at PLACE: runs its constructor there, then leaves what it returned.
    function setUp() public {
        vm.chainId(31337);
        bytes memory creation = bytes.concat(
            vm.getCode("ChannelRegistry.sol:ChannelRegistry"),
            abi.encode(new ParticipantRegistry(), new ValidatorRegistry())
        );
        vm.etch(PLACE, creation);
        (bool isBuilt, bytes memory runtime) = PLACE.call("");
        vm.assertTrue(isBuilt, "the constructor runs");
        vm.etch(PLACE, runtime);
    }

    function test_the_domain_is_that_of_the_vectors() public view {
        bytes32 domainType =
            keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
        bytes32 expected =
            keccak256(abi.encode(domainType, keccak256("Papyrus"), keccak256("1"), uint256(31337), PLACE));
        vm.assertEq(REGISTRY.domainSeparator(), expected);
    }

    function test_terms_have_their_struct_hash_and_channel_id() public {
        string memory json = read("terms");
        uint256 count = countOf(json, ".cases", ".channelId");
        vm.assertEq(count, 3);
        TypedDataProbe probe = new TypedDataProbe();
        for (uint256 i = 0; i < count; i++) {
            string memory at_ = item(".cases", i);
            ChannelTerms memory terms = termsAt(json, string.concat(at_, ".terms"));
            vm.assertEq(
                probe.termsHash(terms), vm.parseJsonBytes32(json, string.concat(at_, ".structHash"))
            );
            bytes32 channelId = vm.parseJsonBytes32(json, string.concat(at_, ".channelId"));
            vm.assertEq(REGISTRY.channelIdOf(terms), channelId);
            terms.salt = keccak256(abi.encode(terms.salt));
            vm.assertTrue(REGISTRY.channelIdOf(terms) != channelId, "other terms, other channel");
        }
    }

    function test_batch_headers_have_their_digests_and_signers() public view {
        string memory json = read("batches");
        uint256 count = countOf(json, ".good", ".digest");
        vm.assertEq(count, 3);
        for (uint256 i = 0; i < count; i++) {
            string memory at_ = item(".good", i);
            bytes memory header = first(vm.parseJsonBytes(json, string.concat(at_, ".bytes")), 192);
            bytes32 digest = REGISTRY.batchDigest(header);
            vm.assertEq(digest, vm.parseJsonBytes32(json, string.concat(at_, ".digest")));
            bytes memory signature = vm.parseJsonBytes(json, string.concat(at_, ".signature"));
            vm.assertEq(
                recover(digest, signature), vm.parseJsonAddress(json, string.concat(at_, ".signer"))
            );
        }
    }

    function test_a_header_of_another_shape_is_refused() public {
        string memory json = read("batches");
        bytes memory header = first(vm.parseJsonBytes(json, ".good[0].bytes"), 192);
        uint8[6] memory places = [0, 7, 29, 31, 161, 191];
        for (uint256 i = 0; i < places.length; i++) {
            bytes memory broken = bytes.concat(header);
            broken[places[i]] = bytes1(uint8(broken[places[i]]) ^ 0x40);
            vm.expectRevert(
                abi.encodeWithSelector(IChannelRegistryErrors.BatchHeaderRefused.selector, uint256(192))
            );
            REGISTRY.batchDigest(broken);
        }
        vm.expectRevert(
            abi.encodeWithSelector(IChannelRegistryErrors.BatchHeaderRefused.selector, uint256(191))
        );
        REGISTRY.batchDigest(first(header, 191));
    }

    function test_blocks_have_their_output_hash_and_commitment() public view {
        string memory json = read("blocks");
        bytes32 channelId = vm.parseJsonBytes32(json, ".channelId");
        uint64 blockNumber = uint64(vm.parseJsonUint(json, ".blockNumber"));
        uint256 count = countOf(json, ".blocks", ".commitment");
        vm.assertEq(count, 7);
        for (uint256 i = 0; i < count; i++) {
            string memory at_ = item(".blocks", i);
            BlockResult memory result = resultAt(json, string.concat(at_, ".result"));
            bytes32 outputHash = vm.parseJsonBytes32(json, string.concat(at_, ".result.outputHash"));
            vm.assertEq(REGISTRY.outputHashOf(channelId, blockNumber, result), outputHash);
            bytes32 commitment = REGISTRY.commitmentOf(
                outputHash,
                vm.parseJsonAddress(json, string.concat(at_, ".validator")),
                vm.parseJsonBytes32(json, string.concat(at_, ".workDigest")),
                vm.parseJsonBytes32(json, string.concat(at_, ".salt"))
            );
            vm.assertEq(commitment, vm.parseJsonBytes32(json, string.concat(at_, ".commitment")));
        }
    }

    function test_a_delegation_and_a_receipt_have_their_digests_and_signers() public view {
        string memory json = read("parts");
        bytes32 channelId = vm.parseJsonBytes32(json, ".channelId");
        uint64 blockNumber = uint64(vm.parseJsonUint(json, ".blockNumber"));
        Delegation memory delegation = Delegation({
            channelId: channelId,
            blockNumber: blockNumber,
            participant: uint8(vm.parseJsonUint(json, ".participant")),
            validator: vm.parseJsonAddress(json, ".delegation.validator"),
            binding: vm.parseJsonBool(json, ".delegation.binding"),
            keyCommitment: vm.parseJsonBytes32(json, ".keyCommitment"),
            nonce: uint64(vm.parseJsonUint(json, ".delegation.nonce")),
            notAfter: uint64(vm.parseJsonUint(json, ".delegation.notAfter"))
        });
        bytes32 digest = REGISTRY.delegationDigest(delegation);
        vm.assertEq(digest, vm.parseJsonBytes32(json, ".delegation.digest"));
        address signer = vm.addr(uint256(vm.parseJsonBytes32(json, ".delegation.privateKey")));
        vm.assertEq(recover(digest, vm.parseJsonBytes(json, ".delegation.signature")), signer);
        digest = REGISTRY.receiptDigest(
            channelId,
            blockNumber,
            uint8(vm.parseJsonUint(json, ".receipt.author")),
            uint64(vm.parseJsonUint(json, ".receipt.sequence")),
            vm.parseJsonBytes32(json, ".receipt.recordsRoot"),
            uint64(vm.parseJsonUint(json, ".receipt.receivedAt"))
        );
        vm.assertEq(digest, vm.parseJsonBytes32(json, ".receipt.digest"));
    }

    function test_the_block_key_lies_under_keysRoot_and_no_other_does() public {
        string memory json = read("parts");
        MerkleProbe probe = new MerkleProbe();
        bytes32 leaf = vm.parseJsonBytes32(json, ".keyCommitment");
        uint256 index = vm.parseJsonUint(json, ".blockNumber");
        uint256 count = vm.parseJsonUint(json, ".blocksMax");
        bytes32[] memory path = vm.parseJsonBytes32Array(json, ".keyPath");
        bytes32 keysRoot = vm.parseJsonBytes32(json, ".keysRoot");
        (bytes32 root, bool isWhole) = probe.rootOf(leaf, index, count, path);
        vm.assertEq(root, keysRoot);
        vm.assertTrue(isWhole, "the path is whole");
        (root, isWhole) = probe.rootOf(keccak256("other"), index, count, path);
        vm.assertTrue(root != keysRoot, "another key has another root");
        (root, isWhole) = probe.rootOf(leaf, index ^ 1, count, path);
        vm.assertTrue(root != keysRoot || !isWhole, "another block has another root");
    }

    function test_paths_of_eleven_leaves_lead_to_the_root() public {
        string memory json = read("merkle");
        MerkleProbe probe = new MerkleProbe();
        bytes32[] memory roots = vm.parseJsonBytes32Array(json, ".roots");
        for (uint256 i = 0; i < 11; i++) {
            bytes32[] memory path = vm.parseJsonBytes32Array(json, item(".paths11", i));
            bytes32 leaf = sha256(abi.encodePacked(uint32(i)));
            (bytes32 root, bool isWhole) = probe.rootOf(leaf, i, 11, path);
            vm.assertEq(root, roots[11]);
            vm.assertTrue(isWhole, "the path is whole");
            bytes32[] memory longer = new bytes32[](path.length + 1);
            for (uint256 k = 0; k < path.length; k++) {
                longer[k] = path[k];
            }
            (, isWhole) = probe.rootOf(leaf, i, 11, longer);
            vm.assertFalse(isWhole, "a longer path is refused");
            (, isWhole) = probe.rootOf(leaf, 11, 11, path);
            vm.assertFalse(isWhole, "an index outside is refused");
        }
    }

    function test_roots_of_few_leaves() public {
        bytes32[] memory roots = vm.parseJsonBytes32Array(read("merkle"), ".roots");
        MerkleProbe probe = new MerkleProbe();
        for (uint256 n = 1; n <= 4; n++) {
            bytes32[] memory leaves = new bytes32[](n);
            for (uint256 i = 0; i < n; i++) {
                leaves[i] = sha256(abi.encodePacked(uint32(i)));
            }
            vm.assertEq(probe.rootOfFew(leaves), roots[n]);
        }
    }

    // ── reading ──

    function read(string memory name) private view returns (string memory) {
        return vm.readFile(string.concat(vm.projectRoot(), "/../test/vectors/protocol/", name, ".json"));
    }

    function item(string memory list, uint256 index) private pure returns (string memory) {
        return string.concat(list, "[", vm.toString(index), "]");
    }

    function countOf(string memory json, string memory list, string memory field)
        private
        view
        returns (uint256 count)
    {
        while (vm.keyExistsJson(json, string.concat(item(list, count), field))) count++;
    }

    function termsAt(string memory json, string memory at_)
        private
        pure
        returns (ChannelTerms memory terms)
    {
        terms.participants = vm.parseJsonAddressArray(json, string.concat(at_, ".participants"));
        uint256[] memory roles = vm.parseJsonUintArray(json, string.concat(at_, ".roles"));
        terms.roles = new uint8[](roles.length);
        for (uint256 i = 0; i < roles.length; i++) {
            terms.roles[i] = uint8(roles[i]);
        }
        uint256[] memory blockMaxNano = vm.parseJsonUintArray(json, string.concat(at_, ".blockMaxNano"));
        terms.blockMaxNano = new uint64[](blockMaxNano.length);
        for (uint256 i = 0; i < blockMaxNano.length; i++) {
            terms.blockMaxNano[i] = uint64(blockMaxNano[i]);
        }
        terms.token = vm.parseJsonAddress(json, string.concat(at_, ".token"));
        terms.tokenPerUnit = vm.parseJsonUint(json, string.concat(at_, ".tokenPerUnit"));
        terms.reducer = vm.parseJsonString(json, string.concat(at_, ".reducer"));
        terms.reducerParameters = vm.parseJsonBytes(json, string.concat(at_, ".reducerParameters"));
        terms.blockPolicy = uint8(vm.parseJsonUint(json, string.concat(at_, ".blockPolicy")));
        terms.firstBlockStart = u64(json, at_, ".firstBlockStart");
        terms.blockDuration = u64(json, at_, ".blockDuration");
        terms.blocksMax = u64(json, at_, ".blocksMax");
        terms.collectionGrace = u64(json, at_, ".collectionGrace");
        terms.collationPeriod = u64(json, at_, ".collationPeriod");
        terms.processingPeriod = u64(json, at_, ".processingPeriod");
        terms.challengePeriod = u64(json, at_, ".challengePeriod");
        terms.answerPeriod = u64(json, at_, ".answerPeriod");
        terms.disputeMax = u64(json, at_, ".disputeMax");
        terms.withdrawalNotice = u64(json, at_, ".withdrawalNotice");
        terms.retentionPeriod = u64(json, at_, ".retentionPeriod");
        terms.authorBytesMax = u64(json, at_, ".authorBytesMax");
        terms.priceNanoMax = u64(json, at_, ".priceNanoMax");
        terms.keysRoot = vm.parseJsonBytes32(json, string.concat(at_, ".keysRoot"));
        terms.boxesHash = vm.parseJsonBytes32(json, string.concat(at_, ".boxesHash"));
        terms.salt = vm.parseJsonBytes32(json, string.concat(at_, ".salt"));
    }

    function resultAt(string memory json, string memory at_)
        private
        pure
        returns (BlockResult memory result)
    {
        uint256[] memory amounts = vm.parseJsonUintArray(json, string.concat(at_, ".amounts"));
        result.settlementRoot = vm.parseJsonBytes32(json, string.concat(at_, ".settlementRoot"));
        result.impressionCount = u64(json, at_, ".impressionCount");
        result.validParts = uint16(vm.parseJsonUint(json, string.concat(at_, ".validParts")));
        result.amountWords = new bytes32[](AmountWords.countFor(amounts.length));
        for (uint256 i = 0; i < amounts.length; i++) {
            result.amountWords[i / 4] |= bytes32(amounts[i] << (192 - 64 * (i % 4)));
        }
    }

    function u64(string memory json, string memory at_, string memory field) private pure returns (uint64) {
        return uint64(vm.parseJsonUint(json, string.concat(at_, field)));
    }

    function first(bytes memory data, uint256 count) private pure returns (bytes memory cut) {
        cut = new bytes(count);
        for (uint256 i = 0; i < count; i++) {
            cut[i] = data[i];
        }
    }

    function recover(bytes32 digest, bytes memory signature) private pure returns (address) {
        bytes32 r;
        bytes32 s;
        assembly ("memory-safe") {
            r := mload(add(signature, 0x20))
            s := mload(add(signature, 0x40))
        }
        return ecrecover(digest, uint8(signature[64]), r, s);
    }
}

/// Lets a test call the library as a contract would.
contract MerkleProbe {
    function rootOf(bytes32 leaf, uint256 index, uint256 count, bytes32[] calldata path)
        external
        pure
        returns (bytes32, bool)
    {
        return MerklePath.rootOf(leaf, index, count, path);
    }

    function rootOfFew(bytes32[] calldata leaves) external pure returns (bytes32) {
        return MerklePath.rootOfFew(leaves);
    }
}

contract TypedDataProbe {
    function termsHash(ChannelTerms calldata terms) external pure returns (bytes32) {
        return TypedData.termsHash(terms);
    }
}
