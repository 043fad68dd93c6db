// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {MerkleRoot} from "../src/lib/MerkleRoot.sol";
import {SettlementTree} from "../src/lib/SettlementTree.sol";
import {RtbImpression1} from "../src/reducers/RtbImpression1.sol";
import {Groups} from "./support/Groups.sol";
import {VectorsTest} from "./support/VectorsTest.sol";

/// The reducer on chain and the hashes of leaves, against impressions that another implementation reduced.
contract ReducerVectorsTest is VectorsTest {
    string private constant TYPE = "Impression(string name,uint256[] roles,Encoded parameters,"
        "bytes[] records,uint256[] amounts,uint256 kept,bytes32 groupRoot,bytes32 leaf)"
        "Encoded(bytes encoded)";

    struct Encoded {
        bytes encoded;
    }

    struct Impression {
        string name;
        uint256[] roles;
        Encoded parameters;
        bytes[] records;
        uint256[] amounts;
        uint256 kept;
        bytes32 groupRoot;
        bytes32 leaf;
    }

    RtbImpression1 private reducer;

    function setUp() public {
        reducer = new RtbImpression1();
    }

    function test_impressions_pay_what_another_implementation_found() public {
        vm.pauseGasMetering();
        Impression[] memory all = readAll();
        vm.assertTrue(all.length > 0, "there are impressions");
        for (uint256 i = 0; i < all.length; i++) {
            this.checkWhatIsPaid(all[i]);
        }
    }

    function test_nothing_that_was_left_out_would_be_kept_and_everything_kept_would() public {
        vm.pauseGasMetering();
        Impression[] memory all = readAll();
        for (uint256 i = 0; i < all.length; i++) {
            this.checkWhatIsKept(all[i]);
        }
    }

    /// Called from outside, so that its memory is given back.
    function checkWhatIsPaid(Impression memory one) external view {
        uint8[] memory roles = rolesOf(one);
        reducer.checkParameters(roles, one.parameters.encoded);
        bytes[] memory kept = Groups.keep(one.records);
        bytes memory records = Groups.joined(kept);
        vm.assertTrue(reducer.isKept(roles, type(uint64).max, records), one.name);
        uint64[] memory amounts = reducer.reduce(roles, one.parameters.encoded, records);
        vm.assertEq(amounts.length, one.amounts.length, one.name);
        for (uint256 k = 0; k < amounts.length; k++) {
            vm.assertEq(amounts[k], one.amounts[k], one.name);
        }
        vm.assertEq(kept.length, one.kept, one.name);
        bytes32 groupRoot = MerkleRoot.over(Groups.hashes(kept));
        vm.assertEq(groupRoot, one.groupRoot, one.name);
        bytes32 content = SettlementTree.groupContent(keyOf(kept[0]), uint64(kept.length), groupRoot);
        vm.assertEq(SettlementTree.entryOf(content, SettlementTree.wordsOf(amounts)), one.leaf, one.name);
    }

    function checkWhatIsKept(Impression memory one) external view {
        uint8[] memory roles = rolesOf(one);
        bytes[] memory kept = Groups.keep(one.records);
        bytes memory joined = Groups.joined(kept);
        for (uint256 k = 0; k < one.records.length; k++) {
            if (uint8(one.records[k][4]) & Groups.TEST != 0) continue;
            vm.assertFalse(reducer.wouldChange(roles, type(uint64).max, joined, one.records[k]), one.name);
        }
        for (uint256 k = 0; k < kept.length; k++) {
            bytes memory others = Groups.joined(Groups.without(kept, k));
            vm.assertTrue(reducer.wouldChange(roles, type(uint64).max, others, kept[k]), one.name);
        }
    }

    function readAll() private view returns (Impression[] memory) {
        return abi.decode(vm.parseJsonTypeArray(read("impressions"), ".cases", TYPE), (Impression[]));
    }

    function rolesOf(Impression memory one) private pure returns (uint8[] memory roles) {
        roles = new uint8[](one.roles.length);
        for (uint256 i = 0; i < roles.length; i++) {
            roles[i] = uint8(one.roles[i]);
        }
    }

    function keyOf(bytes memory record) private pure returns (bytes16 key) {
        assembly ("memory-safe") {
            key := mload(add(record, 0x30))
        }
    }
}
