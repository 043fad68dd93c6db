// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ImpressionRecord} from "../src/lib/ImpressionRecord.sol";
import {MerklePath} from "../src/lib/MerklePath.sol";
import {MerkleRoot} from "../src/lib/MerkleRoot.sol";
import {BatchHeader, RecordPlace, RecordProof} from "../src/lib/RecordProof.sol";
import {SettlementTree} from "../src/lib/SettlementTree.sol";
import {VectorsTest} from "./support/VectorsTest.sol";

/// Records, batch headers and the way from a record to a part's root, against the golden vectors; the
/// entries of the settlement tree.
contract RecordProofTest is VectorsTest {
    string private constant PLACE_TYPE = "Proof(bytes record,uint256 recordIndex,uint256 count,"
        "bytes32[] recordPath,bytes header,uint256 batchIndex,uint256 batches,bytes32[] batchPath,"
        "bytes32 segmentRoot,bytes32 sealedDigest,uint256 segmentIndex,uint256 segmentCount,"
        "bytes32[] rowPath,bytes32 partRoot)";

    struct Proof {
        bytes record;
        uint256 recordIndex;
        uint256 count;
        bytes32[] recordPath;
        bytes header;
        uint256 batchIndex;
        uint256 batches;
        bytes32[] batchPath;
        bytes32 segmentRoot;
        bytes32 sealedDigest;
        uint256 segmentIndex;
        uint256 segmentCount;
        bytes32[] rowPath;
        bytes32 partRoot;
    }

    ProofProbe private probe;

    function setUp() public {
        probe = new ProofProbe();
    }

    // ── records ──

    function test_records_are_taken_and_refused_by_the_field_at_fault() public view {
        string memory json = read("records");
        uint8[] memory roles = rolesIn(json, ".roles");
        uint64 priceNanoMax = uint64(vm.parseJsonUint(json, ".priceNanoMax"));
        uint256 good = countOf(json, ".good", ".hash");
        for (uint256 i = 0; i < good; i++) {
            bytes memory record = vm.parseJsonBytes(json, string.concat(item(".good", i), ".bytes"));
            vm.assertEq(probe.faultOf(roles, priceNanoMax, record), "");
            bytes32 hash = vm.parseJsonBytes32(json, string.concat(item(".good", i), ".hash"));
            vm.assertEq(probe.hashOf(record), hash);
        }
        uint256 bad = countOf(json, ".bad", ".field");
        uint256 whole = 0;
        for (uint256 i = 0; i < bad; i++) {
            bytes memory record = vm.parseJsonBytes(json, string.concat(item(".bad", i), ".bytes"));
            string memory field = vm.parseJsonString(json, string.concat(item(".bad", i), ".field"));
            // The length is for those who cut records out of bytes.
            if (record.length != 64) continue;
            vm.assertEq(probe.faultOf(roles, priceNanoMax, record), field);
            whole++;
        }
        vm.assertTrue(whole > 0, "some have their length");
    }

    function test_the_fields_of_records_are_those_of_the_vectors() public view {
        string memory json = read("records");
        uint256 good = countOf(json, ".good", ".hash");
        for (uint256 i = 0; i < good; i++) {
            string memory at_ = item(".good", i);
            bytes memory record = vm.parseJsonBytes(json, string.concat(at_, ".bytes"));
            at_ = string.concat(at_, ".fields");
            (uint8[3] memory small, bytes16 key, uint64 price, bool[3] memory flags) =
                probe.fieldsOf(record);
            vm.assertEq(small[0], vm.parseJsonUint(json, string.concat(at_, ".kind")));
            vm.assertEq(small[1], vm.parseJsonUint(json, string.concat(at_, ".author")));
            vm.assertEq(small[2], vm.parseJsonUint(json, string.concat(at_, ".counterparty")));
            vm.assertEq(
                abi.encodePacked(key), vm.parseJsonBytes(json, string.concat(at_, ".impressionKey"))
            );
            vm.assertEq(price, vm.parseJsonUint(json, string.concat(at_, ".priceNano")));
            uint256 expected = vm.parseJsonUint(json, string.concat(at_, ".flags"));
            vm.assertTrue(flags[0] == (expected & 32 != 0), "test");
            vm.assertTrue(flags[1] == (expected & 2 != 0), "viewable");
            vm.assertTrue(flags[2] == (expected & 24 != 0), "invalid traffic");
        }
    }

    function testFuzz_little_endian_numbers(uint64 value) public pure {
        bytes8 field;
        for (uint256 i = 0; i < 8; i++) {
            field |= bytes8(bytes1(uint8(value >> (8 * i)))) >> (8 * i);
        }
        vm.assertEq(ImpressionRecord.littleEndian64(field), value);
    }

    // ── batch headers ──

    function test_headers_of_batches_are_read() public view {
        string memory json = read("batches");
        uint256 good = countOf(json, ".good", ".digest");
        for (uint256 i = 0; i < good; i++) {
            string memory at_ = item(".good", i);
            bytes memory header = first(vm.parseJsonBytes(json, string.concat(at_, ".bytes")), 192);
            BatchHeader memory parsed = probe.headerOf(header);
            vm.assertEq(parsed.channelId, vm.parseJsonBytes32(json, ".channelId"));
            vm.assertEq(parsed.blockNumber, vm.parseJsonUint(json, ".blockNumber"));
            vm.assertEq(parsed.author, vm.parseJsonUint(json, string.concat(at_, ".author")));
            vm.assertEq(parsed.sequence, vm.parseJsonUint(json, string.concat(at_, ".sequence")));
            vm.assertEq(parsed.count, vm.parseJsonUint(json, string.concat(at_, ".count")));
            vm.assertEq(parsed.recordsRoot, vm.parseJsonBytes32(json, string.concat(at_, ".recordsRoot")));
            bytes memory signature = probe.signatureIn(header);
            vm.assertEq(signature, vm.parseJsonBytes(json, string.concat(at_, ".signature")));
            bytes32 digest = keccak256(
                abi.encodePacked("\x19\x01", separatorIn(json, chainIdIn(json)), parsed.structHash)
            );
            vm.assertEq(digest, vm.parseJsonBytes32(json, string.concat(at_, ".digest")));
        }
    }

    function test_a_header_is_refused_by_the_field_at_fault() public {
        bytes memory good = first(vm.parseJsonBytes(read("batches"), ".good[0].bytes"), 192);
        refusesHeader(first(good, 191), "length");
        refusesHeader(bytes.concat(good, hex"00"), "length");
        uint8[2] memory magic = [0, 7];
        for (uint256 i = 0; i < 2; i++) {
            refusesHeader(changed(good, magic[i], 0x40), "magic");
        }
        uint8[4] memory padding = [29, 31, 161, 191];
        for (uint256 i = 0; i < 4; i++) {
            refusesHeader(changed(good, padding[i], 0x40), "padding");
        }
        refusesHeader(withCount(good, 0), "count");
        refusesHeader(withCount(good, 1_022), "count");
        refusesHeader(withCount(good, 2 ** 16), "count");
        refusesHeader(withCount(good, 2 ** 31), "count");
        vm.assertEq(probe.headerOf(withCount(good, 1_021)).count, 1_021);
    }

    // ── places in a part ──

    function test_records_are_proved_from_their_bytes_to_the_part() public view {
        Proof[] memory proofs = readProofs();
        uint256 steps = 0;
        for (uint256 i = 0; i < proofs.length; i++) {
            Proof memory one = proofs[i];
            BatchHeader memory header = probe.check(placeOf(one), one.partRoot, one.segmentCount);
            vm.assertEq(header.count, one.count);
            vm.assertEq(header.author, uint8(one.record[2]));
            steps += one.recordPath.length + one.batchPath.length + one.rowPath.length;
        }
        vm.assertTrue(steps > 0, "some of the paths are not empty");
    }

    function test_nothing_else_than_what_is_there_is_proved() public {
        Proof[] memory proofs = readProofs();
        for (uint256 i = 0; i < proofs.length; i++) {
            Proof memory one = proofs[i];
            RecordPlace memory place = placeOf(one);
            place.record = changed(one.record, 63, 1);
            refuses(place, one, "recordsRoot");
            place.record = changed(one.record, 2, 1);
            refuses(place, one, "author");
            place.record = first(one.record, 63);
            refuses(place, one, "record");
            place = placeOf(one);
            place.recordIndex = one.count;
            refuses(place, one, "recordsRoot");
            place = placeOf(one);
            place.recordPath = longer(one.recordPath);
            refuses(place, one, "recordsRoot");
            place = placeOf(one);
            place.batchIndex = one.batches;
            refuses(place, one, "segmentRoot");
            place = placeOf(one);
            place.batchPath = longer(one.batchPath);
            refuses(place, one, "segmentRoot");
            place = placeOf(one);
            place.header = changed(one.header, 100, 1);
            refuses(place, one, "partRoot");
            place = placeOf(one);
            place.sealedDigest = ~one.sealedDigest;
            refuses(place, one, "partRoot");
            place = placeOf(one);
            place.segmentIndex = one.segmentCount;
            refuses(place, one, "partRoot");
            place = placeOf(one);
            place.rowPath = longer(one.rowPath);
            refuses(place, one, "partRoot");
            place = placeOf(one);
            refusesAt(place, ~one.partRoot, one.segmentCount, "partRoot");
            place.header = first(one.header, 191);
            vm.expectRevert(abi.encodeWithSelector(RecordProof.BatchHeaderMalformed.selector, "length"));
            probe.check(place, one.partRoot, one.segmentCount);
        }
    }

    // ── trees ──

    function test_roots_over_all_leaves_are_those_of_the_vectors() public view {
        bytes32[] memory roots = vm.parseJsonBytes32Array(read("merkle"), ".roots");
        vm.assertTrue(roots.length > 2, "there are trees");
        for (uint256 n = 0; n < roots.length; n++) {
            bytes32[] memory leaves = new bytes32[](n);
            for (uint256 i = 0; i < n; i++) {
                leaves[i] = sha256(abi.encodePacked(uint32(i)));
            }
            vm.assertEq(MerkleRoot.over(leaves), roots[n]);
            for (uint256 i = 0; i < n; i++) {
                vm.assertEq(leaves[i], sha256(abi.encodePacked(uint32(i))), "leaves stay as they are");
            }
        }
    }

    function test_paths_lead_to_the_roots_of_the_vectors_and_no_others_do() public view {
        string memory json = read("merkle");
        bytes32[] memory roots = vm.parseJsonBytes32Array(json, ".roots");
        for (uint256 i = 0; i < 11; i++) {
            bytes32[] memory path = vm.parseJsonBytes32Array(json, item(".paths11", i));
            leadsTo(sha256(abi.encodePacked(uint32(i))), i, 11, path, roots[11]);
        }
    }

    /// A block's key is known by its commitment, and that by its path under the terms' keysRoot.
    function test_the_key_of_a_block_leads_to_the_root_of_all_keys() public view {
        string memory json = read("parts");
        bytes32 commitment = keccak256(bytes.concat("papyrus key", vm.parseJsonBytes(json, ".blockKey")));
        vm.assertEq(commitment, vm.parseJsonBytes32(json, ".keyCommitment"));
        uint256 index = vm.parseJsonUint(json, ".blockNumber");
        uint256 count = vm.parseJsonUint(json, ".blocksMax");
        bytes32[] memory path = vm.parseJsonBytes32Array(json, ".keyPath");
        leadsTo(commitment, index, count, path, vm.parseJsonBytes32(json, ".keysRoot"));
    }

    function test_an_entry_of_the_settlement_tree_hashes_its_content_and_its_amounts() public pure {
        uint64[] memory amounts = new uint64[](5);
        for (uint64 i = 0; i < 5; i++) {
            amounts[i] = i + 1;
        }
        bytes32[] memory words = SettlementTree.wordsOf(amounts);
        bytes32 low = hex"0000000000000001000000000000000200000000000000030000000000000004";
        bytes32 high = hex"0000000000000005000000000000000000000000000000000000000000000000";
        vm.assertEq(abi.encodePacked(words), abi.encodePacked(low, high));
        bytes32 content = SettlementTree.groupContent("an impression", 2, keccak256("records"));
        bytes memory row = abi.encodePacked(
            bytes16("an impression"), hex"00000000000000020000000000000000", keccak256("records")
        );
        vm.assertEq(content, sha256(row));
        bytes32 digest = sha256(abi.encodePacked(low, high));
        vm.assertEq(SettlementTree.entryOf(content, words), sha256(abi.encodePacked(content, digest)));
        content = SettlementTree.pairContent(low, high);
        vm.assertEq(content, digest);
    }

    /// And does not, of another leaf, at another place or by a longer path.
    function leadsTo(bytes32 leaf, uint256 index, uint256 count, bytes32[] memory path, bytes32 root)
        private
        view
    {
        (bytes32 found, bool isWhole) = probe.rootOf(leaf, index, count, path);
        vm.assertTrue(isWhole, "a whole path");
        vm.assertEq(found, root);
        (found,) = probe.rootOf(~leaf, index, count, path);
        vm.assertTrue(found != root, "another leaf");
        (found, isWhole) = probe.rootOf(leaf, index ^ 1, count, path);
        vm.assertTrue(!isWhole || found != root, "another place");
        (, isWhole) = probe.rootOf(leaf, index, count, longer(path));
        vm.assertFalse(isWhole, "a longer path");
        (, isWhole) = probe.rootOf(leaf, count, count, path);
        vm.assertFalse(isWhole, "no such place");
    }

    // ── reading ──

    function readProofs() private view returns (Proof[] memory) {
        return abi.decode(vm.parseJsonTypeArray(read("parts"), ".proofs", PLACE_TYPE), (Proof[]));
    }

    function placeOf(Proof memory one) private pure returns (RecordPlace memory) {
        return RecordPlace({
            record: one.record,
            recordIndex: one.recordIndex,
            recordPath: one.recordPath,
            header: one.header,
            batchIndex: one.batchIndex,
            batches: one.batches,
            batchPath: one.batchPath,
            sealedDigest: one.sealedDigest,
            segmentIndex: one.segmentIndex,
            rowPath: one.rowPath
        });
    }

    function refusesHeader(bytes memory header, string memory field) private {
        vm.expectRevert(abi.encodeWithSelector(RecordProof.BatchHeaderMalformed.selector, field));
        probe.headerOf(header);
    }

    function refuses(RecordPlace memory place, Proof memory one, string memory step) private {
        refusesAt(place, one.partRoot, one.segmentCount, step);
    }

    function refusesAt(RecordPlace memory place, bytes32 partRoot, uint256 segmentCount, string memory step)
        private
    {
        vm.expectRevert(abi.encodeWithSelector(RecordProof.RecordPlaceRefused.selector, step));
        probe.check(place, partRoot, segmentCount);
    }

    function changed(bytes memory data, uint256 index, uint8 flips)
        private
        pure
        returns (bytes memory other)
    {
        other = bytes.concat(data);
        other[index] = bytes1(uint8(other[index]) ^ flips);
    }

    function withCount(bytes memory header, uint32 count) private pure returns (bytes memory other) {
        other = bytes.concat(header);
        for (uint256 i = 0; i < 4; i++) {
            other[24 + i] = bytes1(uint8(count >> (8 * i)));
        }
    }

    function longer(bytes32[] memory path) private pure returns (bytes32[] memory more) {
        more = new bytes32[](path.length + 1);
        for (uint256 i = 0; i < path.length; i++) {
            more[i] = path[i];
        }
    }
}

/// Lets a test call the libraries as a contract would.
contract ProofProbe {
    function check(RecordPlace calldata place, bytes32 partRoot, uint256 segmentCount)
        external
        pure
        returns (BatchHeader memory)
    {
        return RecordProof.check(place, partRoot, segmentCount);
    }

    function rootOf(bytes32 leaf, uint256 index, uint256 count, bytes32[] calldata path)
        external
        pure
        returns (bytes32 root, bool isWhole)
    {
        return MerklePath.rootOf(leaf, index, count, path);
    }

    function headerOf(bytes calldata header) external pure returns (BatchHeader memory) {
        return RecordProof.headerOf(header);
    }

    function signatureIn(bytes calldata header) external pure returns (bytes memory) {
        return RecordProof.signatureIn(header);
    }

    function faultOf(uint8[] calldata roles, uint64 priceNanoMax, bytes calldata record)
        external
        pure
        returns (string memory)
    {
        (uint256 sellers, uint256 auditors) = ImpressionRecord.sidesOf(roles);
        (bytes32 head, bytes32 tail) = ImpressionRecord.wordsAt(record, 0);
        return ImpressionRecord.fault(sellers, auditors, priceNanoMax, head, tail);
    }

    function hashOf(bytes calldata record) external pure returns (bytes32) {
        (bytes32 head, bytes32 tail) = ImpressionRecord.wordsAt(record, 0);
        return ImpressionRecord.hashOf(head, tail);
    }

    /// Kind, author, counterparty; the key; the price; whether test, viewable, invalid traffic.
    function fieldsOf(bytes calldata record)
        external
        pure
        returns (uint8[3] memory small, bytes16 key, uint64 price, bool[3] memory flags)
    {
        (bytes32 head, bytes32 tail) = ImpressionRecord.wordsAt(record, 0);
        small[0] = ImpressionRecord.kindOf(head);
        small[1] = ImpressionRecord.authorOf(head);
        small[2] = ImpressionRecord.counterpartyOf(head);
        key = ImpressionRecord.impressionKeyOf(head);
        price = ImpressionRecord.priceNanoOf(tail);
        flags[0] = ImpressionRecord.isTest(head);
        flags[1] = ImpressionRecord.isViewable(head);
        flags[2] = ImpressionRecord.isInvalidTraffic(head);
    }
}
