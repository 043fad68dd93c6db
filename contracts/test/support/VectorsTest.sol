// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Test} from "./Test.sol";

/// Reads vectors: the golden ones of test/vectors/protocol, or others of the same shape that
/// `npm run test:vectors -- DIR` names in PAPYRUS_VECTORS.
abstract contract VectorsTest is Test {
    function read(string memory name) internal view returns (string memory) {
        string memory golden = string.concat(vm.projectRoot(), "/../test/vectors/protocol");
        return vm.readFile(string.concat(vm.envOr("PAPYRUS_VECTORS", golden), "/", name, ".json"));
    }

    function item(string memory list, uint256 index) internal pure returns (string memory) {
        return string.concat(list, "[", vm.toString(index), "]");
    }

    /// How many items of the list have the field; a list of vectors is never empty.
    function countOf(string memory json, string memory list, string memory field)
        internal
        view
        returns (uint256 count)
    {
        while (vm.keyExistsJson(json, string.concat(item(list, count), field))) count++;
        vm.assertTrue(count > 0, list);
    }

    function rolesIn(string memory json, string memory key) internal pure returns (uint8[] memory roles) {
        uint256[] memory numbers = vm.parseJsonUintArray(json, key);
        roles = new uint8[](numbers.length);
        for (uint256 i = 0; i < numbers.length; i++) {
            roles[i] = uint8(numbers[i]);
        }
    }

    /// The EIP-712 domain that the file's signatures are for, on another chain if need be.
    function separatorIn(string memory json, uint256 chainId) internal pure returns (bytes32) {
        bytes32 domainType =
            keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
        address place = vm.parseJsonAddress(json, ".domain.verifyingContract");
        return keccak256(abi.encode(domainType, keccak256("Papyrus"), keccak256("1"), chainId, place));
    }

    function chainIdIn(string memory json) internal pure returns (uint256) {
        return vm.parseJsonUint(json, ".domain.chainId");
    }

    function first(bytes memory data, uint256 count) internal pure returns (bytes memory cut) {
        cut = new bytes(count);
        for (uint256 i = 0; i < count; i++) {
            cut[i] = data[i];
        }
    }
}
