// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPeg} from "../src/interfaces/IPeg.sol";
import {Peg} from "../src/Peg.sol";
import {TestToken} from "../src/test-token/TestToken.sol";
import {CodeAccount} from "./support/OddTokens.sol";
import {PegFixture} from "./support/PegFixture.sol";

/// Who attests, how many must, and what a Peg is built with.
contract PegAttestersTest is PegFixture {
    TestToken private dollar;

    function setUp() public override {
        super.setUp();
        dollar = tokens[PUBLIC];
    }

    // ── attestations ──

    function test_more_than_half_must_attest_each_once_and_in_order() public {
        introduceOn(BASE);
        Peg peg = on(BASE);
        IPeg.Transfer memory one = transferOf(dollar, 10, bob);
        bytes32 digest = peg.lockDigest(one);
        IPeg.Attestation[] memory list = attest(digest, THRESHOLD - 1);
        vm.expectRevert(abi.encodeWithSelector(IPeg.TooFewAttestations.selector, THRESHOLD - 1, THRESHOLD));
        peg.mint(one, list);
        list = attest(digest, THRESHOLD);
        list[2] = list[1];
        vm.expectRevert(
            abi.encodeWithSelector(IPeg.AttestersNotAscending.selector, list[1].attester, list[1].attester)
        );
        peg.mint(one, list);
        list = attest(digest, THRESHOLD);
        (list[1], list[2]) = (list[2], list[1]);
        vm.expectRevert(
            abi.encodeWithSelector(IPeg.AttestersNotAscending.selector, list[1].attester, list[2].attester)
        );
        peg.mint(one, list);
        vm.expectRevert(abi.encodeWithSelector(IPeg.AttestersNotAscending.selector, address(0), address(0)));
        list[0].attester = address(0);
        peg.mint(one, list);
        // Any of the attesters do, and more than are needed.
        list = attest(digest, ATTESTERS);
        (list[0], list[1], list[2]) = (list[1], list[3], list[4]);
        assembly ("memory-safe") {
            mstore(list, 3)
        }
        peg.mint(one, list);
        one.logIndex = 9;
        peg.mint(one, attest(peg.lockDigest(one), ATTESTERS));
    }

    function test_nobody_else_attests_and_no_attester_for_another() public {
        introduceOn(BASE);
        Peg peg = on(BASE);
        IPeg.Transfer memory one = transferOf(dollar, 10, bob);
        bytes32 digest = peg.lockDigest(one);
        IPeg.Attestation[] memory list = attest(digest, THRESHOLD);
        uint256 stranger = 0x8000;
        while (vm.addr(stranger) < list[1].attester) stranger++;
        list[2] = attestedBy(stranger, digest);
        vm.expectRevert(abi.encodeWithSelector(IPeg.NotAttester.selector, vm.addr(stranger)));
        peg.mint(one, list);
        // A good signature under another attester's name, and no signature at all.
        list = attest(digest, THRESHOLD);
        bytes memory refusal = abi.encodeWithSelector(IPeg.AttestationRefused.selector, list[2].attester);
        bytes memory good = list[2].signature;
        list[2].signature = list[1].signature;
        vm.expectRevert(refusal);
        peg.mint(one, list);
        list[2].signature = "";
        vm.expectRevert(refusal);
        peg.mint(one, list);
        list[2].signature = bytes.concat(good, hex"00");
        vm.expectRevert(refusal);
        peg.mint(one, list);
        list[2].signature = highS(good);
        vm.expectRevert(refusal);
        peg.mint(one, list);
        list[2].signature = good;
        peg.mint(one, list);
    }

    function test_an_attester_with_delegated_code_goes_on_signing_with_its_key() public {
        introduceOn(BASE);
        vm.etch(vm.addr(attesterKeys[0]), address(new CodeAccount()).code);
        mintOn(BASE, transferOf(dollar, 10, bob));
    }

    function test_an_attester_that_is_a_contract_signs_by_its_own_rule() public {
        CodeAccount account = new CodeAccount();
        address[] memory alone = new address[](1);
        alone[0] = address(account);
        vm.chainId(BASE);
        Peg peg = new Peg(PUBLIC, address(pegs[PUBLIC]), alone, 1);
        IPeg.TokenIdentity memory identity = identityOf(dollar);
        IPeg.Attestation[] memory list = new IPeg.Attestation[](1);
        list[0] = IPeg.Attestation(address(account), "yes");
        vm.expectRevert(abi.encodeWithSelector(IPeg.AttestationRefused.selector, address(account)));
        peg.introduce(identity, list);
        account.accept(peg.tokenDigest(identity), "yes");
        peg.introduce(identity, list);
    }

    // ── construction ──

    function test_an_end_knows_another_chain_and_a_peg_there() public {
        address[] memory list = attesterAddresses();
        vm.chainId(BASE);
        vm.expectRevert(abi.encodeWithSelector(IPeg.OtherChainRefused.selector, 0));
        new Peg(0, ann, list, THRESHOLD);
        vm.expectRevert(abi.encodeWithSelector(IPeg.OtherChainRefused.selector, BASE));
        new Peg(BASE, ann, list, THRESHOLD);
        vm.expectRevert(abi.encodeWithSelector(IPeg.OtherPegRefused.selector, address(0)));
        new Peg(PUBLIC, address(0), list, THRESHOLD);
        Peg peg = pegs[BASE];
        vm.assertEq(peg.otherChain(), PUBLIC);
        vm.assertEq(peg.otherPeg(), address(pegs[PUBLIC]));
        vm.assertEq(peg.threshold(), THRESHOLD);
        vm.assertEq(abi.encode(peg.attesters()), abi.encode(list));
        vm.assertTrue(peg.isAttester(list[4]), "attester");
        vm.assertFalse(peg.isAttester(ann), "stranger");
    }

    function test_attesters_are_few_and_ascend_from_above_zero() public {
        vm.chainId(BASE);
        vm.expectRevert(abi.encodeWithSelector(IPeg.AttesterCountOutOfRange.selector, 0, 64));
        new Peg(PUBLIC, ann, new address[](0), 1);
        vm.expectRevert(abi.encodeWithSelector(IPeg.AttesterCountOutOfRange.selector, 65, 64));
        new Peg(PUBLIC, ann, many(65), 33);
        new Peg(PUBLIC, ann, many(64), 33);
        address[] memory list = attesterAddresses();
        list[1] = list[0];
        vm.expectRevert(abi.encodeWithSelector(IPeg.AttestersNotAscending.selector, list[0], list[0]));
        new Peg(PUBLIC, ann, list, THRESHOLD);
        list[0] = address(0);
        vm.expectRevert(abi.encodeWithSelector(IPeg.AttestersNotAscending.selector, address(0), address(0)));
        new Peg(PUBLIC, ann, list, THRESHOLD);
    }

    function testFuzz_the_threshold_is_more_than_half_and_not_more_than_all(
        uint256 count,
        uint256 threshold
    ) public {
        count = bound(count, 1, 64);
        threshold = bound(threshold, 0, count + 2);
        address[] memory list = many(count);
        vm.chainId(BASE);
        if (2 * threshold <= count || threshold > count) {
            vm.expectRevert(
                abi.encodeWithSelector(IPeg.ThresholdOutOfRange.selector, threshold, count / 2 + 1, count)
            );
        }
        new Peg(PUBLIC, ann, list, threshold);
    }

    function many(uint256 count) private pure returns (address[] memory list) {
        list = new address[](count);
        for (uint256 i = 0; i < count; i++) {
            list[i] = address(uint160(0x1000 + i));
        }
    }

    /// The other signature of the same signer, with s in the upper half.
    function highS(bytes memory good) private pure returns (bytes memory) {
        bytes32 r;
        uint256 s;
        assembly ("memory-safe") {
            r := mload(add(good, 0x20))
            s := mload(add(good, 0x40))
        }
        uint256 order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
        return abi.encodePacked(r, order - s, uint8(good[64]) == 27 ? uint8(28) : uint8(27));
    }
}
