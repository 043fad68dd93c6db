// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Channels} from "../../src/channels/Channels.sol";
import {ITermsRules} from "../../src/channels/ITermsRules.sol";
import {ReducerTable} from "../../src/channels/ReducerTable.sol";
import {TermsRules} from "../../src/channels/TermsRules.sol";
import {Delegation} from "../../src/interfaces/BlockTypes.sol";
import {BlockResult, ChannelTerms} from "../../src/interfaces/ChannelTypes.sol";
import {IChannels} from "../../src/interfaces/IChannels.sol";
import {Lens} from "../../src/lens/Lens.sol";
import {Deployed} from "../../src/lens/ILens.sol";
import {AmountWords} from "../../src/lib/AmountWords.sol";
import {RtbImpression1} from "../../src/reducers/RtbImpression1.sol";
import {IParticipantRegistry} from "../../src/registries/IParticipantRegistry.sol";
import {VectorsTest} from "../support/VectorsTest.sol";

/// Vectors, met by Channels at their own address.
contract ChannelsVectorsTest is VectorsTest {
    IChannels private channels;
    uint256 private chainId;

    /// Puts Channels where the vectors have it: runs its constructor there, then leaves what it returned.
    function setUp() public {
        string memory json = read("terms");
        chainId = chainIdIn(json);
        vm.chainId(chainId);
        address place = vm.parseJsonAddress(json, ".domain.verifyingContract");
        bytes memory creation = bytes.concat(type(Channels).creationCode, abi.encode(address(0)));
        vm.etch(place, creation);
        (bool isBuilt, bytes memory runtime) = place.call("");
        vm.assertTrue(isBuilt, "the constructor runs");
        vm.etch(place, runtime);
        channels = IChannels(place);
    }

    function test_the_domain_is_that_of_the_vectors_and_follows_the_chain_id() public {
        string memory json = read("terms");
        vm.assertEq(channels.domainSeparator(), separatorIn(json, chainId));
        vm.chainId(chainId + 1);
        vm.assertEq(channels.domainSeparator(), separatorIn(json, chainId + 1));
    }

    function test_terms_have_their_channel_id() public view {
        string memory json = read("terms");
        uint256 count = countOf(json, ".cases", ".channelId");
        for (uint256 i = 0; i < count; i++) {
            string memory place = item(".cases", i);
            ChannelTerms memory terms = termsAt(json, string.concat(place, ".terms"));
            bytes32 structHash = vm.parseJsonBytes32(json, string.concat(place, ".structHash"));
            bytes32 channelId = vm.parseJsonBytes32(json, string.concat(place, ".channelId"));
            vm.assertEq(channels.channelIdOf(terms), channelId);
            vm.assertEq(
                channelId, keccak256(abi.encodePacked(hex"1901", separatorIn(json, chainId), structHash))
            );
            terms.salt = keccak256(abi.encode(terms.salt));
            vm.assertTrue(channels.channelIdOf(terms) != channelId, "other terms, other channel");
        }
    }

    function test_terms_of_the_vectors_obey_the_rules() public {
        TermsRules rules = new TermsRules(
            new ReducerTable(address(new RtbImpression1())), IParticipantRegistry(address(new Everybody()))
        );
        string memory json = read("terms");
        uint256 count = countOf(json, ".cases", ".channelId");
        for (uint256 i = 0; i < count; i++) {
            ChannelTerms memory terms = termsAt(json, string.concat(item(".cases", i), ".terms"));
            vm.etch(terms.token, "");
            vm.expectRevert(abi.encodeWithSelector(ITermsRules.TokenRefused.selector, terms.token));
            rules.check(terms);
            vm.etch(terms.token, hex"00");
            rules.check(terms);
        }
    }

    function test_batch_headers_have_their_digests_and_signers() public view {
        string memory json = read("batches");
        uint256 count = countOf(json, ".good", ".digest");
        for (uint256 i = 0; i < count; i++) {
            string memory place = item(".good", i);
            bytes memory header = first(vm.parseJsonBytes(json, string.concat(place, ".bytes")), 192);
            bytes32 digest = channels.batchDigest(header);
            vm.assertEq(digest, vm.parseJsonBytes32(json, string.concat(place, ".digest")));
            bytes memory signature = vm.parseJsonBytes(json, string.concat(place, ".signature"));
            vm.assertEq(
                recover(digest, signature), vm.parseJsonAddress(json, string.concat(place, ".signer"))
            );
        }
    }

    function test_a_header_of_another_shape_is_refused() public {
        bytes memory header = first(vm.parseJsonBytes(read("batches"), ".good[0].bytes"), 192);
        uint8[6] memory places = [0, 7, 29, 31, 161, 191];
        for (uint256 i = 0; i < places.length; i++) {
            bytes memory broken = bytes.concat(header);
            broken[places[i]] = bytes1(uint8(broken[places[i]]) ^ 0x40);
            refusesHeader(broken);
        }
        refusesHeader(first(header, 191));
        refusesHeader(bytes.concat(header, hex"00"));
    }

    function test_a_receipt_has_its_digest() public view {
        string memory json = read("parts");
        bytes32 digest = channels.receiptDigest(
            vm.parseJsonBytes32(json, ".channelId"),
            u64(json, "", ".blockNumber"),
            uint8(vm.parseJsonUint(json, ".receipt.author")),
            u64(json, ".receipt", ".sequence"),
            vm.parseJsonBytes32(json, ".receipt.recordsRoot"),
            u64(json, ".receipt", ".receivedAt")
        );
        isSigned(json, ".receipt", digest);
    }

    function test_a_delegation_has_its_digest() public view {
        string memory json = read("parts");
        Delegation memory delegation = Delegation({
            channelId: vm.parseJsonBytes32(json, ".channelId"),
            blockNumber: u64(json, "", ".blockNumber"),
            participant: uint8(vm.parseJsonUint(json, ".participant")),
            validator: vm.parseJsonAddress(json, ".delegation.validator"),
            binding: vm.parseJsonBool(json, ".delegation.binding"),
            keyCommitment: vm.parseJsonBytes32(json, ".keyCommitment"),
            feeWei: vm.parseJsonUint(json, ".delegation.feeWei"),
            nonce: u64(json, ".delegation", ".nonce"),
            notAfter: u64(json, ".delegation", ".notAfter")
        });
        isSigned(json, ".delegation", channels.delegationDigest(delegation));
    }

    function test_a_proof_of_possession_has_its_digest() public view {
        string memory json = read("parts");
        bytes32 digest = channels.possessionDigest(
            vm.parseJsonAddress(json, ".keyPossession.account"),
            uint8(vm.parseJsonUint(json, ".keyPossession.purpose")),
            vm.parseJsonUint(json, ".keyPossession.nonce")
        );
        isSigned(json, ".keyPossession", digest);
    }

    function test_blocks_have_their_output_hash_and_commitment() public {
        Deployed memory nothing;
        Lens lens = new Lens(nothing);
        string memory json = read("blocks");
        bytes32 channelId = vm.parseJsonBytes32(json, ".channelId");
        uint64 blockNumber = u64(json, "", ".blockNumber");
        uint256 count = countOf(json, ".blocks", ".commitment");
        for (uint256 i = 0; i < count; i++) {
            string memory place = item(".blocks", i);
            BlockResult memory result = resultAt(json, string.concat(place, ".result"));
            bytes32 outputHash = vm.parseJsonBytes32(json, string.concat(place, ".result.outputHash"));
            vm.assertEq(lens.outputHashOf(channelId, blockNumber, result), outputHash);
            bytes32 commitment = lens.commitmentOf(
                outputHash,
                vm.parseJsonAddress(json, string.concat(place, ".validator")),
                vm.parseJsonBytes32(json, string.concat(place, ".workDigest")),
                vm.parseJsonBytes32(json, string.concat(place, ".salt"))
            );
            vm.assertEq(commitment, vm.parseJsonBytes32(json, string.concat(place, ".commitment")));
        }
    }

    function isSigned(string memory json, string memory place, bytes32 digest) private pure {
        vm.assertEq(digest, vm.parseJsonBytes32(json, string.concat(place, ".digest")));
        address signer = vm.addr(uint256(vm.parseJsonBytes32(json, string.concat(place, ".privateKey"))));
        bytes memory signature = vm.parseJsonBytes(json, string.concat(place, ".signature"));
        vm.assertEq(recover(digest, signature), signer);
    }

    function refusesHeader(bytes memory header) private {
        vm.expectRevert(abi.encodeWithSelector(IChannels.BatchHeaderRefused.selector, header.length));
        channels.batchDigest(header);
    }

    // ── reading ──

    function termsAt(string memory json, string memory place)
        private
        pure
        returns (ChannelTerms memory terms)
    {
        terms.participants = vm.parseJsonAddressArray(json, string.concat(place, ".participants"));
        terms.roles = rolesIn(json, string.concat(place, ".roles"));
        uint256[] memory blockMaxNano = vm.parseJsonUintArray(json, string.concat(place, ".blockMaxNano"));
        terms.blockMaxNano = new uint64[](blockMaxNano.length);
        for (uint256 i = 0; i < blockMaxNano.length; i++) {
            terms.blockMaxNano[i] = uint64(blockMaxNano[i]);
        }
        terms.token = vm.parseJsonAddress(json, string.concat(place, ".token"));
        terms.tokenPerUnit = vm.parseJsonUint(json, string.concat(place, ".tokenPerUnit"));
        terms.reducer = vm.parseJsonString(json, string.concat(place, ".reducer"));
        terms.reducerParameters = vm.parseJsonBytes(json, string.concat(place, ".reducerParameters"));
        terms.blockPolicy = uint8(vm.parseJsonUint(json, string.concat(place, ".blockPolicy")));
        terms.firstBlockStart = u64(json, place, ".firstBlockStart");
        terms.blockDuration = u64(json, place, ".blockDuration");
        terms.blocksMax = u64(json, place, ".blocksMax");
        terms.collectionGrace = u64(json, place, ".collectionGrace");
        terms.collationPeriod = u64(json, place, ".collationPeriod");
        terms.processingPeriod = u64(json, place, ".processingPeriod");
        terms.challengePeriod = u64(json, place, ".challengePeriod");
        terms.answerPeriod = u64(json, place, ".answerPeriod");
        terms.disputeMax = u64(json, place, ".disputeMax");
        terms.withdrawalNotice = u64(json, place, ".withdrawalNotice");
        terms.retentionPeriod = u64(json, place, ".retentionPeriod");
        terms.authorBytesMax = u64(json, place, ".authorBytesMax");
        terms.priceNanoMax = u64(json, place, ".priceNanoMax");
        terms.keysRoot = vm.parseJsonBytes32(json, string.concat(place, ".keysRoot"));
        terms.boxesHash = vm.parseJsonBytes32(json, string.concat(place, ".boxesHash"));
        terms.salt = vm.parseJsonBytes32(json, string.concat(place, ".salt"));
    }

    function resultAt(string memory json, string memory place)
        private
        pure
        returns (BlockResult memory result)
    {
        uint256[] memory amounts = vm.parseJsonUintArray(json, string.concat(place, ".amounts"));
        result.settlementRoot = vm.parseJsonBytes32(json, string.concat(place, ".settlementRoot"));
        result.impressionCount = u64(json, place, ".impressionCount");
        result.validParts = uint16(vm.parseJsonUint(json, string.concat(place, ".validParts")));
        result.amountWords = new bytes32[](AmountWords.countFor(amounts.length));
        for (uint256 i = 0; i < amounts.length; i++) {
            result.amountWords[i / 4] |= bytes32(amounts[i] << (192 - 64 * (i % 4)));
        }
    }

    function u64(string memory json, string memory place, string memory field)
        private
        pure
        returns (uint64)
    {
        return uint64(vm.parseJsonUint(json, string.concat(place, field)));
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

/// A registry in which everybody is.
contract Everybody {
    function isRegistered(address) external pure returns (bool) {
        return true;
    }
}
