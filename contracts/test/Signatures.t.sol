// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Signatures} from "../src/lib/Signatures.sol";
import {CodeAccount} from "./support/OddTokens.sol";
import {Test} from "./support/Test.sol";

contract SignaturesTest is Test {
    uint256 private constant KEY = 0xa11;
    bytes32 private constant DIGEST = keccak256("digest");

    function test_a_signature_is_of_its_signer_and_digest_alone() public view {
        bytes memory signature = signed();
        vm.assertTrue(this.isBy(vm.addr(KEY), DIGEST, signature), "good");
        vm.assertFalse(this.isBy(vm.addr(KEY), ~DIGEST, signature), "another digest");
        vm.assertFalse(this.isBy(vm.addr(KEY + 1), DIGEST, signature), "another account");
    }

    /// Recovery gives the zero address for what is no signature.
    function test_nobody_signs_nothing() public view {
        vm.assertFalse(this.isBy(address(0), DIGEST, ""), "no bytes");
        vm.assertFalse(this.isBy(address(0), DIGEST, new bytes(65)), "zero bytes");
    }

    function test_an_account_with_code_is_asked_only_if_recovery_does_not_give_it() public {
        address account = vm.addr(KEY);
        bytes memory signature = signed();
        vm.etch(account, address(new CodeAccount()).code);
        vm.assertTrue(this.isBy(account, DIGEST, signature), "its key");
        vm.assertFalse(this.isBy(account, DIGEST, "word"), "not accepted yet");
        CodeAccount(payable(account)).accept(DIGEST, "word");
        vm.assertTrue(this.isBy(account, DIGEST, "word"), "its code");
        vm.assertFalse(this.isBy(account, ~DIGEST, "word"), "its code, another digest");
        vm.assertTrue(this.isBy(account, DIGEST, signature), "its key still");
    }

    function isBy(address account, bytes32 digest, bytes calldata signature) external view returns (bool) {
        return Signatures.isBy(account, digest, signature);
    }

    function signed() private pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(KEY, DIGEST);
        return abi.encodePacked(r, s, v);
    }
}
