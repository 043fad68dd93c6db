// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITermsSource, TermsCode} from "../../src/channels/TermsCode.sol";
import {ChannelTerms} from "../../src/interfaces/ChannelTypes.sol";
import {Organisations} from "../support/Organisations.sol";

/// Terms as code, at an address that follows from Channels and channelId alone.
contract TermsCodeTest is Organisations {
    bytes private constant CREATION = hex"63dfb429f75f525f5f6004601c335afa3d5f5f3e3d5ff3";

    function test_the_creation_code_asks_for_the_terms_being_stored() public pure {
        bytes4 selector;
        bytes memory creation = CREATION;
        assembly ("memory-safe") {
            selector := mload(add(creation, 0x21))
        }
        vm.assertEq(bytes32(selector), bytes32(ITermsSource.termsBeingStored.selector));
    }

    function testFuzz_the_place_follows_from_the_channel_alone(address by, bytes32 channelId) public pure {
        bytes32 hash = keccak256(abi.encodePacked(hex"ff", by, channelId, keccak256(CREATION)));
        vm.assertEq(TermsCode.placeOf(by, channelId), address(uint160(uint256(hash))));
    }

    function test_a_place_has_no_code_until_the_channel_opens_and_what_was_signed_from_then_on() public {
        ChannelTerms memory terms = termsFor(3);
        address place = TermsCode.placeOf(address(channels), channels.channelIdOf(terms));
        vm.assertEq(place.code.length, 0);
        vm.assertEq(TermsCode.hot(place).participants.length, 0);
        open(terms);
        vm.assertEq(place.code, abi.encode(terms, joined(boxesFor(3))));
        // Whoever calls it runs into STOP.
        (bool isDone, bytes memory answer) = place.call(hex"01020304");
        vm.assertTrue(isDone, "stops");
        vm.assertEq(answer, "");
    }

    function test_what_was_being_stored_is_forgotten_with_the_opening() public {
        vm.assertEq(asked(), "");
        open(termsFor(2));
        vm.assertEq(asked(), "");
    }

    function testFuzz_each_field_is_read_back(ChannelTerms memory terms, uint256 count) public {
        count = bound(count, 2, 16);
        ChannelTerms memory sized = termsFor(count);
        (terms.participants, terms.roles) = (sized.participants, sized.roles);
        terms.blockMaxNano = sized.blockMaxNano;
        CodeProbe probe = new CodeProbe();
        address place = probe.store(bytes32(count), terms, joined(boxesFor(count)));
        vm.assertEq(place, TermsCode.placeOf(address(probe), bytes32(count)));
        (ChannelTerms memory read, bytes[] memory boxes) = TermsCode.whole(place);
        vm.assertEq(abi.encode(read), abi.encode(terms));
        vm.assertEq(abi.encode(boxes), abi.encode(boxesFor(count)));
        vm.assertEq(abi.encode(TermsCode.rolesOf(place, count)), abi.encode(terms.roles));
        vm.assertEq(abi.encode(TermsCode.blockMaxOf(place, count)), abi.encode(terms.blockMaxNano));
        ChannelTerms memory hot = TermsCode.hot(place);
        (terms.roles, terms.blockMaxNano) = (new uint8[](0), new uint64[](0));
        (terms.reducer, terms.reducerParameters) = ("", "");
        vm.assertEq(abi.encode(hot), abi.encode(terms));
    }

    function test_one_place_is_filled_once() public {
        CodeProbe probe = new CodeProbe();
        ChannelTerms memory terms = termsFor(2);
        probe.store(bytes32(0), terms, "");
        vm.expectRevert(TermsCode.TermsNotStored.selector);
        probe.store(bytes32(0), terms, "");
        probe.store(bytes32(uint256(1)), terms, "");
    }

    function asked() private returns (bytes memory answer) {
        bool isDone;
        (isDone, answer) = address(channels).call(abi.encodeCall(ITermsSource.termsBeingStored, ()));
        vm.assertTrue(isDone, "answers");
    }
}

/// Stores terms as Channels does, whatever they are.
contract CodeProbe is ITermsSource {
    function store(bytes32 channelId, ChannelTerms calldata terms, bytes memory joinedBoxes)
        external
        returns (address)
    {
        return TermsCode.store(channelId, terms, joinedBoxes);
    }

    function termsBeingStored() external view {
        TermsCode.answer();
    }
}
